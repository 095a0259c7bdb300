package blob

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"image/jpeg"
	"io"
	"io/fs"
	"os"
	"path"
	"syscall"

	"golang.org/x/sync/errgroup"

	"nearby/internal/ident"
)

// quality of each copy in the scale of image/jpeg: small ones are looked at
// whole and several at a time, so they are kept light.
var quality = map[Size]int{List: 80, Page: 82, Full: 85}

// keep writes all copies into a new folder and moves it to its place in one
// step, so that a photo is there whole or not at all.
func (s *Store) keep(hash string, full *image.RGBA) (Photo, error) {
	width, height := full.Rect.Dx(), full.Rect.Dy()
	colour := mean(full)
	photo := Photo{
		Hash: hash, Width: width, Height: height,
		Color: fmt.Sprintf("#%02x%02x%02x", colour.R, colour.G, colour.B),
	}
	draft := path.Join(incoming, ident.Random())
	if err := s.write(draft, photo, full); err != nil {
		s.root.RemoveAll(draft)
		return Photo{}, unavailable(err)
	}
	folder, _ := folderOf(hash)
	err := s.root.MkdirAll(path.Dir(folder), 0o700)
	if err == nil {
		err = s.root.Rename(draft, folder)
	}
	if errors.Is(err, fs.ErrExist) || errors.Is(err, syscall.ENOTEMPTY) {
		// Somebody stored the same picture a moment ago.
		s.root.RemoveAll(draft)
		return photo, nil
	}
	if err == nil {
		err = s.sync(path.Dir(folder), ".")
	}
	if err != nil {
		s.root.RemoveAll(draft)
		return Photo{}, unavailable(err)
	}
	return photo, nil
}

// write fills the draft folder and waits until all of it is on the disk.
func (s *Store) write(draft string, photo Photo, full *image.RGBA) error {
	if err := s.root.Mkdir(draft, 0o700); err != nil {
		return err
	}
	names := []string{draft, path.Join(draft, "photo.json")}
	err := s.create(names[1], func(w io.Writer) error { return json.NewEncoder(w).Encode(photo) })
	if err != nil {
		return err
	}
	for size, box := range boxes {
		img := full
		if width, height := box.fit(photo.Width, photo.Height); width != photo.Width || height != photo.Height {
			img = scale(full, width, height)
		}
		name := path.Join(draft, string(size)+".jpg")
		err := s.create(name, func(w io.Writer) error { return jpeg.Encode(w, img, &jpeg.Options{Quality: quality[size]}) })
		if err != nil {
			return err
		}
		names = append(names, name)
	}
	return s.sync(names...)
}

// create writes a file.
func (s *Store) create(name string, fill func(io.Writer) error) error {
	file, err := s.root.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	out := bufio.NewWriter(file)
	return errors.Join(fill(out), out.Flush(), file.Close())
}

// sync waits until files and the entries of folders are on the disk. All are
// asked for at once, so that the disk can write them in one go.
func (s *Store) sync(names ...string) error {
	var all errgroup.Group
	for _, name := range names {
		all.Go(func() error {
			file, err := s.root.Open(name)
			if err != nil {
				return err
			}
			return errors.Join(file.Sync(), file.Close())
		})
	}
	return all.Wait()
}
