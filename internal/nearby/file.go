package nearby

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"syscall"
	"unsafe"

	"nearby/internal/geo"
)

// An index in a file is its parts as they stand in memory, column by column, so
// that reading it back computes nothing. Another machine, or a program whose
// parts look otherwise, cannot read it and does not need to: the file saves
// time, and what it says is in the database, too.
//
//	mark       8 bytes, with the version of this form
//	stamp      8 bytes: byte order and the sizes of what stands in columns
//	head       a column: whatever the keeper of the file wants to know again
//	parts      8 bytes: how many
//	each part  its columns, and one that says which rows are dead
//	checksum   8 bytes: CRC-32C of all before
//
// A column is the number of its elements in 8 bytes, and the elements, filled up
// to a multiple of 8 bytes.

const fileMark = "nearby\x00\x01"

// ErrNotSaved is the answer of Index.Open to a file that is damaged, cut short, or
// not one of this program's.
var ErrNotSaved = errors.New("not a saved index")

// stamp differs between programs that cannot read each other's columns.
func stamp() uint64 {
	var s uint64
	for _, size := range []uintptr{
		unsafe.Sizeof(node{}), unsafe.Sizeof(sum{}), unsafe.Sizeof(card{}), unsafe.Sizeof(vector{}), unsafe.Offsetof(node{}.categories), leafRows, sheetRows,
	} {
		s = s*1_000_003 + uint64(size)
	}
	return s // in another byte order it reads as another number
}

// Save writes the index as it is now to a file, with a head of the caller's. The
// file is there whole or not at all. It does not wait for changes, nor they for
// it.
func (x *Index) Save(path string, head []byte) (err error) {
	parts := x.now.Load().parts
	// One name for the unfinished file: what a crash leaves is written over.
	f, err := os.OpenFile(path+".new", os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, f.Close(), os.Remove(f.Name()))
		}
	}()
	w := saver{to: f}
	w.bytes([]byte(fileMark))
	w.number(stamp())
	save(&w, head)
	w.number(uint64(len(parts)))
	for _, l := range parts {
		w.part(l)
	}
	w.number(uint64(w.sum))
	if w.err != nil {
		return w.err
	}
	if err := f.Sync(); err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}

// saver writes columns, and remembers the first error and the checksum.
type saver struct {
	to  io.Writer
	sum uint32
	err error
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

func (w *saver) bytes(b []byte) {
	if w.err != nil {
		return
	}
	w.sum = crc32.Update(w.sum, castagnoli, b)
	_, w.err = w.to.Write(b)
}

func (w *saver) number(n uint64) { w.bytes(binary.NativeEndian.AppendUint64(nil, n)) }

// raw is the memory of a column whose elements hold no pointers.
func raw[T any](column []T) []byte {
	var element T
	return unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(column))), len(column)*int(unsafe.Sizeof(element))) //nolint:gosec // just the column's memory
}

func save[T any](w *saver, column []T) {
	b := raw(column)
	w.number(uint64(len(column)))
	w.bytes(b)
	w.bytes(make([]byte, -len(b)&7))
}

func (w *saver) texts(t texts) {
	save(w, []byte(t.all))
	save(w, t.ends)
}

func (w *saver) lists(l lists) {
	save(w, l.all)
	save(w, l.ends)
}

func (w *saver) numbers(c numbers) {
	save(w, c.short)
	save(w, c.long)
}

func (w *saver) part(l live) {
	p := l.part
	save(w, p.cells)
	save(w, p.at)
	save(w, p.categories)
	save(w, p.flags)
	save(w, p.verified)
	w.numbers(p.schedules)
	w.numbers(p.reaches)
	save(w, []uint32{p.farthest})
	save(w, p.cards.all)
	save(w, p.cards.points)
	w.texts(textsOf(p.cards.texts))
	save(w, p.notes.ends)
	for _, sheet := range p.notes.sheets {
		save(w, []byte(sheet))
	}
	save(w, p.nodes)
	save(w, p.sums)
	keys := make([]string, len(p.timetable)-1)
	for i, s := range p.timetable[1:] {
		keys[i] = s.Key()
	}
	w.texts(textsOf(keys))
	save(w, p.byID)
	w.texts(p.vocabulary)
	w.lists(p.words)
	w.lists(p.byWord)
	w.lists(p.kindWords)
	save(w, p.kinds)
	w.lists(p.byKind)
	save(w, p.kindNodes)
	save(w, p.kindRoots)
	var gone []uint32
	for row := range uint32(p.len()) {
		if l.dead.has(row) {
			gone = append(gone, row)
		}
	}
	save(w, gone)
}

// Open makes what Save wrote all there is in the index. accept is asked first
// whether a file with this head will do; schedule makes a schedule of its key.
// Errors: ErrNotSaved, what accept says, and those of the file system; then the
// index is as it was.
func (x *Index) Open(path string, accept func(head []byte) error, schedule func(key string) Schedule) (err error) {
	all, err := mapped(path)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil { // nothing points into it
			err = errors.Join(err, unmapped(all))
		}
	}()
	end := len(all) - 8
	if end < len(fileMark)+8 || len(all)%8 != 0 || string(all[:len(fileMark)]) != fileMark {
		return fmt.Errorf("%w: it begins otherwise", ErrNotSaved)
	}
	r := loader{rest: all[len(fileMark):end]}
	if r.number() != stamp() {
		return fmt.Errorf("%w: it is another program's", ErrNotSaved)
	}
	if uint64(crc32.Checksum(all[:end], castagnoli)) != binary.NativeEndian.Uint64(all[end:]) {
		return fmt.Errorf("%w: its checksum is wrong", ErrNotSaved)
	}
	if err := accept(load[byte](&r)); err != nil {
		return err
	}
	var parts []live
	for range r.number() {
		if r.short {
			break
		}
		parts = append(parts, r.part(schedule))
	}
	if r.short || len(r.rest) > 0 {
		return fmt.Errorf("%w: its parts are of another length", ErrNotSaved)
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	x.publish(parts)
	return nil
}

// mapped is a file as memory that nobody may write to, in which every column
// stands as it must: what is read of it are the system's own pages, and those
// that nobody asks for need not be there. Reading it into fresh memory took ten
// times as long. Columns point into it, so it stays for as long as the program
// runs. Save never writes to a file that is there, it puts another in its place.
func mapped(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil || info.Size() == 0 {
		return nil, err
	}
	return syscall.Mmap(int(f.Fd()), 0, int(info.Size()), syscall.PROT_READ, syscall.MAP_SHARED)
}

// unmapped gives a file's memory, and the room of one that was replaced
// meanwhile, back.
func unmapped(file []byte) error {
	if len(file) == 0 {
		return nil
	}
	return syscall.Munmap(file)
}

// loader reads columns. They stay where they are.
type loader struct {
	rest  []byte
	short bool // something was cut off
}

func (r *loader) number() uint64 {
	if len(r.rest) < 8 {
		r.short = true
		return 0
	}
	n := binary.NativeEndian.Uint64(r.rest)
	r.rest = r.rest[8:]
	return n
}

func load[T any](r *loader) []T {
	var element T
	n, size := r.number(), uint64(unsafe.Sizeof(element))
	if n > uint64(len(r.rest))/size || (n*size+7)&^7 > uint64(len(r.rest)) {
		r.short = true
	}
	if n == 0 || r.short {
		return nil
	}
	column := unsafe.Slice((*T)(unsafe.Pointer(unsafe.SliceData(r.rest))), n) //nolint:gosec // n elements are there, and every column begins at a multiple of 8 bytes
	r.rest = r.rest[(n*size+7)&^7:]
	return column
}

func (r *loader) text() string {
	b := load[byte](r)
	return unsafe.String(unsafe.SliceData(b), len(b)) //nolint:gosec // nobody writes to what was read
}

func (r *loader) texts() texts     { return texts{r.text(), load[uint32](r)} }
func (r *loader) lists() lists     { return lists{load[uint32](r), load[uint32](r)} }
func (r *loader) numbers() numbers { return numbers{load[uint16](r), load[uint32](r)} }

func (r *loader) part(schedule func(key string) Schedule) live {
	p := &part{
		cells: load[geo.Cell](r), at: load[vector](r), categories: load[uint16](r), flags: load[Flags](r), verified: load[uint32](r),
		schedules: r.numbers(), reaches: r.numbers(),
	}
	if farthest := load[uint32](r); len(farthest) == 1 {
		p.farthest = farthest[0]
	}
	p.cards = cards{all: load[card](r), points: load[geo.Point](r)}
	ids := r.texts()
	p.cards.texts = make([]string, ids.len())
	for i := range p.cards.texts {
		p.cards.texts[i] = ids.of(uint32(i))
	}
	p.notes.ends = load[uint32](r)
	for range (len(p.notes.ends) + sheetRows - 1) / sheetRows {
		p.notes.sheets = append(p.notes.sheets, r.text())
	}
	p.nodes, p.sums = load[node](r), load[sum](r)
	keys := r.texts()
	p.timetable = make([]Schedule, 1+keys.len())
	for i := range uint32(keys.len()) {
		p.timetable[1+i] = schedule(keys.of(i))
	}
	p.byID = load[uint32](r)
	p.vocabulary = r.texts()
	p.words, p.byWord, p.kindWords = r.lists(), r.lists(), r.lists()
	p.kinds, p.byKind = load[uint16](r), r.lists()
	p.kindNodes, p.kindRoots = load[node](r), load[uint32](r)
	p.pairKinds()
	return live{part: p, rows: p.len()}.without(load[uint32](r))
}
