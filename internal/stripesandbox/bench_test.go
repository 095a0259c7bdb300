package stripesandbox

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
)

// BenchmarkPay is a session made and paid, with the state in memory and in a
// file, without network.
func BenchmarkPay(b *testing.B) {
	for name, file := range map[string]string{"memory": "", "file": filepath.Join(b.TempDir(), "s.db")} {
		b.Run(name, func(b *testing.B) {
			s, err := New(Options{Key: testKey, Data: file})
			if err != nil {
				b.Fatal(err)
			}
			defer s.Close()
			call := func(path string, form url.Values) *httptest.ResponseRecorder {
				r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(form.Encode()))
				r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
				r.Header.Set("Authorization", "Bearer "+testKey)
				w := httptest.NewRecorder()
				s.API().ServeHTTP(w, r)
				return w
			}
			for b.Loop() {
				made := call("/v1/checkout/sessions", url.Values{
					"mode": {"payment"}, "success_url": {"http://app.test/"},
					"line_items[0][price_data][currency]": {"eur"}, "line_items[0][price_data][unit_amount]": {"1000"},
					"line_items[0][price_data][product_data][name]": {"Bread"},
				})
				id := decodeJSON(made.Body.Bytes()).(map[string]any)["id"].(string)
				if paid := call("/c/pay/"+id, url.Values{
					"number": {fine}, "exp": {"12/40"}, "cvc": {"123"}, "email": {"ada@example.test"},
				}); paid.Code != http.StatusSeeOther {
					b.Fatal(paid.Code, paid.Body)
				}
			}
		})
	}
}
