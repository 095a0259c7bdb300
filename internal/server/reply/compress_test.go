package reply

import (
	"compress/gzip"
	"io"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/andybalholm/brotli"
)

func TestSendPacksWhatTheReaderTakes(t *testing.T) {
	page := strings.Repeat("<li>Halvorsen Bakery, 240 m</li>\n", 200)
	plain := func(r io.Reader) (io.Reader, error) { return r, nil }
	brotlied := func(r io.Reader) (io.Reader, error) { return brotli.NewReader(r), nil }
	gzipped := func(r io.Reader) (io.Reader, error) { return gzip.NewReader(r) }
	for _, c := range []struct {
		name, accepts, body, coding string
		unpack                      func(io.Reader) (io.Reader, error)
	}{
		{"a browser", "gzip, deflate, br, zstd", page, "br", brotlied},
		{"without brotli", "gzip, br;q=0", page, "gzip", gzipped},
		{"neither", "identity", page, "", plain},
		{"nothing said", "", page, "", plain},
		{"a short answer", "gzip, br", "<p>Saved</p>", "", plain},
	} {
		t.Run(c.name, func(t *testing.T) {
			for range 2 { // the second time with a writer that was used before
				req := httptest.NewRequest("GET", "/", nil)
				req.Header.Set("Accept-Encoding", c.accepts)
				answer := httptest.NewRecorder()
				if err := send(answer, req, 422, []byte(c.body)); err != nil {
					t.Fatal(err)
				}
				if got := answer.Header().Get("Content-Encoding"); got != c.coding || answer.Code != 422 {
					t.Fatalf("coding %q, status %d, want %q, 422", got, answer.Code, c.coding)
				}
				if c.coding != "" && answer.Body.Len()*4 > len(c.body) {
					t.Errorf("%d bytes of %d are left", answer.Body.Len(), len(c.body))
				}
				unpacked, err := c.unpack(answer.Body)
				if err != nil {
					t.Fatal(err)
				}
				if got, err := io.ReadAll(unpacked); err != nil || string(got) != c.body {
					t.Errorf("another body came back: %v", err)
				}
			}
		})
	}
}
