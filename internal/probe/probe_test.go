package probe_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"strings"
	"testing"

	"nearby/internal/probe"
	"nearby/internal/probe/probetest"
)

func TestPageAndText(t *testing.T) {
	w := probetest.New(t)
	c := w.Client()
	w.Text("_word.example.org", "one", "two")
	if texts, err := c.TXT(t.Context(), "_word.example.org"); err != nil || strings.Join(texts, " ") != "one two" {
		t.Errorf("texts %q, %v", texts, err)
	}
	if texts, err := c.TXT(t.Context(), "nothing.example.org"); err != nil || len(texts) != 0 {
		t.Errorf("a name without texts: %q, %v", texts, err)
	}
	w.Page("example.org/file", func(to http.ResponseWriter, _ *http.Request) { fmt.Fprint(to, "hello") })
	if text, err := c.Page(t.Context(), "example.org", "/file"); err != nil || text != "hello" {
		t.Errorf("page %q, %v", text, err)
	}
	if _, err := c.Page(t.Context(), "example.org", "/none"); !errors.Is(err, probe.ErrAbsent) {
		t.Errorf("a page that is not there: %v", err)
	}
	w.Page("example.org/long", func(to http.ResponseWriter, _ *http.Request) {
		_, _ = io.Copy(to, io.LimitReader(zeros{}, 1<<20))
	})
	if text, err := c.Page(t.Context(), "example.org", "/long"); err != nil || len(text) != 4<<10 {
		t.Errorf("of a long page %d bytes were read, %v", len(text), err)
	}
	w.Down(true)
	if _, err := c.TXT(t.Context(), "_word.example.org"); err == nil {
		t.Error("a server that fails is not the same as no texts")
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

// Whatever the name resolves to, and wherever a page leads: nothing inside is
// asked.
func TestNothingInsideIsAsked(t *testing.T) {
	w := probetest.New(t)
	c := w.Client()
	for _, at := range []string{"10.0.0.1", "192.168.1.1", "169.254.169.254", "172.16.0.9", "127.0.0.2", "100.64.0.1", "0.0.0.0", "224.0.0.1"} {
		w.Host("inside.example", netip.MustParseAddr(at))
		if _, err := c.Page(t.Context(), "inside.example", "/"); !errors.Is(err, probe.ErrRefused) {
			t.Errorf("%s was asked: %v", at, err)
		}
	}
	// The production client refuses the test's own server.
	strict := w.Options
	strict.Inside = nil
	if _, err := probe.New(strict).Page(t.Context(), "example.org", "/"); !errors.Is(err, probe.ErrRefused) {
		t.Errorf("loopback was asked: %v", err)
	}
	for name, to := range map[string]string{
		"another host":      "https://other.example:" + w.Options.Port + "/",
		"plain http":        "http://leads.example:" + w.Options.Port + "/",
		"another port":      "https://leads.example:1/",
		"the metadata":      "https://169.254.169.254/latest",
		"round in a circle": "https://leads.example:" + w.Options.Port + "/",
	} {
		w.Page("leads.example/", func(answer http.ResponseWriter, r *http.Request) { http.Redirect(answer, r, to, http.StatusFound) })
		if _, err := c.Page(t.Context(), "leads.example", "/"); !errors.Is(err, probe.ErrRefused) {
			t.Errorf("a page that leads to %s: %v", name, err)
		}
	}
	w.Page("www.leads.example/", func(to http.ResponseWriter, _ *http.Request) { fmt.Fprint(to, "here") })
	w.Page("leads.example/", func(to http.ResponseWriter, r *http.Request) {
		http.Redirect(to, r, "https://www.leads.example:"+w.Options.Port+"/", http.StatusFound)
	})
	if text, err := c.Page(t.Context(), "leads.example", "/"); err != nil || text != "here" {
		t.Errorf("a page that leads to its www: %q, %v", text, err)
	}
	for text, want := range map[string]bool{
		"::1": true, "fc00::1": true, "fe80::1": true, "::ffff:10.0.0.1": true, "64:ff9b::a00:1": true, "2002:a00:1::": true, "ff02::1": true, "::": true,
		"198.18.0.1": true, "8.8.8.8": false, "2606:4700::1111": false,
	} {
		if got := probe.Inside(netip.MustParseAddr(text)); got != want {
			t.Errorf("Inside(%s) = %v", text, got)
		}
	}
}
