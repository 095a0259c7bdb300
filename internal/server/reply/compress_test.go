package reply

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/andybalholm/brotli"
)

func TestCompressNeverWithASecret(t *testing.T) {
	body := []byte(strings.Repeat("Harbour Street ", 200))
	for _, test := range []struct{ target, accept, want string }{
		{"/", "gzip, deflate, br, zstd", "br"},
		{"/", "gzip;q=0.5", "gzip"},
		{"/", "br;q=0, gzip", "gzip"},
		{"/", "identity", ""},
		{"/", "", ""},
		{"/o/1?t=secret", "br", ""},
	} {
		r := httptest.NewRequest(http.MethodGet, test.target, nil)
		r.Header.Set("Accept-Encoding", test.accept)
		w := httptest.NewRecorder()
		if err := compress(w, r, 200, body); err != nil {
			t.Fatal(err)
		}
		if got := w.Header().Get("Content-Encoding"); got != test.want {
			t.Errorf("%s with %q: encoded as %q, want %q", test.target, test.accept, got, test.want)
		}
		if test.want != "" && w.Body.Len() > len(body)/4 {
			t.Errorf("%s: %d bytes of %d", test.want, w.Body.Len(), len(body))
		}
	}
}

// TestCompressedPagesStayApart: encoders are used again, and every page is whole
// and its own.
func TestCompressedPagesStayApart(t *testing.T) {
	var all sync.WaitGroup
	for i := range 64 {
		all.Go(func() {
			body := []byte(strings.Repeat("Page "+strconv.Itoa(i)+" of Harbour Street. ", 100+i))
			r := httptest.NewRequest(http.MethodGet, "/", nil)
			r.Header.Set("Accept-Encoding", []string{"br", "gzip"}[i%2])
			w := httptest.NewRecorder()
			if err := compress(w, r, 200, body); err != nil {
				t.Error(err)
				return
			}
			var plain io.Reader = brotli.NewReader(w.Body)
			if i%2 == 1 {
				var err error
				if plain, err = gzip.NewReader(w.Body); err != nil {
					t.Error(err)
					return
				}
			}
			if got, err := io.ReadAll(plain); err != nil || !bytes.Equal(got, body) {
				t.Errorf("page %d: %d bytes, %v; want %d", i, len(got), err, len(body))
			}
		})
	}
	all.Wait()
}

func BenchmarkCompress(b *testing.B) {
	body := []byte(strings.Repeat("<li><a href=\"/b/kiln-quay\">Kiln &amp; Quay</a></li>\n", 800))
	for _, encoding := range []string{"br", "gzip"} {
		b.Run(encoding, func(b *testing.B) {
			r := httptest.NewRequest(http.MethodGet, "/", nil)
			r.Header.Set("Accept-Encoding", encoding)
			b.ReportAllocs()
			for b.Loop() {
				if err := compress(httptest.NewRecorder(), r, 200, body); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
