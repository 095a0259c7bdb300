// Package web holds everything a browser is given besides data: templates,
// style sheets, modules, texts and pictures, embedded into the program and
// served under an address that changes whenever one byte of it does.
package web

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"os"
	"path"
	"sort"
	"strings"
	"sync"
)

//go:embed all:templates all:css all:js all:i18n all:img all:vendor VENDOR.json icons.txt
var embedded embed.FS

// Prefix is the path below which Site.Assets serves.
const Prefix = "/assets/"

// Site is one state of the web folder. It is safe for concurrent use.
type Site struct {
	dev bool
	fs  fs.FS

	mu    sync.RWMutex
	files map[string]*file // by name below Prefix/<hash>/
	hash  string
}

// New reads the web folder: the embedded one, or, for development, the one in
// the working directory, which is then read again on every request.
func New(dev bool) (*Site, error) {
	s := &Site{dev: dev, fs: embedded}
	if dev {
		s.fs = os.DirFS("web")
	}
	if err := s.load(); err != nil {
		return nil, err
	}
	if !dev {
		go s.compress()
	}
	return s, nil
}

// FS is the folder itself: templates/ and i18n/ are read from it.
func (s *Site) FS() fs.FS { return s.fs }

// Dev reports whether the folder is read anew on every request.
func (s *Site) Dev() bool { return s.dev }

// URL is the address of an asset ("app.css", "js/app.js", "vendor/icons.svg").
func (s *Site) URL(name string) string {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return Prefix + s.hash + "/" + name
}

// Has reports whether an asset exists. Vendor files are missing until
// scripts/vendor.mjs has installed them; every page works without.
func (s *Site) Has(name string) bool {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.files[name] != nil
}

// Missing names the recorded vendor files that are not installed.
func (s *Site) Missing() []string {
	record, err := Vendor(s.fs)
	if err != nil {
		return []string{"VENDOR.json"}
	}
	var missing []string
	for _, v := range record {
		if !s.Has("vendor/" + v.File) {
			missing = append(missing, v.File)
		}
	}
	return missing
}

// load reads all assets and derives the hash from their names and bytes.
func (s *Site) load() error {
	files := map[string]*file{}
	css, err := joinCSS(s.fs)
	if err != nil {
		return err
	}
	files["app.css"] = newFile("app.css", css)
	for _, dir := range []string{"js", "img", "vendor"} {
		err := fs.WalkDir(s.fs, dir, func(name string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() || strings.HasPrefix(path.Base(name), ".") {
				return err
			}
			body, err := fs.ReadFile(s.fs, name)
			if err != nil {
				return err
			}
			files[name] = newFile(name, body)
			return nil
		})
		if err != nil {
			return fmt.Errorf("web: %w", err)
		}
	}
	sum := sha256.New()
	for _, name := range sortedNames(files) {
		fmt.Fprintf(sum, "%s %d\n", name, len(files[name].body))
		sum.Write(files[name].body)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.files = files
	s.hash = hex.EncodeToString(sum.Sum(nil))[:12]
	return nil
}

// joinCSS makes one style sheet of css/**, in the order of the file names.
func joinCSS(folder fs.FS) ([]byte, error) {
	var names []string
	err := fs.WalkDir(folder, "css", func(name string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() && path.Ext(name) == ".css" {
			names = append(names, name)
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("web: %w", err)
	}
	sort.Strings(names)
	var out bytes.Buffer
	for _, name := range names {
		body, err := fs.ReadFile(folder, name)
		if err != nil {
			return nil, fmt.Errorf("web: %w", err)
		}
		out.Write(body)
		out.WriteByte('\n')
	}
	return out.Bytes(), nil
}

func sortedNames(files map[string]*file) []string {
	names := make([]string, 0, len(files))
	for name := range files {
		names = append(names, name)
	}
	sort.Strings(names)
	return names
}
