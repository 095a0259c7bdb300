package main

import (
	"archive/tar"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"nearby/internal/database"
)

type backupCommand struct {
	Config
	File string `arg:"" help:"Archive to write; it must not exist yet."`
}

func (*backupCommand) Help() string {
	return "Writes the SQLite database, photos and secrets into one archive while the program runs. A PostgreSQL database is backed up with its own tools. Keep the archive safe: it holds the secrets.\n\nExample: nearby backup nearby-2026-11-22.tar.gz"
}

func (c *backupCommand) Run(p *program) error {
	c.fill()
	db, err := database.Open(p.ctx, c.DatabaseURL)
	if err != nil {
		return err
	}
	defer db.Close()
	file, err := os.OpenFile(c.File, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	if err := c.write(p, db, file); err != nil {
		return errors.Join(err, file.Close(), os.Remove(c.File))
	}
	info, err := os.Stat(c.File)
	if err != nil {
		return err
	}
	fmt.Fprintf(p.stdout, "%s: %.1f MiB\n", c.File, float64(info.Size())/(1<<20))
	return nil
}

// write makes the archive: first the database, so that every photo it names
// is already there when the photos are read.
func (c *backupCommand) write(p *program, db *database.DB, file *os.File) error {
	packed := gzip.NewWriter(file)
	archive := tar.NewWriter(packed)
	if db.IsPostgres() {
		fmt.Fprintln(p.stderr, "the PostgreSQL database is not part of this archive: use pg_dump")
	} else {
		dir, err := os.MkdirTemp(c.DataDir, "backup-")
		if err != nil {
			return err
		}
		defer os.RemoveAll(dir)
		copied := filepath.Join(dir, "nearby.db")
		if err := db.CopyTo(p.ctx, copied); err != nil {
			return err
		}
		if err := pack(archive, copied, "nearby.db"); err != nil {
			return err
		}
	}
	err := filepath.WalkDir(c.DataDir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, err := filepath.Rel(c.DataDir, path)
		if err != nil {
			return err
		}
		name = filepath.ToSlash(name)
		if entry.IsDir() {
			if strings.HasPrefix(name, "backup-") || strings.HasSuffix(name, "/incoming") {
				return fs.SkipDir
			}
			return nil
		}
		if !kept(name) || !entry.Type().IsRegular() {
			return nil
		}
		return pack(archive, path, name)
	})
	return errors.Join(err, archive.Close(), packed.Close(), file.Sync(), file.Close())
}

// kept reports whether a file of the data folder belongs into a backup: the
// database comes as a copy of its own, and the sandbox's play money stays.
func kept(name string) bool {
	return strings.HasPrefix(name, "photos/") || strings.HasSuffix(name, ".key") || name == "audit.anchors" || name == "ground.geojson"
}

func pack(archive *tar.Writer, path, name string) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return err
	}
	header := &tar.Header{Name: name, Mode: 0o600, Size: info.Size(), ModTime: info.ModTime(), Format: tar.FormatPAX}
	if err := archive.WriteHeader(header); err != nil {
		return err
	}
	// A file that grew meanwhile is cut where its header says; the anchors do.
	_, err = io.CopyN(archive, file, info.Size())
	return err
}

type restoreCommand struct {
	Config
	File string `arg:"" type:"existingfile" help:"Archive written by nearby backup."`
}

func (*restoreCommand) Help() string {
	return "Puts a backup into a data folder that is empty or not there yet.\n\nExample: nearby restore nearby-2026-11-22.tar.gz --data-dir ./restored"
}

func (c *restoreCommand) Run(p *program) error {
	if entries, err := os.ReadDir(c.DataDir); err == nil && len(entries) > 0 {
		return usageError{fmt.Errorf("%s is not empty: choose another folder with --data-dir", c.DataDir)}
	}
	if err := os.MkdirAll(c.DataDir, 0o700); err != nil {
		return err
	}
	root, err := os.OpenRoot(c.DataDir)
	if err != nil {
		return err
	}
	defer root.Close()
	file, err := os.Open(c.File)
	if err != nil {
		return err
	}
	defer file.Close()
	packed, err := gzip.NewReader(file)
	if err != nil {
		return fmt.Errorf("%s: %w", c.File, err)
	}
	n := 0
	for archive := tar.NewReader(packed); ; n++ {
		header, err := archive.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return fmt.Errorf("%s: %w", c.File, err)
		}
		if err := unpack(root, header, archive); err != nil {
			return fmt.Errorf("%s: %w", header.Name, err)
		}
	}
	fmt.Fprintf(p.stdout, "%d files restored into %s\n", n, c.DataDir)
	return nil
}

// unpack writes one file below root, which no name can leave.
func unpack(root *os.Root, header *tar.Header, content io.Reader) error {
	name := filepath.FromSlash(header.Name)
	if header.Typeflag != tar.TypeReg || (!kept(header.Name) && header.Name != "nearby.db") {
		return errors.New("this does not belong into a backup")
	}
	if err := root.MkdirAll(filepath.Dir(name), 0o700); err != nil {
		return err
	}
	file, err := root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(file, content)
	return errors.Join(err, file.Sync(), file.Close())
}
