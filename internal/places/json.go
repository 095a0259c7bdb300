package places

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// object is one line of NDJSON. The id carries its source: "osm:node/26735749".
type object struct {
	ID      string
	Name    string
	Lat     *float64
	Lng     *float64
	Kind    string
	Address struct {
		Street, HouseNumber, Unit, Postcode, Suburb, City, State, Country string
	}
	Phone        string
	Email        string
	Website      string
	OpeningHours string `json:"opening_hours"`
	Country      string
	Brand        string
	Cuisine      string
	Diet         string
	Wheelchair   string
	Tags         map[string]string
}

func (in *input) readObjects(buf *bufio.Reader) error {
	return in.eachLine(buf, func(line int, b []byte) error {
		var o object
		if err := json.Unmarshal(b, &o); err != nil {
			in.refuse(line, readable(err))
			return nil
		}
		if o.Lat == nil || o.Lng == nil {
			in.refuse(line, errNoPoint)
			return nil
		}
		return in.take(o.place(in.source, line))
	})
}

func (o *object) place(source string, line int) Place {
	p := Place{
		Source: source, SourceID: o.ID, Name: o.Name, Lat: *o.Lat, Lng: *o.Lng, Line: line,
		Street: o.Address.Street, HouseNumber: o.Address.HouseNumber, Postcode: o.Address.Postcode,
		City: o.Address.City, Region: o.Address.State, Country: o.Address.Country,
		Phone: o.Phone, Email: o.Email, Website: o.Website, OpeningHours: o.OpeningHours,
		Attributes: o.Tags,
	}
	if before, after, ok := strings.Cut(o.ID, ":"); ok && before != "" {
		p.Source, p.SourceID = before, after
	}
	if p.Country == "" {
		p.Country = o.Country
	}
	if kind := strings.TrimSpace(o.Kind); kind != "" {
		p.Kinds = append(p.Kinds, Kind{systemOf(kind), kind})
	}
	for _, kind := range kindsOf(o.Tags) {
		if len(p.Kinds) == 0 || kind != p.Kinds[0] {
			p.Kinds = append(p.Kinds, kind)
		}
	}
	for key, value := range map[string]string{
		"brand": o.Brand, "cuisine": o.Cuisine, "diet": o.Diet, "wheelchair": o.Wheelchair,
		"addr:unit": o.Address.Unit, "addr:suburb": o.Address.Suburb,
	} {
		p.attribute(key, value)
	}
	return p
}

// systemOf tells the naming system of a kind by its form.
func systemOf(kind string) string {
	if strings.Contains(kind, "=") {
		return SystemOSM
	}
	return SystemOverture
}

func (p *Place) attribute(key, value string) {
	if value == "" {
		return
	}
	if p.Attributes == nil {
		p.Attributes = map[string]string{}
	}
	p.Attributes[key] = value
}

// readable says what is wrong with a line of JSON without repeating it.
func readable(err error) error {
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	switch {
	case errors.As(err, &syntax):
		return fmt.Errorf("not JSON at byte %d", syntax.Offset)
	case errors.As(err, &kind) && kind.Field != "":
		return fmt.Errorf("%s is a %s", kind.Field, kind.Value)
	case errors.As(err, &kind):
		return fmt.Errorf("a %s where an object was expected", kind.Value)
	default:
		return errors.New("not JSON")
	}
}

// feature is an Overture place as GeoJSON
// (https://docs.overturemaps.org/schema/reference/places/place/).
type feature struct {
	Type     string
	ID       string
	Geometry struct {
		Type        string
		Coordinates []float64
	}
	Properties struct {
		ID         string
		Names      struct{ Primary string }
		Categories struct {
			Primary   string
			Alternate []string
		}
		Websites, Socials, Emails, Phones []string
		Brand                             struct{ Names struct{ Primary string } }
		Addresses                         []struct {
			Freeform, Locality, Region, Country, Postcode string
		}
		Confidence      *float64
		OperatingStatus string `json:"operating_status"`
	}
}

func (in *input) readFeatures(buf *bufio.Reader) error {
	return in.eachLine(buf, in.feature)
}

func (in *input) feature(line int, b []byte) error {
	var f feature
	if err := json.Unmarshal(b, &f); err != nil {
		in.refuse(line, readable(err))
		return nil
	}
	switch {
	case f.Type != "Feature":
		in.refuse(line, errors.New("not a GeoJSON feature"))
	case f.Geometry.Type != "Point":
		in.refuse(line, errors.New("the geometry is not a point"))
	case len(f.Geometry.Coordinates) < 2:
		in.refuse(line, errNoPoint)
	default:
		return in.take(f.place(line))
	}
	return nil
}

func (f *feature) place(line int) Place {
	o := &f.Properties
	p := Place{
		Source: SystemOverture, SourceID: f.ID, Name: o.Names.Primary, Line: line,
		Lng: f.Geometry.Coordinates[0], Lat: f.Geometry.Coordinates[1],
		Phone: firstOf(o.Phones), Email: firstOf(o.Emails), Website: firstOf(o.Websites),
	}
	if p.SourceID == "" {
		p.SourceID = o.ID
	}
	for _, kind := range append([]string{o.Categories.Primary}, o.Categories.Alternate...) {
		if kind != "" {
			p.Kinds = append(p.Kinds, Kind{SystemOverture, kind})
		}
	}
	if len(o.Addresses) > 0 {
		a := o.Addresses[0]
		p.Street, p.City, p.Region, p.Country, p.Postcode = a.Freeform, a.Locality, a.Region, a.Country, a.Postcode
	}
	p.attribute("brand", o.Brand.Names.Primary)
	p.attribute("social", firstOf(o.Socials))
	p.attribute("operating_status", o.OperatingStatus)
	if o.Confidence != nil {
		p.attribute("confidence", strconv.FormatFloat(*o.Confidence, 'f', -1, 64))
	}
	return p
}

func firstOf(list []string) string {
	if len(list) == 0 {
		return ""
	}
	return list[0]
}

// readCollection reads one GeoJSON FeatureCollection, feature by feature;
// lines are counted as features.
func (in *input) readCollection(buf *bufio.Reader) error {
	limit := &limited{r: buf, left: maxLine}
	dec := json.NewDecoder(limit)
	if err := intoFeatures(dec); err != nil {
		return err
	}
	for dec.More() {
		limit.left = maxLine
		in.sum.Read++
		var raw json.RawMessage
		if err := dec.Decode(&raw); err != nil {
			return err // the rest cannot be told apart any more
		}
		if err := in.feature(in.sum.Read, raw); err != nil {
			return err
		}
	}
	_, err := dec.Token()
	return err
}

// intoFeatures steps to the first feature of a collection.
func intoFeatures(dec *json.Decoder) error {
	if _, err := dec.Token(); err != nil {
		return err
	}
	for dec.More() {
		key, err := dec.Token()
		if err != nil {
			return err
		}
		if key == "features" {
			bracket, err := dec.Token()
			if err == nil && bracket != json.Delim('[') {
				err = errors.New("features is no list")
			}
			return err
		}
		var other json.RawMessage
		if err := dec.Decode(&other); err != nil {
			return err
		}
	}
	return errors.New("there are no features")
}

// limited gives up when more than left bytes are read without a new allowance:
// one feature or record must not fill the memory.
type limited struct {
	r    io.Reader
	left int
}

func (l *limited) Read(b []byte) (int, error) {
	if l.left <= 0 {
		return 0, errLong
	}
	n, err := l.r.Read(b[:min(len(b), 1<<14)])
	l.left -= n
	return n, err
}
