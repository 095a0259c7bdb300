package reply

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
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
