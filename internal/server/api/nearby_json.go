package api

import (
	"bytes"
	"encoding/json"
	"math"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode/utf8"
)

// nearbyJSON is what encode would write of a list of n items. No answer is asked
// for more often, and finding its fields by reflection was the largest part of
// its cost (BenchmarkNearby).
func nearbyJSON(w *jsonText, n int, item func(i int) NearbyItem, next *string) ([]byte, error) {
	w.raw(`{"items":[`)
	for i := range n {
		if i > 0 {
			w.raw(",")
		}
		it := item(i)
		it.write(w)
	}
	w.raw("]")
	w.optional(`,"next_cursor":`, next)
	w.raw("}\n")
	return w.text, w.err
}

func (i *NearbyItem) write(w *jsonText) {
	w.string(`{"id":`, i.ID)
	w.string(`,"slug":`, i.Slug)
	w.string(`,"name":`, i.Name)
	w.string(`,"category":`, i.Category)
	w.number(`,"lat":`, i.Lat)
	w.number(`,"lng":`, i.Lng)
	w.string(`,"cell":`, i.Cell)
	w.number(`,"distance_m":`, i.DistanceM)
	w.string(`,"open":{"state":`, i.Open.State)
	w.moment(`,"next_change_at":`, i.Open.NextChangeAt)
	w.string(`,"reason":`, i.Open.Reason)
	w.moment(`},"verified_at":`, i.VerifiedAt)
	w.bool(`,"orderable":`, i.Orderable)
	w.string(`,"url":`, i.URL)
	w.optional(`,"photo_url":`, i.PhotoURL)
	w.raw(`,"matched":`)
	if len(i.Matched) == 0 {
		w.raw("[]")
	} else {
		w.encode(i.Matched)
	}
	w.raw(`,"products":`)
	if len(i.Products) == 0 {
		w.raw("[]")
	} else {
		w.encode(i.Products)
	}
	e := &i.Explain
	w.string(`,"explain":{"ranked_by":`, e.RankedBy)
	w.string(`,"state":`, e.State)
	w.bool(`,"pickup":`, e.Pickup)
	w.bool(`,"delivery":`, e.Delivery)
	w.bool(`,"in_stock":`, e.InStock)
	w.bool(`,"fuzzy":`, e.Fuzzy)
	w.raw("}}")
}

// jsonText is a JSON text that grows. The names handed to its methods carry
// their punctuation.
type jsonText struct {
	text []byte
	err  error // the first
}

// texts are kept for reuse: most of the memory that a search takes is the answer.
var texts = sync.Pool{New: func() any { return new(jsonText) }}

// scratch is a text that is the caller's until the answer is sent.
func (c *caller) scratch() *jsonText {
	if c.text == nil {
		c.text = texts.Get().(*jsonText)
	}
	return c.text
}

// done gives back what was taken for an answer that has been sent.
func (c *caller) done() {
	if c.text != nil {
		*c.text = jsonText{text: c.text.text[:0]}
		texts.Put(c.text)
		c.text = nil
	}
}

func (w *jsonText) raw(s string) { w.text = append(w.text, s...) }

func (w *jsonText) string(name, s string) {
	w.raw(name)
	if !plain(s) {
		w.encode(s)
		return
	}
	w.text = append(append(append(w.text, '"'), s...), '"')
}

// plain reports whether s stands in JSON as it is. The separators U+2028 and
// U+2029, which encoding/json escapes, begin with the byte that is asked for.
func plain(s string) bool {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c == '"' || c == '\\' || c == 0xE2 {
			return false
		}
	}
	return utf8.ValidString(s)
}

func (w *jsonText) optional(name string, s *string) {
	if s == nil {
		w.raw(name)
		w.raw("null")
		return
	}
	w.string(name, *s)
}

func (w *jsonText) bool(name string, yes bool) {
	w.raw(name)
	w.text = strconv.AppendBool(w.text, yes)
}

func (w *jsonText) number(name string, f float64) {
	w.raw(name)
	if size := math.Abs(f); size != 0 && size < 1e-6 || size >= 1e21 || f != f { // with an exponent, or none at all
		w.encode(f)
		return
	}
	w.text = strconv.AppendFloat(w.text, f, 'f', -1, 64)
}

func (w *jsonText) moment(name string, t *time.Time) {
	w.raw(name)
	if t == nil {
		w.raw("null")
		return
	}
	w.text = append(t.AppendFormat(append(w.text, '"'), time.RFC3339Nano), '"')
}

// encode writes v as encoding/json does.
func (w *jsonText) encode(v any) {
	var b bytes.Buffer
	if err := encoder(&b).Encode(v); err != nil && w.err == nil {
		w.err = err
	}
	w.raw(strings.TrimSuffix(b.String(), "\n"))
}

func encoder(to *bytes.Buffer) *json.Encoder {
	e := json.NewEncoder(to)
	e.SetEscapeHTML(false)
	return e
}
