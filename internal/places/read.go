package places

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"
	"sync/atomic"
	"unicode/utf8"

	"nearby/internal/errs"
)

// maxLine is the longest line, feature or record that is read, in bytes.
const maxLine = 1 << 20

// Summary is what Read met.
type Summary struct {
	Format string // "ndjson", "geojson", "geojsonseq", "pbf" or "csv"
	Read   int    // lines, features or elements looked at
	Places int    // handed to fn
	Bad    int    // told to bad
	// Unplaced is how many businesses that are no single node were left out of
	// a PBF, because the input can be read only once (see Read).
	Unplaced int
}

// Read hands every place of a file to fn, in the order of the file. The format
// is found by content, gzip included; name is the file's name and only names
// the source of rows that do not say it themselves. A line that makes no place
// is told to bad (which may be nil) and left out. An error of fn ends the
// reading and is returned as it is; so does the end of ctx.
//
// Memory does not grow with the file, but for one thing: businesses mapped as
// areas in a PBF. Their corners are looked up by reading twice, for which r
// must be an io.ReadSeeker; of other readers they are left out.
func Read(ctx context.Context, r io.Reader, name string, fn func(Place) error, bad func(line int, err error)) (Summary, error) {
	in := &input{ctx: ctx, fn: fn, bad: bad, source: sourceName(name)}
	if seeker, ok := r.(io.ReadSeeker); ok {
		if start, err := seeker.Seek(0, io.SeekCurrent); err == nil {
			in.again = func() (*bufio.Reader, error) {
				if _, err := seeker.Seek(start, io.SeekStart); err != nil {
					return nil, err
				}
				return unpack(seeker)
			}
		}
	}
	buf, err := unpack(r)
	if err != nil {
		return in.sum, err
	}
	read, format, err := recognise(buf)
	if err != nil {
		return in.sum, err
	}
	in.sum.Format = format
	return in.sum, in.finish(read(in, buf))
}

// input is one reading of a file.
type input struct {
	ctx    context.Context
	fn     func(Place) error
	bad    func(int, error)
	source string
	again  func() (*bufio.Reader, error) // from the start, nil where impossible
	sum    Summary
	ended  bool // by fn or ctx
}

func (in *input) finish(err error) error {
	if err == nil || in.ended {
		return err
	}
	var known *errs.Error
	if errors.As(err, &known) {
		return err
	}
	return errs.New(errs.Malformed, "unreadable_file", fmt.Sprintf("The file cannot be read on after line %d.", in.sum.Read)).Because(err)
}

// refuse tells about a line that makes no place.
func (in *input) refuse(line int, err error) {
	in.sum.Bad++
	if in.bad != nil {
		in.bad(line, err)
	}
}

// take checks a place and hands it on. Its error ends the reading.
func (in *input) take(p Place) error {
	if err := in.ctx.Err(); err != nil {
		in.ended = true
		return err
	}
	if err := p.check(); err != nil {
		in.refuse(p.Line, err)
		return nil
	}
	in.sum.Places++
	if err := in.fn(p); err != nil {
		in.ended = true
		return err
	}
	return nil
}

// sourceName is the file's name without folder and endings.
func sourceName(name string) string {
	name = path.Base(strings.ReplaceAll(name, `\`, "/"))
	name, _, _ = strings.Cut(name, ".")
	if name == "" || name == "-" || name == "/" {
		return "import"
	}
	return name
}

// unpack looks through gzip.
func unpack(r io.Reader) (*bufio.Reader, error) {
	buf := bufio.NewReaderSize(r, 1<<16)
	if magic, err := buf.Peek(2); err != nil || magic[0] != 0x1f || magic[1] != 0x8b {
		return buf, nil //nolint:nilerr // too short for gzip; reading it will say what is wrong
	}
	z, err := gzip.NewReader(buf)
	if err != nil {
		return nil, errs.New(errs.Malformed, "unreadable_file", "The file begins like gzip, but is not.").Because(err)
	}
	return bufio.NewReaderSize(z, 1<<16), nil
}

// recognise tells the format by the first bytes.
func recognise(buf *bufio.Reader) (func(*input, *bufio.Reader) error, string, error) {
	head, err := buf.Peek(1 << 12)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, "", errs.New(errs.Malformed, "unreadable_file", "The file cannot be read.").Because(err)
	}
	if len(head) > 16 && head[0] == 0 && bytes.Contains(head[:16], []byte("OSMHeader")) {
		return (*input).readPBF, "pbf", nil
	}
	if mark := []byte("\ufeff"); bytes.HasPrefix(head, mark) {
		if _, err := buf.Discard(len(mark)); err != nil {
			return nil, "", err
		}
		head = head[len(mark):]
	}
	text := bytes.TrimLeft(head, " \t\r\n\x1e")
	first, _, _ := bytes.Cut(text, []byte("\n"))
	switch {
	case len(text) == 0:
		return nil, "", errs.New(errs.Malformed, "empty_file", "The file is empty.")
	case text[0] == '{' && bytes.Contains(text, []byte(`"FeatureCollection"`)):
		return (*input).readCollection, "geojson", nil
	case text[0] == '{' && (bytes.Contains(first, []byte(`"geometry"`)) || bytes.Contains(first, []byte(`"Feature"`))):
		return (*input).readFeatures, "geojsonseq", nil
	case text[0] == '{':
		return (*input).readObjects, "ndjson", nil
	case utf8.Valid(trimRune(first)) && !bytes.ContainsRune(first, 0) && bytes.ContainsAny(first, ",;\t"):
		return (*input).readCSV, "csv", nil
	}
	return nil, "", errs.New(errs.Malformed, "unknown_format",
		"The file is neither NDJSON, GeoJSON, OpenStreetMap PBF nor CSV with a header.")
}

// trimRune drops a rune that the end of b cuts through.
func trimRune(b []byte) []byte {
	for i := 1; i <= utf8.UTFMax && i <= len(b); i++ {
		if c := b[len(b)-i]; utf8.RuneStart(c) {
			if !utf8.FullRune(b[len(b)-i:]) {
				return b[:len(b)-i]
			}
			break
		}
	}
	return b
}

// eachLine calls fn with every line that is not blank. The bytes are fn's
// until it returns.
func (in *input) eachLine(buf *bufio.Reader, fn func(line int, b []byte) error) error {
	var long []byte
	for number := 1; ; number++ {
		line, err := buf.ReadSlice('\n')
		if errors.Is(err, bufio.ErrBufferFull) {
			long = long[:0]
			for errors.Is(err, bufio.ErrBufferFull) {
				if len(long) <= maxLine {
					long = append(long, line...)
				}
				line, err = buf.ReadSlice('\n')
			}
			long = append(long, line...)
			line = long
		}
		if err != nil && !errors.Is(err, io.EOF) {
			return err
		}
		if text := bytes.Trim(line, " \t\r\n\x1e"); len(text) > 0 {
			in.sum.Read++
			switch {
			case len(text) > maxLine:
				in.refuse(number, errLong)
			case !utf8.Valid(text):
				in.refuse(number, errText)
			default:
				if err := fn(number, text); err != nil {
					return err
				}
			}
		}
		if err != nil {
			return nil //nolint:nilerr // the end of the file
		}
	}
}

// Counter counts the bytes that go through a reader, for a progress bar. It
// can be read while the reading goes on, and seeks where its reader can.
type Counter struct {
	R io.Reader
	n atomic.Int64
}

// Bytes is how far the reader is.
func (c *Counter) Bytes() int64 { return c.n.Load() }

// Read counts what it reads.
func (c *Counter) Read(b []byte) (int, error) {
	n, err := c.R.Read(b)
	c.n.Add(int64(n))
	return n, err
}

// Seek goes to where the reader can go, and counts from there.
func (c *Counter) Seek(offset int64, whence int) (int64, error) {
	s, ok := c.R.(io.Seeker)
	if !ok {
		return 0, errors.ErrUnsupported
	}
	at, err := s.Seek(offset, whence)
	if err == nil {
		c.n.Store(at)
	}
	return at, err
}
