package reply

import (
	"compress/gzip"
	"io"
	"net/http"
	"strings"
	"sync"

	"github.com/andybalholm/brotli"
)

// Pages are compressed as they are sent: at this level brotli takes a tenth of a
// millisecond and makes a page a fifth.
const (
	brotliLevel = 4
	gzipLevel   = 5
	worthwhile  = 1 << 10 // bytes below which it saves nothing
)

// compress writes the body in the best encoding that the browser reads. An
// answer whose address holds a secret is sent as it is: the size of a
// compressed page could tell the secret piece by piece to whoever can put
// words into the same page.
func compress(w http.ResponseWriter, req *http.Request, status int, body []byte) error {
	encoding := encodingFor(req)
	if len(body) < worthwhile || req.URL.Query().Has("t") {
		encoding = ""
	}
	pool, packed := encoders[encoding]
	if !packed {
		w.WriteHeader(status)
		_, err := w.Write(body)
		return err
	}
	w.Header().Set("Content-Encoding", encoding)
	w.WriteHeader(status)
	out := pool.Get().(encoder)
	out.Reset(w)
	if _, err := out.Write(body); err != nil {
		return err
	}
	if err := out.Close(); err != nil {
		return err
	}
	pool.Put(out)
	return nil
}

// encoder is a compressor that can be used again.
type encoder interface {
	io.WriteCloser
	Reset(to io.Writer)
}

// encoders are kept from page to page: making one costs more than a small page.
var encoders = map[string]*sync.Pool{
	"br": {New: func() any { return brotli.NewWriterLevel(nil, brotliLevel) }},
	"gzip": {New: func() any {
		w, _ := gzip.NewWriterLevel(nil, gzipLevel) // the level is one of gzip's
		return w
	}},
}

// encodingFor picks br or gzip, "" when the browser takes neither.
func encodingFor(req *http.Request) string {
	best := ""
	for part := range strings.SplitSeq(req.Header.Get("Accept-Encoding"), ",") {
		name, weight, _ := strings.Cut(strings.TrimSpace(part), ";")
		if strings.ReplaceAll(strings.TrimSpace(weight), " ", "") == "q=0" {
			continue
		}
		switch name {
		case "br":
			return "br"
		case "gzip":
			best = "gzip"
		}
	}
	return best
}
