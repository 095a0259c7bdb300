package reply

import (
	"compress/gzip"
	"errors"
	"io"
	"net/http"
	"sync"

	"github.com/andybalholm/brotli"

	"nearby/web"
)

// tooSmall is a body that compression would not make fit into fewer packets.
const tooSmall = 1 << 10

// pageLevel of both codings takes a millisecond or two for a long page.
const pageLevel = 5

// packer writes the compressed form of what it is given to another writer.
type packer interface {
	io.WriteCloser
	Reset(io.Writer)
}

// coding is a content coding with its writers, which are costly to make anew.
type coding struct {
	name    string
	packers sync.Pool
}

// codings in the order of preference.
var codings = []*coding{
	{name: "br", packers: sync.Pool{New: func() any { return brotli.NewWriterLevel(nil, pageLevel) }}},
	{name: "gzip", packers: sync.Pool{New: func() any {
		w, err := gzip.NewWriterLevel(nil, pageLevel)
		if err != nil {
			panic(err) // only for a level that does not exist
		}
		return w
	}}},
}

// send writes a finished body in the best form the reader takes.
func send(w http.ResponseWriter, req *http.Request, status int, body []byte) error {
	if len(body) >= tooSmall {
		for _, c := range codings {
			if web.Offers(req.Header.Get("Accept-Encoding"), c.name) {
				w.Header().Set("Content-Encoding", c.name)
				w.WriteHeader(status)
				return c.write(w, body)
			}
		}
	}
	w.WriteHeader(status)
	_, err := w.Write(body)
	return err
}

func (c *coding) write(w io.Writer, body []byte) error {
	p := c.packers.Get().(packer) //nolint:forcetypeassert // the pool makes nothing else
	defer c.packers.Put(p)
	p.Reset(w)
	_, err := p.Write(body)
	return errors.Join(err, p.Close())
}
