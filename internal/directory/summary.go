package directory

import (
	"encoding/binary"
	"encoding/json"
	"slices"
	"strings"
	"sync"
	"time"

	"nearby/internal/geo"
	"nearby/internal/hours"
	"nearby/internal/nearby"
	"nearby/internal/text"
)

// Summary is what lists show of a business.
type Summary struct {
	ID         string
	Slug       string
	Name       string
	Category   string
	State      State
	Point      geo.Point
	Cell       geo.Cell
	Address    Address
	Hours      hours.Schedule
	PhotoHash  string
	VerifiedAt *time.Time
	Attributes []string
	Pickup     bool
	Delivery   bool
	Orderable  bool
	InStock    bool
}

func summarize(b Business, extra Extra, now time.Time) *Summary {
	return &Summary{
		ID: b.ID, Slug: b.Slug, Name: b.Name, Category: b.Category, State: b.State, Point: b.Point, Cell: b.Cell,
		Address: b.Address, Hours: b.Hours, PhotoHash: b.PhotoHash, VerifiedAt: b.VerifiedAt, Attributes: b.Attributes,
		Pickup: b.Pickup, Delivery: b.Delivery, Orderable: b.Orderable(now), InStock: extra.InStock,
	}
}

// The index carries a summary as the note of its row, which costs less than half
// of the memory of a Summary and gives the collector nothing to follow: the
// cell, a byte of what can be had, the time of the verification in microseconds
// (zero for none), and then texts, each after its length. What the row itself
// holds is not in it again.
const (
	notedPickup = 1 << iota
	notedDelivery
	notedOrderable
	notedInStock
)

// note is the summary as the index carries it.
func (s *Summary) note() string {
	var have byte
	for _, f := range []struct {
		yes bool
		bit byte
	}{{s.Pickup, notedPickup}, {s.Delivery, notedDelivery}, {s.Orderable, notedOrderable}, {s.InStock, notedInStock}} {
		if f.yes {
			have |= f.bit
		}
	}
	var room [256]byte
	b := append(binary.BigEndian.AppendUint64(room[:0], uint64(s.Cell)), have)
	verified := int64(0)
	if s.VerifiedAt != nil {
		verified = s.VerifiedAt.UnixMicro()
	}
	b = binary.AppendVarint(b, verified)
	a := &s.Address
	for _, text := range [...]string{
		s.Slug, s.Name, s.Category, string(s.State), s.PhotoHash, strings.Join(s.Attributes, " "),
		a.Street, a.HouseNumber, a.Unit, a.Postcode, a.District, a.City, a.Region, a.Country,
	} {
		b = append(binary.AppendUvarint(b, uint64(len(text))), text...)
	}
	return string(b)
}

// summaryOf is the summary that the row of a hit carries.
func summaryOf(h *nearby.Hit) Summary {
	r := noteReader(h.Note())
	s := Summary{ID: h.ID.String(), Point: h.Point, Cell: geo.Cell(r.fixed())}
	have := r.byte()
	s.Pickup, s.Delivery, s.Orderable, s.InStock = have&notedPickup != 0, have&notedDelivery != 0, have&notedOrderable != 0, have&notedInStock != 0
	if micro := r.varint(); micro != 0 {
		at := time.UnixMicro(micro).UTC()
		s.VerifiedAt = &at
	}
	s.Slug, s.Name, s.Category, s.State, s.PhotoHash = r.text(), r.text(), r.text(), State(r.text()), r.text()
	s.Attributes = strings.Fields(r.text())
	s.Address = Address{
		Street: r.text(), HouseNumber: r.text(), Unit: r.text(), Postcode: r.text(), District: r.text(), City: r.text(), Region: r.text(), Country: r.text(),
	}
	s.Hours = h.Schedule().(*storedHours).schedule()
	return s
}

// noteReader reads what note wrote. The texts stay where they are.
type noteReader string

func (r *noteReader) fixed() (n uint64) {
	for _, b := range []byte((*r)[:8]) {
		n = n<<8 | uint64(b)
	}
	*r = (*r)[8:]
	return n
}

func (r *noteReader) byte() byte {
	b := (*r)[0]
	*r = (*r)[1:]
	return b
}

func (r *noteReader) uvarint() (n uint64) {
	for shift := 0; ; shift += 7 {
		b := r.byte()
		n |= uint64(b&0x7f) << shift
		if b < 0x80 {
			return n
		}
	}
}

func (r *noteReader) varint() int64 {
	n := r.uvarint()
	return int64(n>>1) ^ -int64(n&1)
}

func (r *noteReader) text() string {
	n := r.uvarint()
	text := (*r)[:n]
	*r = (*r)[n:]
	return string(text)
}

// storedHours are hours as the index carries them: their text, which is read when
// somebody asks. Most never are, and read they take thirty times the memory.
type storedHours struct {
	key  string
	once sync.Once
	read hours.Schedule
}

func (s *storedHours) Key() string { return s.key }

func (s *storedHours) OpenAt(t time.Time) bool { return s.schedule().OpenAt(t) }

func (s *storedHours) schedule() hours.Schedule {
	s.once.Do(func() {
		if err := json.Unmarshal([]byte(s.key), &s.read); err != nil {
			panic(err) // the key of a schedule is its JSON text
		}
	})
	return s.read
}

// matched names what of the business the words were found in. What is in none
// of its own texts was found in a product.
func (s *Summary) matched(terms []nearby.Term) []string {
	terms = slices.DeleteFunc(slices.Clone(terms), func(t nearby.Term) bool { return strings.HasPrefix(t.Text, attributeWord("")) })
	if len(terms) == 0 {
		return nil
	}
	var fields []string
	found := make([]bool, len(terms))
	for _, f := range []struct {
		name  string
		words []string
	}{
		{"name", withLatin(text.Words(s.Name))}, {"category", categoryWords(s.Category)}, {"place", withLatin(text.Words(placeText(s.Address)))},
	} {
		hit := false
		for i, term := range terms {
			if slices.ContainsFunc(f.words, term.Fits) {
				found[i], hit = true, true
			}
		}
		if hit {
			fields = append(fields, f.name)
		}
	}
	if slices.Contains(found, false) {
		fields = append(fields, "product")
	}
	return fields
}

// withLatin is the words, and those of Cyrillic and Greek letters in Latin ones
// too.
func withLatin(words []string) []string {
	for _, word := range words {
		if latin, ok := text.Latin(word); ok {
			words = append(words, latin)
		}
	}
	return words
}

func placeText(a Address) string {
	return strings.Join([]string{a.Street, a.District, a.City}, " ")
}
