package web

import (
	"bytes"
	"compress/gzip"
	"mime"
	"net/http"
	"path"
	"strconv"
	"strings"
	"sync/atomic"

	"github.com/andybalholm/brotli"
)

// file is one asset with its compressed forms, which appear once they are made.
type file struct {
	body        []byte
	contentType string
	text        bool
	br, gz      atomic.Pointer[[]byte]
}

// types are the media types of all the files there are, so that nothing
// depends on the tables of the machine.
var types = map[string]string{
	".css":         "text/css; charset=utf-8",
	".js":          "text/javascript; charset=utf-8",
	".svg":         "image/svg+xml",
	".json":        "application/json",
	".webmanifest": "application/manifest+json",
	".woff2":       "font/woff2",
	".avif":        "image/avif",
	".webp":        "image/webp",
	".png":         "image/png",
	".jpg":         "image/jpeg",
}

func newFile(name string, body []byte) *file {
	ext := path.Ext(name)
	contentType := types[ext]
	if contentType == "" {
		contentType = mime.TypeByExtension(ext)
	}
	if contentType == "" {
		contentType = "application/octet-stream"
	}
	text := ext == ".css" || ext == ".js" || ext == ".svg" || ext == ".json" || ext == ".webmanifest"
	return &file{body: body, contentType: contentType, text: text}
}

// compress makes the brotli and gzip forms of all text assets. Until a form is
// ready the plain bytes are served.
func (s *Site) compress() {
	s.mu.RLock()
	files := s.files
	s.mu.RUnlock()
	for _, name := range sortedNames(files) {
		f := files[name]
		if !f.text {
			continue
		}
		var br bytes.Buffer
		level := brotli.BestCompression
		if len(f.body) > 128<<10 {
			level = 9 // a large file takes seconds at 11, to save a tenth
		}
		w := brotli.NewWriterLevel(&br, level)
		w.Write(f.body) //nolint:errcheck // a bytes.Buffer takes every byte
		w.Close()       //nolint:errcheck
		store(&f.br, br.Bytes(), len(f.body))
		var gz bytes.Buffer
		z, _ := gzip.NewWriterLevel(&gz, gzip.BestCompression)
		z.Write(f.body) //nolint:errcheck
		z.Close()       //nolint:errcheck
		store(&f.gz, gz.Bytes(), len(f.body))
	}
}

func store(to *atomic.Pointer[[]byte], packed []byte, plain int) {
	if len(packed) < plain {
		to.Store(&packed)
	}
}

// Assets serves everything below Prefix. The present hash is answered as
// immutable; another one gets the present bytes uncached, so that a page from
// before a restart still finds its style sheet.
func (s *Site) Assets() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			w.Header().Set("Allow", "GET, HEAD")
			http.Error(w, "method not allowed", http.StatusMethodNotAllowed)
			return
		}
		hash, name, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, Prefix), "/")
		if s.dev {
			if err := s.load(); err != nil {
				http.Error(w, err.Error(), http.StatusInternalServerError)
				return
			}
		}
		s.mu.RLock()
		f, current := s.files[name], hash == s.hash && !s.dev
		s.mu.RUnlock()
		if f == nil {
			http.NotFound(w, r)
			return
		}
		f.serve(w, r, current)
	})
}

func (f *file) serve(w http.ResponseWriter, r *http.Request, immutable bool) {
	h := w.Header()
	h.Set("Content-Type", f.contentType)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cache-Control", "no-cache")
	if immutable {
		h.Set("Cache-Control", "public, max-age=31536000, immutable")
	}
	body := f.body
	if f.text {
		h.Set("Vary", "Accept-Encoding")
		accepts := r.Header.Get("Accept-Encoding")
		if packed := f.br.Load(); packed != nil && offers(accepts, "br") {
			h.Set("Content-Encoding", "br")
			body = *packed
		} else if packed := f.gz.Load(); packed != nil && offers(accepts, "gzip") {
			h.Set("Content-Encoding", "gzip")
			body = *packed
		}
	}
	h.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(http.StatusOK)
	if r.Method == http.MethodGet {
		w.Write(body) //nolint:errcheck // the reader went away
	}
}

// offers reports whether an Accept-Encoding value allows a coding (RFC 9110,
// 12.5.3): named, and not with a weight of zero.
func offers(accept, coding string) bool {
	for part := range strings.SplitSeq(accept, ",") {
		name, params, _ := strings.Cut(strings.TrimSpace(part), ";")
		if !strings.EqualFold(strings.TrimSpace(name), coding) {
			continue
		}
		weight := strings.TrimPrefix(strings.TrimSpace(params), "q=")
		q, err := strconv.ParseFloat(weight, 64)
		return weight == "" || (err == nil && q > 0)
	}
	return false
}
