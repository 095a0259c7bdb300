package nearby

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

func scheduleOf(key string) Schedule {
	var h hoursOf
	if _, err := fmt.Sscanf(key, "%d-%d", &h.from, &h.to); err != nil {
		panic(err)
	}
	return h
}

func anyHead([]byte) error { return nil }

// TestSaved: an index that was saved, in several parts and with dead rows, answers
// as before, and follows changes.
func TestSaved(t *testing.T) {
	rng := rand.New(rand.NewPCG(71, 72))
	for _, d := range oddPlaces(rng) {
		t.Run(d.name, func(t *testing.T) {
			x, rows := indexOf(rng, d.rows), slices.Clone(d.rows)
			for range min(30, len(rows)/3) { // after which parts of several sizes have dead rows
				i := rng.IntN(len(rows))
				rows[i] = dress(rng, Row{ID: rows[i].ID, Point: rows[i].Point})
				x.Put(rows[i])
				i = rng.IntN(len(rows))
				x.Remove(rows[i].ID)
				rows = slices.Delete(rows, i, i+1)
			}
			x.settle()
			path := filepath.Join(t.TempDir(), "index")
			head := fmt.Appendf(nil, "of %s", d.name)
			if err := x.Save(path, head); err != nil {
				t.Fatal(err)
			}
			saved := New()
			refuse := func(read []byte) error {
				if string(read) == string(head) {
					return errors.New("not today")
				}
				return nil
			}
			if err := saved.Open(path, refuse, scheduleOf); err == nil || saved.Len() > 0 {
				t.Fatalf("a refused file gives %d rows", saved.Len())
			}
			if err := saved.Open(path, anyHead, scheduleOf); err != nil {
				t.Fatal(err)
			}
			for range 50 {
				agree(t, saved, rows, ask(rng, &d))
			}
			for range min(30, len(rows)/3) {
				i := rng.IntN(len(rows))
				rows[i] = dress(rng, Row{ID: rows[i].ID, Point: rows[i].Point})
				saved.Put(rows[i])
				agree(t, saved, rows, ask(rng, &d))
			}
			saved.settle()
			checkShape(t, saved)
		})
	}
}

// TestDamagedFile: no file that is not exactly what was saved becomes an index.
func TestDamagedFile(t *testing.T) {
	rng := rand.New(rand.NewPCG(73, 74))
	d := around(rng, "saved", 300, 3000, anywhere(rng))
	x := indexOf(rng, d.rows)
	path := filepath.Join(t.TempDir(), "index")
	if err := New().Open(path, anyHead, scheduleOf); !errors.Is(err, fs.ErrNotExist) {
		t.Fatalf("no file: %v", err)
	}
	if err := x.Save(path, []byte("head")); err != nil {
		t.Fatal(err)
	}
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	try := func(what string, text []byte) {
		t.Helper()
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := New().Open(path, anyHead, scheduleOf); !errors.Is(err, ErrNotSaved) {
			t.Errorf("%s: %v", what, err)
		}
	}
	for range 300 {
		i, bit := rng.IntN(len(whole)), rng.IntN(8)
		damaged := slices.Clone(whole)
		damaged[i] ^= 1 << bit
		try(fmt.Sprintf("bit %d of byte %d turned", bit, i), damaged)
	}
	for _, n := range []int{0, 1, 7, 8, 16, 24, 32, len(whole) / 2, len(whole) - 8, len(whole) - 1} {
		try(fmt.Sprintf("cut after %d bytes", n), whole[:n])
	}
	try("eight bytes more", append(slices.Clone(whole), make([]byte, 8)...))

	// Cut short before the checksum was made.
	end := len(whole) - 8
	for at := 24; at < end; at += 8 {
		w := saver{to: io.Discard}
		w.bytes(whole[:at])
		try(fmt.Sprintf("%d of %d bytes", at, end), append(slices.Clone(whole[:at]), raw([]uint64{uint64(w.sum)})...))
	}
	if left, _ := filepath.Glob(path + ".*"); len(left) > 0 {
		t.Errorf("%v were left behind", left)
	}
}

// TestFilling: rows that come in order make the index that they make in any
// order; one out of order is refused, and of two with one id one is kept.
func TestFilling(t *testing.T) {
	rng := rand.New(rand.NewPCG(75, 76))
	for _, d := range oddPlaces(rng) {
		f := NewFilling()
		if len(d.rows) == 0 {
			x := indexOf(rng, []Row{{ID: "before", Point: anywhere(rng)}})
			if x.Fill(f); x.Len() != 0 {
				t.Errorf("filled with nothing it holds %d rows", x.Len())
			}
			continue
		}
		built := build(d.rows)
		for i := range uint32(built.len()) {
			row := built.row(i)
			if err := f.Add(&row); err != nil {
				t.Fatal(err)
			}
			if err := f.Add(&row); err == nil {
				t.Fatal("the same row twice was taken")
			}
		}
		first := built.row(0)
		if built.len() > 1 && f.Add(&first) == nil {
			t.Fatal("a row out of order was taken")
		}
		rows := d.rows
		if last := built.row(uint32(built.len() - 1)); first.ID != last.ID && first.Point != last.Point {
			again := dress(rng, Row{ID: first.ID, Point: last.Point}) // it moved while the rows were read
			for again.ID <= last.ID && again.Point == last.Point {
				again.Point.Lat += 1e-4
			}
			if err := f.Add(&again); err != nil {
				t.Logf("%s: %v", d.name, err) // the cell a little north may come before
			}
		}
		x := New()
		x.Fill(f)
		for range 50 {
			agree(t, x, rows, ask(rng, &d))
		}
		if x.Len() != len(rows) {
			t.Errorf("%s: %d rows; want %d", d.name, x.Len(), len(rows))
		}
	}
}
