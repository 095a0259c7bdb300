package places

import (
	"bufio"
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"google.golang.org/protobuf/encoding/protowire"
)

// The limits of the format (https://wiki.openstreetmap.org/wiki/PBF_Format).
const (
	maxBlobHeader = 64 << 10
	maxBlob       = 32 << 20
)

var errPBF = errors.New("not an OpenStreetMap PBF file, or a damaged one")

// eachBlock hands the unpacked blocks of a PBF file to fn. The bytes are fn's
// until it returns.
func eachBlock(r *bufio.Reader, fn func(kind string, block []byte) error) error {
	var size [4]byte
	var blob, block []byte
	for {
		if _, err := io.ReadFull(r, size[:]); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
		n := binary.BigEndian.Uint32(size[:])
		if n > maxBlobHeader {
			return errPBF
		}
		header := make([]byte, n)
		if _, err := io.ReadFull(r, header); err != nil {
			return err
		}
		kind, length, err := blobHeader(header)
		if err != nil {
			return err
		}
		if cap(blob) < length {
			blob = make([]byte, length)
		}
		blob = blob[:length]
		if _, err := io.ReadFull(r, blob); err != nil {
			return err
		}
		if block, err = inflate(blob, block[:0]); err != nil {
			return err
		}
		if err := fn(kind, block); err != nil {
			return err
		}
	}
}

func blobHeader(b []byte) (kind string, length int, err error) {
	err = eachField(b, func(f field) error {
		switch f.number {
		case 1:
			kind = string(f.bytes)
		case 3:
			if f.value > maxBlob {
				return errPBF
			}
			length = int(f.value)
		}
		return nil
	})
	return kind, length, err
}

// inflate unpacks a blob into out.
func inflate(blob, out []byte) ([]byte, error) {
	var raw, packed []byte
	other := false
	err := eachField(blob, func(f field) error {
		switch f.number {
		case 1:
			raw = f.bytes
		case 3:
			packed = f.bytes
		case 4, 5, 6, 7:
			other = true
		}
		return nil
	})
	switch {
	case err != nil:
		return nil, err
	case packed == nil && raw == nil && other:
		return nil, errors.New("the blocks are packed in another way than zlib")
	case packed == nil:
		return append(out, raw...), nil
	}
	z, err := zlib.NewReader(bytes.NewReader(packed))
	if err != nil {
		return nil, err
	}
	buf := bytes.NewBuffer(out)
	n, err := io.Copy(buf, io.LimitReader(z, maxBlob+1))
	if err == nil && n > maxBlob {
		err = errPBF
	}
	return buf.Bytes(), err
}

// field is one field of a protobuf message: value for numbers, bytes for the
// rest.
type field struct {
	number protowire.Number
	value  uint64
	bytes  []byte
}

func eachField(b []byte, fn func(field) error) error {
	for len(b) > 0 {
		number, kind, n := protowire.ConsumeTag(b)
		if n < 0 {
			return errPBF
		}
		b = b[n:]
		f := field{number: number}
		switch kind {
		case protowire.VarintType:
			f.value, n = protowire.ConsumeVarint(b)
		case protowire.BytesType:
			f.bytes, n = protowire.ConsumeBytes(b)
		default:
			n = protowire.ConsumeFieldValue(number, kind, b)
		}
		if n < 0 {
			return errPBF
		}
		b = b[n:]
		if err := fn(f); err != nil {
			return err
		}
	}
	return nil
}

// varints walks through packed numbers.
type varints []byte

func (v *varints) next() (uint64, bool) {
	n, size := protowire.ConsumeVarint(*v)
	if size <= 0 {
		return 0, false
	}
	*v = (*v)[size:]
	return n, true
}

// delta is the next of signed numbers that are written as differences.
func (v *varints) delta(before int64) (int64, bool) {
	n, ok := v.next()
	return before + protowire.DecodeZigZag(n), ok
}

// checkHeader refuses files that need more of a reader than this one knows.
func checkHeader(block []byte) error {
	return eachField(block, func(f field) error {
		if f.number != 4 {
			return nil
		}
		switch feature := string(f.bytes); feature {
		case "OsmSchema-V0.6", "DenseNodes", "LocationsOnWays":
			return nil
		default:
			return fmt.Errorf("the file needs %q, which is not supported", feature)
		}
	})
}

// block is a PrimitiveBlock: elements with their texts in one table.
type block struct {
	texts                [][]byte
	groups               [][]byte
	granularity          int64
	latOffset, lonOffset int64
}

func newBlock(b []byte) (*block, error) {
	k := &block{granularity: 100}
	err := eachField(b, func(f field) error {
		switch f.number {
		case 1:
			return eachField(f.bytes, func(s field) error {
				if s.number == 1 {
					k.texts = append(k.texts, s.bytes)
				}
				return nil
			})
		case 2:
			k.groups = append(k.groups, f.bytes)
		case 17:
			k.granularity = int64(f.value)
		case 19:
			k.latOffset = int64(f.value)
		case 20:
			k.lonOffset = int64(f.value)
		}
		return nil
	})
	return k, err
}

func (k *block) point(lat, lon int64) (float64, float64) {
	return 1e-9 * float64(k.latOffset+k.granularity*lat), 1e-9 * float64(k.lonOffset+k.granularity*lon)
}

func (k *block) text(i uint64) (string, error) {
	if i >= uint64(len(k.texts)) {
		return "", errPBF
	}
	return string(k.texts[i]), nil
}

// tags pairs up keys and values; nil when there is nothing that makes a
// business.
func (k *block) tags(keys, values varints) (map[string]string, error) {
	var tags map[string]string
	for {
		key, ok := keys.next()
		value, ok2 := values.next()
		if ok != ok2 {
			return nil, errPBF
		}
		if !ok {
			return business(tags), nil
		}
		if err := k.tag(&tags, key, value); err != nil {
			return nil, err
		}
	}
}

func (k *block) tag(tags *map[string]string, key, value uint64) error {
	name, err := k.text(key)
	if err != nil {
		return err
	}
	text, err := k.text(value)
	if err != nil {
		return err
	}
	if *tags == nil {
		*tags = map[string]string{}
	}
	(*tags)[name] = text
	return nil
}

// business gives back tags that have a name and a kind, else nil.
func business(tags map[string]string) map[string]string {
	if tags["name"] == "" || len(kindsOf(tags)) == 0 {
		return nil
	}
	return tags
}

// element is a node or way that is a business, or a node that is looked for.
type element struct {
	id       int64
	lat, lng float64
	tags     map[string]string
	refs     []int64    // of a way: its nodes
	at       []position // and where they are, if the file says so
}
