package places

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"nearby/internal/errs"
)

// columns are the names under which a column is known, by what it holds.
var columns = map[string][]string{
	"id":            {"id", "source_id", "osm_id"},
	"name":          {"name", "title"},
	"lat":           {"lat", "latitude", "y"},
	"lng":           {"lng", "lon", "long", "longitude", "x"},
	"kind":          {"kind", "category", "type"},
	"street":        {"street", "address_1", "address", "addr:street"},
	"house_number":  {"house_number", "housenumber", "addr:housenumber"},
	"postcode":      {"postcode", "postal_code", "zip", "addr:postcode"},
	"city":          {"city", "town", "locality", "addr:city"},
	"region":        {"region", "state_province", "state", "province"},
	"country":       {"country", "country_code", "addr:country"},
	"phone":         {"phone", "telephone"},
	"email":         {"email", "e-mail"},
	"website":       {"website", "website_url", "url"},
	"opening_hours": {"opening_hours", "hours"},
	"brewery":       {"brewery_type"}, // Open Brewery DB, whose rows are all of one trade
}

// notOpen are the values of brewery_type that say there is no brewery to go to.
var notOpen = map[string]bool{"closed": true, "planning": true}

func (in *input) readCSV(buf *bufio.Reader) error {
	limit := &limited{r: buf, left: maxLine}
	r := csv.NewReader(limit)
	r.Comma = delimiter(buf)
	r.FieldsPerRecord = -1
	r.ReuseRecord = true
	header, err := r.Read()
	if err != nil {
		return err
	}
	t, err := newTable(header)
	if err != nil {
		return err
	}
	for {
		limit.left = maxLine
		record, err := r.Read()
		if errors.Is(err, io.EOF) {
			return nil
		}
		in.sum.Read++
		var parse *csv.ParseError
		switch {
		case errors.As(err, &parse):
			in.refuse(parse.StartLine, errors.New(parse.Err.Error()))
			continue
		case err != nil:
			return err
		}
		line, _ := r.FieldPos(0)
		p, err := t.place(record, in.source, line)
		if err != nil {
			in.refuse(line, err)
			continue
		}
		if err := in.take(p); err != nil {
			return err
		}
	}
}

// delimiter is the sign that separates the header's columns best.
func delimiter(buf *bufio.Reader) rune {
	head, _ := buf.Peek(1 << 12) // what is there decides, a short file too
	first, _, _ := bytes.Cut(head, []byte("\n"))
	best := ','
	for _, c := range ";\t" {
		if bytes.Count(first, []byte(string(c))) > bytes.Count(first, []byte(string(best))) {
			best = c
		}
	}
	return best
}

// table knows which column holds what.
type table struct {
	names []string
	at    map[string]int
	known map[int]bool
}

func newTable(header []string) (*table, error) {
	t := &table{at: map[string]int{}, known: map[int]bool{}}
	for _, name := range header {
		t.names = append(t.names, strings.ToLower(strings.TrimSpace(name)))
	}
	for what, names := range columns {
		for _, name := range names {
			if i := slices.Index(t.names, name); i >= 0 {
				t.at[what], t.known[i] = i, true
				break
			}
		}
	}
	for _, need := range []string{"id", "name", "lat", "lng"} {
		if _, ok := t.at[need]; !ok {
			return nil, errs.New(errs.Malformed, "missing_column",
				fmt.Sprintf("The CSV file has no column for %s (%s).", need, strings.Join(columns[need], ", ")))
		}
	}
	return t, nil
}

func (t *table) place(record []string, source string, line int) (Place, error) {
	if len(record) != len(t.names) {
		return Place{}, fmt.Errorf("%d columns instead of %d", len(record), len(t.names))
	}
	for _, field := range record {
		if !utf8.ValidString(field) {
			return Place{}, errText
		}
	}
	get := func(what string) string {
		if i, ok := t.at[what]; ok {
			return strings.TrimSpace(record[i])
		}
		return ""
	}
	lat, lng := get("lat"), get("lng")
	if lat == "" || lng == "" {
		return Place{}, errNoPoint
	}
	p := Place{
		Source: source, SourceID: get("id"), Name: get("name"), Line: line,
		Street: get("street"), HouseNumber: get("house_number"), Postcode: get("postcode"), City: get("city"),
		Region: get("region"), Country: get("country"), Phone: get("phone"), Email: get("email"),
		Website: get("website"), OpeningHours: get("opening_hours"),
	}
	var err1, err2 error
	p.Lat, err1 = strconv.ParseFloat(lat, 64)
	p.Lng, err2 = strconv.ParseFloat(lng, 64)
	if err1 != nil || err2 != nil {
		return Place{}, errBadPoint
	}
	if brewery := get("brewery"); brewery != "" {
		if notOpen[brewery] {
			return Place{}, fmt.Errorf("the brewery is %s", brewery)
		}
		p.Kinds = append(p.Kinds, Kind{SystemOSM, "craft=brewery"})
		p.attribute("brewery_type", brewery)
	}
	if kind := get("kind"); kind != "" {
		p.Kinds = append(p.Kinds, Kind{systemOf(kind), kind})
	}
	for i, name := range t.names {
		if !t.known[i] && name != "" {
			p.attribute(name, record[i])
		}
	}
	return p, nil
}
