// Package blob keeps the pictures of the site: it takes an upload that nobody
// trusts, decodes it, and stores freshly encoded copies without any metadata
// under the hash of what was sent. The upload itself is never kept or served.
package blob

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"path"
	"strings"
	"time"

	"golang.org/x/sync/semaphore"

	"nearby/internal/errs"
	"nearby/internal/ident"
)

// MaxUpload is the largest accepted upload in bytes.
const MaxUpload = 15 << 20

// recipe goes into every hash, so that a change of sizes or quality gives new
// addresses and browsers may keep a picture for ever.
const recipe = "photo 1\n"

// incoming is the folder for what is not complete yet.
const incoming = ".incoming"

// Size names one stored copy of a photo.
type Size string

// The stored copies.
const (
	List Size = "list" // at most 376 × 752 px: cards and lists
	Page Size = "page" // at most 816 × 1632 px: the page of a thing
	Full Size = "full" // at most 1600 × 1600 px: enlarged
)

// Photo describes a stored photo. Width and Height are those of the full copy
// in pixels, Color is its mean colour as "#rrggbb", for the space it will fill.
type Photo struct {
	Hash   string `json:"hash"`
	Width  int    `json:"width"`
	Height int    `json:"height"`
	Color  string `json:"color"`
}

// Store is a folder of photos. It is safe for concurrent use, also by several
// processes.
type Store struct {
	root    *os.Root
	memory  *semaphore.Weighted // bytes that decoders may hold, all together
	workers *semaphore.Weighted
}

// Open opens the store at an address of the form "file:FOLDER" and makes the
// folder if it is missing.
func Open(address string) (*Store, error) {
	folder, ok := strings.CutPrefix(address, "file:")
	if u, err := url.Parse(address); ok && err == nil && strings.HasPrefix(folder, "//") {
		folder = u.Path
	}
	if !ok || folder == "" {
		return nil, errors.New(`the photo address must look like "file:FOLDER"`)
	}
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return nil, err
	}
	root, err := os.OpenRoot(folder)
	if err != nil {
		return nil, err
	}
	s := &Store{root: root, memory: semaphore.NewWeighted(memoryBudget), workers: semaphore.NewWeighted(2)}
	if err := s.sweep(); err != nil {
		root.Close()
		return nil, fmt.Errorf("photos: %w", err)
	}
	return s, nil
}

// sweep removes what a killed process left half-written. An hour leaves other
// processes on the same folder in peace.
func (s *Store) sweep() error {
	if err := s.root.MkdirAll(incoming, 0o700); err != nil {
		return err
	}
	entries, err := fs.ReadDir(s.root.FS(), incoming)
	if err != nil {
		return err
	}
	for _, entry := range entries {
		info, err := entry.Info()
		if err == nil && time.Since(info.ModTime()) > time.Hour {
			if err := s.root.RemoveAll(path.Join(incoming, entry.Name())); err != nil {
				return err
			}
		}
	}
	return nil
}

// Close ends the use of the store.
func (s *Store) Close() error { return s.root.Close() }

// Add reads an upload (JPEG, PNG, GIF or WebP, told by its content) and stores
// its copies. Sending the same content again costs no decoding. Errors:
// TooLarge "photo_too_large" above MaxUpload bytes; Invalid "not_an_image",
// "too_many_pixels", "broken_image"; Malformed "upload_broken" when r fails;
// Unavailable "photos_unavailable" when the disk refuses or ctx ends first.
func (s *Store) Add(ctx context.Context, r io.Reader) (Photo, error) {
	upload, hash, err := s.receive(r)
	if err != nil {
		return Photo{}, err
	}
	defer upload.Close()
	if photo, err := s.Find(hash); err == nil {
		return photo, nil
	}
	pic, err := inspect(upload)
	if err != nil {
		return Photo{}, err
	}
	if err := s.acquire(ctx, pic.cost); err != nil {
		return Photo{}, unavailable(err)
	}
	defer s.release(pic.cost)
	full, err := pic.decode(ctx, upload)
	if err != nil {
		return Photo{}, err
	}
	return s.keep(hash, full)
}

// Find is the description of a stored photo, NotFound for an unknown hash.
func (s *Store) Find(hash string) (Photo, error) {
	folder, ok := folderOf(hash)
	if !ok {
		return Photo{}, errs.Missing("photo")
	}
	text, err := s.root.ReadFile(path.Join(folder, "photo.json"))
	if errors.Is(err, fs.ErrNotExist) {
		return Photo{}, errs.Missing("photo")
	}
	var photo Photo
	if err == nil {
		err = json.Unmarshal(text, &photo)
	}
	if err != nil {
		return Photo{}, unavailable(err)
	}
	return photo, nil
}

// Open opens one copy of a photo, a JPEG file, for reading; the caller closes
// it. NotFound for an unknown hash or size.
func (s *Store) Open(hash string, size Size) (*os.File, error) {
	folder, ok := folderOf(hash)
	if _, known := boxes[size]; !ok || !known {
		return nil, errs.Missing("photo")
	}
	file, err := s.root.Open(path.Join(folder, string(size)+".jpg"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, errs.Missing("photo")
	}
	if err != nil {
		return nil, unavailable(err)
	}
	return file, nil
}

// folderOf is where a photo lives. It refuses anything that is not a hash.
func folderOf(hash string) (string, bool) {
	if len(hash) != 2*sha256.Size || strings.Trim(hash, "0123456789abcdef") != "" {
		return "", false
	}
	return hash[:2] + "/" + hash[2:], true
}

// receive puts the upload into a file without a name, which vanishes with its
// handle, and hashes it on the way.
func (s *Store) receive(r io.Reader) (*os.File, string, error) {
	name := path.Join(incoming, ident.Random())
	file, err := s.root.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600)
	if err != nil {
		return nil, "", unavailable(err)
	}
	if err := s.root.Remove(name); err != nil {
		file.Close()
		return nil, "", unavailable(err)
	}
	source := &remembering{r: r}
	sum := sha256.New()
	sum.Write([]byte(recipe))
	n, err := io.Copy(io.MultiWriter(file, sum), io.LimitReader(source, MaxUpload+1))
	var tooLarge *http.MaxBytesError
	switch {
	case n > MaxUpload, errors.As(err, &tooLarge):
		err = errs.New(errs.TooLarge, "photo_too_large", "This photo is larger than 15 MB.")
	case source.err != nil:
		err = errs.New(errs.Malformed, "upload_broken", "The photo did not arrive whole. Please send it again.").Because(source.err)
	case err != nil:
		err = unavailable(err)
	case n == 0:
		err = notAnImage
	default:
		return file, hex.EncodeToString(sum.Sum(nil)), nil
	}
	file.Close()
	return nil, "", err
}

// remembering tells a failure of the sender from a failure of our disk.
type remembering struct {
	r   io.Reader
	err error
}

func (m *remembering) Read(p []byte) (int, error) {
	n, err := m.r.Read(p)
	if err != nil && err != io.EOF {
		m.err = err
	}
	return n, err
}

func (s *Store) acquire(ctx context.Context, cost int64) error {
	if err := s.workers.Acquire(ctx, 1); err != nil {
		return err
	}
	if err := s.memory.Acquire(ctx, cost); err != nil {
		s.workers.Release(1)
		return err
	}
	return nil
}

func (s *Store) release(cost int64) {
	s.memory.Release(cost)
	s.workers.Release(1)
}

func unavailable(cause error) error {
	e := errs.New(errs.Unavailable, "photos_unavailable", "Photos cannot be stored at the moment. Please try again.")
	e.RetryAfter = 5 * time.Second
	return e.Because(cause)
}
