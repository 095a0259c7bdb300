package demo

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
)

// TestOnlyTheSandboxIsAsked sends nothing to a machine that is not this one.
func TestOnlyTheSandboxIsAsked(t *testing.T) {
	var got url.Values
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := r.ParseForm(); err != nil {
			t.Error(err)
		}
		got = r.PostForm
		http.Redirect(w, r, "http://192.0.2.1/back", http.StatusSeeOther)
	}))
	defer server.Close()
	if err := payOn(t.Context(), server.URL+"/c/pay/cs_1", Person{Name: "Mara", Email: "mara@portmere.example"}); err != nil {
		t.Error(err)
	}
	if got.Get("number") != "4242424242424242" || got.Get("name") != "Mara" || got.Get("email") != "mara@portmere.example" {
		t.Errorf("the form said %v", got)
	}
	for _, page := range []string{"https://checkout.stripe.com/c/pay/cs_1", "http://192.0.2.1/c/pay/cs_1", "http://localhost.example/"} {
		if err := payOn(t.Context(), page, Person{}); err == nil {
			t.Errorf("%s was asked", page)
		}
	}
}

func TestARefusalIsAnError(t *testing.T) {
	server := httptest.NewServer(http.NotFoundHandler())
	defer server.Close()
	if err := payOn(t.Context(), server.URL, Person{}); err == nil {
		t.Error("a page that is not there took the money")
	}
}
