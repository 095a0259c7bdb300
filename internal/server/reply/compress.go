package reply

import (
	"compress/gzip"
	"io"
	"net/http"
	"strings"

	"github.com/andybalholm/brotli"
)

// Pages are compressed as they are sent: at this level brotli takes a
// millisecond or two and makes a page a fifth.
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
	var out io.WriteCloser
	switch encoding {
	case "br":
		out = brotli.NewWriterLevel(w, brotliLevel)
	case "gzip":
		var err error
		if out, err = gzip.NewWriterLevel(w, gzipLevel); err != nil {
			return err
		}
	default:
		w.WriteHeader(status)
		_, err := w.Write(body)
		return err
	}
	w.Header().Set("Content-Encoding", encoding)
	w.WriteHeader(status)
	if _, err := out.Write(body); err != nil {
		return err
	}
	return out.Close()
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
