package web

import (
	"crypto/sha256"
	"encoding/hex"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path"
	"regexp"
	"strings"
	"testing"

	"github.com/andybalholm/brotli"
)

// TestVendor compares the installed files of others with their record.
func TestVendor(t *testing.T) {
	record, err := Vendor(os.DirFS("."))
	if err != nil {
		t.Fatal(err)
	}
	known := map[string]VendorFile{}
	for _, v := range record {
		known[v.File] = v
		if v.Package == "" || v.Version == "" || v.Licence == "" {
			t.Errorf("%s: the record lacks package, version or licence", v.File)
		}
	}
	found := 0
	err = fs.WalkDir(os.DirFS("vendor"), ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || name == ".keep" {
			return err
		}
		found++
		body, err := os.ReadFile(path.Join("vendor", name))
		if err != nil {
			return err
		}
		sum := sha256.Sum256(body)
		switch v, ok := known[name]; {
		case !ok:
			t.Errorf("web/vendor/%s is not in VENDOR.json", name)
		case v.SHA256 != hex.EncodeToString(sum[:]):
			t.Errorf("web/vendor/%s is not the recorded %s %s", name, v.Package, v.Version)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if found == 0 {
		t.Skip("web/vendor is empty: run `node scripts/vendor.mjs` to install and check its files")
	}
	if found != len(record) {
		t.Errorf("%d vendor files, %d recorded", found, len(record))
	}
}

// TestColoursComeFromTokens: a raw colour may stand in the tokens only.
func TestColoursComeFromTokens(t *testing.T) {
	raw := regexp.MustCompile(`oklch\(|oklab\([^i]|rgba?\(|hsla?\(|#[0-9a-fA-F]{3,8}\b`)
	rules := regexp.MustCompile(`!important|@import|(?:^|[\s,}])#[a-zA-Z]`)
	sides := regexp.MustCompile(`(?m)^\s*(?:margin|padding|border)-(?:left|right)\b|^\s*(?:left|right)\s*:|text-align:\s*(?:left|right)`)
	err := fs.WalkDir(os.DirFS("css"), ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || name == "01-tokens.css" {
			return err
		}
		body, err := os.ReadFile(path.Join("css", name))
		if err != nil {
			return err
		}
		for i, line := range strings.Split(string(body), "\n") {
			if raw.MatchString(line) {
				t.Errorf("css/%s:%d: a raw colour: %s", name, i+1, strings.TrimSpace(line))
			}
			if rules.MatchString(line) {
				t.Errorf("css/%s:%d: neither !important nor ids nor imports: %s", name, i+1, strings.TrimSpace(line))
			}
			if sides.MatchString(line) {
				t.Errorf("css/%s:%d: left and right break right-to-left pages: %s", name, i+1, strings.TrimSpace(line))
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestAssets(t *testing.T) {
	s, err := New(false)
	if err != nil {
		t.Fatal(err)
	}
	s.compress() // again, and to the end: New does it in the background
	server := httptest.NewServer(s.Assets())
	defer server.Close()
	get := func(method, url, encoding string) (*http.Response, []byte) {
		t.Helper()
		req, err := http.NewRequest(method, server.URL+url, nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Accept-Encoding", encoding)
		res, err := http.DefaultTransport.RoundTrip(req)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		body, err := io.ReadAll(res.Body)
		if err != nil {
			t.Fatal(err)
		}
		return res, body
	}
	plain, css := get("GET", s.URL("app.css"), "identity")
	if plain.StatusCode != http.StatusOK || plain.Header.Get("Content-Type") != "text/css; charset=utf-8" || !strings.Contains(plain.Header.Get("Cache-Control"), "immutable") {
		t.Errorf("app.css: %d %v", plain.StatusCode, plain.Header)
	}
	packed, br := get("GET", s.URL("app.css"), "gzip, br")
	if packed.Header.Get("Content-Encoding") != "br" || packed.Header.Get("Vary") != "Accept-Encoding" {
		t.Errorf("brotli: %v", packed.Header)
	}
	unpacked, err := io.ReadAll(brotli.NewReader(strings.NewReader(string(br))))
	if err != nil || string(unpacked) != string(css) {
		t.Errorf("the brotli form is another text (%v)", err)
	}
	if len(br) > 20<<10 {
		t.Errorf("app.css is %d bytes compressed, the budget is 20 KB", len(br))
	}
	for name, want := range map[string]string{"br;q=0, gzip": "gzip", "*": "", "": "", "BR": "br", "gzip;q=0.5": "gzip"} {
		if res, _ := get("GET", s.URL("app.css"), name); res.Header.Get("Content-Encoding") != want {
			t.Errorf("Accept-Encoding %q: answered %q, want %q", name, res.Header.Get("Content-Encoding"), want)
		}
	}
	if res, body := get("HEAD", s.URL("js/app.js"), ""); res.StatusCode != http.StatusOK || len(body) != 0 || res.ContentLength <= 0 {
		t.Errorf("HEAD: %d, %d bytes, length %d", res.StatusCode, len(body), res.ContentLength)
	}
	if res, _ := get("GET", Prefix+"000000000000/app.css", ""); res.StatusCode != http.StatusOK || res.Header.Get("Cache-Control") != "no-cache" {
		t.Errorf("an older address: %d %s", res.StatusCode, res.Header.Get("Cache-Control"))
	}
	for _, url := range []string{Prefix, Prefix + "x", s.URL("templates/layout/head.html"), s.URL("../web.go"), s.URL("vendor/.keep"), s.URL("")} {
		if res, _ := get("GET", url, ""); res.StatusCode != http.StatusNotFound {
			t.Errorf("%s: %d, want 404", url, res.StatusCode)
		}
	}
	if res, _ := get("POST", s.URL("app.css"), ""); res.StatusCode != http.StatusMethodNotAllowed {
		t.Errorf("POST: %d, want 405", res.StatusCode)
	}
}

// TestEveryIslandExists: what app.js may load is there, and what the templates
// ask for is known to it.
func TestEveryIslandExists(t *testing.T) {
	app, err := os.ReadFile("js/app.js")
	if err != nil {
		t.Fatal(err)
	}
	known := map[string]bool{}
	for _, match := range regexp.MustCompile(`(\w+): \(\) => import\('\./islands/(\w+)\.js'\)`).FindAllStringSubmatch(string(app), -1) {
		known[match[1]] = true
		if _, err := os.Stat("js/islands/" + match[2] + ".js"); err != nil {
			t.Error(err)
		}
	}
	asked := map[string]bool{}
	err = fs.WalkDir(os.DirFS("templates"), ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		body, err := os.ReadFile(path.Join("templates", name))
		for _, match := range regexp.MustCompile(`data-island="(\w+)"`).FindAllStringSubmatch(string(body), -1) {
			asked[match[1]] = true
			if !known[match[1]] {
				t.Errorf("%s: no island %q", name, match[1])
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for name := range known {
		if !asked[name] {
			t.Errorf("island %q is used nowhere", name)
		}
	}
}
