package nearby

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"hash/fnv"
	"io"
	"math"
	"strings"
)

// ID is an id as it is kept and compared: the sixteen bytes of a UUID in its
// usual form, which every id of the product is, or else a text.
type ID struct {
	uuid [16]byte
	text string // "" for a UUID
}

// aside begins the sixteen bytes of an id that is not kept as a UUID.
const aside = math.MaxUint64

// IDOf reads an id. Only lower-case hexadecimal with four hyphens is a UUID, so
// that the text can be made again.
func IDOf(id string) ID {
	k := ID{text: id}
	if len(id) != 36 || id[8] != '-' || id[13] != '-' || id[18] != '-' || id[23] != '-' {
		return k
	}
	var digits [32]byte
	n := 0
	for i := range len(id) {
		switch c := id[i]; {
		case c >= '0' && c <= '9' || c >= 'a' && c <= 'f':
			if n < len(digits) {
				digits[n] = c
			}
			n++
		case c != '-':
			return k
		}
	}
	if n != len(digits) {
		return k
	}
	var uuid [16]byte
	if _, err := hex.Decode(uuid[:], digits[:]); err != nil || uuid == [16]byte{} || binary.BigEndian.Uint64(uuid[:]) == aside {
		return k
	}
	return ID{uuid: uuid}
}

// hash is the same in every process, because an index is saved with it. That
// nobody can make many ids meet is up to who makes ids.
func (k *ID) hash() uint64 {
	const odd = 0x9e3779b97f4a7c15 // 2⁶⁴ over the golden ratio: Knuth's multiplicative hashing
	if k.text != "" {
		h := fnv.New64a()
		_, _ = io.WriteString(h, k.text) // it cannot fail
		return h.Sum64() * odd
	}
	return (binary.BigEndian.Uint64(k.uuid[:8])*odd ^ binary.BigEndian.Uint64(k.uuid[8:])) * odd
}

// String is the id again.
func (k ID) String() string {
	if k.text != "" || k.uuid == [16]byte{} {
		return k.text
	}
	var b [36]byte
	start := 0
	for i, end := range [...]int{4, 6, 8, 10, 16} {
		hex.Encode(b[2*start+i:], k.uuid[start:end])
		if start = end; i < 4 {
			b[2*start+i] = '-'
		}
	}
	return string(b[:])
}

// compare orders ids as their texts are ordered. Digits come before letters in
// both, so UUIDs compare by their bytes.
func (k *ID) compare(l *ID) int {
	if k.text == "" && l.text == "" {
		return bytes.Compare(k.uuid[:], l.uuid[:])
	}
	return strings.Compare(k.String(), l.String())
}
