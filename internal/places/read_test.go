package places_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"nearby/internal/errs"
	"nearby/internal/places"
)

// outcome is all that one reading of a file told.
type outcome struct {
	places []places.Place
	bad    map[int]string
	sum    places.Summary
}

func read(t *testing.T, r io.Reader, name string) outcome {
	t.Helper()
	o := outcome{bad: map[int]string{}}
	var err error
	o.sum, err = places.Read(context.Background(), r, name, func(p places.Place) error {
		o.places = append(o.places, p)
		return nil
	}, func(line int, err error) { o.bad[line] = err.Error() })
	if err != nil {
		t.Fatal(err)
	}
	if o.sum.Places != len(o.places) {
		t.Errorf("summary says %d places, there were %d", o.sum.Places, len(o.places))
	}
	return o
}

func packed(text string) io.Reader {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, _ = z.Write([]byte(text))
	_ = z.Close()
	return &b
}

const objectLine = `{"id":"osm:node/26735749","name":" Aida ","lat":52.5068638,"lng":13.3228585,"kind":"amenity=restaurant",` +
	`"address":{"street":"Knesebeckstraße","housenumber":"12a","postcode":"10623","suburb":"Charlottenburg","city":"Berlin","country":"DE"},` +
	`"phone":"+49 30 318 06 750","website":"https://www.example.org/","opening_hours":"Mo-Sa 11:30-21:00","cuisine":"italian;pizza",` +
	`"country":"DE","tags":{"amenity":"restaurant","craft":"caterer","note":"two\nlines"}}`

var objectPlace = places.Place{
	Source: "osm", SourceID: "node/26735749", Name: "Aida", Lat: 52.5068638, Lng: 13.3228585, Line: 1,
	Kinds:  []places.Kind{{System: "osm", Value: "amenity=restaurant"}, {System: "osm", Value: "craft=caterer"}},
	Street: "Knesebeckstraße", HouseNumber: "12a", Postcode: "10623", City: "Berlin", Country: "DE",
	Phone: "+49 30 318 06 750", Website: "https://www.example.org/", OpeningHours: "Mo-Sa 11:30-21:00",
	Attributes: map[string]string{"amenity": "restaurant", "craft": "caterer", "cuisine": "italian;pizza", "addr:suburb": "Charlottenburg", "note": "two lines"},
}

const featureLine = `{"type":"Feature","id":"08f2","geometry":{"type":"Point","coordinates":[-88.2,41.6]},"properties":{` +
	`"names":{"primary":"Lab"},"categories":{"primary":"pharmacy","alternate":["laboratory_testing"]},"websites":["http://www.example.org/"],` +
	`"phones":["+13125550100"],"addresses":[{"country":"US","freeform":"24119 W Riverwalk Ct","locality":"Plainfield","postcode":"60544","region":"IL"}],"confidence":0.5}}`

var featurePlace = places.Place{
	Source: "overture", SourceID: "08f2", Name: "Lab", Lat: 41.6, Lng: -88.2, Line: 1,
	Kinds:  []places.Kind{{System: "overture", Value: "pharmacy"}, {System: "overture", Value: "laboratory_testing"}},
	Street: "24119 W Riverwalk Ct", Postcode: "60544", City: "Plainfield", Region: "IL", Country: "US",
	Phone: "+13125550100", Website: "http://www.example.org/", Attributes: map[string]string{"confidence": "0.5"},
}

func TestRead(t *testing.T) {
	tests := []struct {
		name, text, format string
		want               places.Place
	}{
		{"NDJSON", objectLine, "ndjson", objectPlace},
		{"NDJSON with a byte order mark", "\ufeff" + objectLine + "\r\n\r\n", "ndjson", objectPlace},
		{"GeoJSON lines", featureLine + "\n", "geojsonseq", featurePlace},
		{"GeoJSON text sequence", "\x1e" + featureLine + "\n", "geojsonseq", featurePlace},
		{"GeoJSON collection", `{"type":"FeatureCollection","bbox":[1,2,3,4],"features":[` + "\n" + featureLine + "\n]}", "geojson", featurePlace},
		{"CSV", "id,name,latitude,longitude,kind,note\n7,\"A, B\",1.5,-2,shop=tea,x\n", "csv", places.Place{
			Source: "shops", SourceID: "7", Name: "A, B", Lat: 1.5, Lng: -2, Line: 2,
			Kinds: []places.Kind{{System: "osm", Value: "shop=tea"}}, Attributes: map[string]string{"note": "x"},
		}},
		{"CSV with semicolons", "id;name;lat;lng;kind\n7;A, B;1.5;-2;tea_room", "csv", places.Place{
			Source: "shops", SourceID: "7", Name: "A, B", Lat: 1.5, Lng: -2, Line: 2,
			Kinds: []places.Kind{{System: "overture", Value: "tea_room"}},
		}},
	}
	for _, tt := range tests {
		for _, r := range map[string]io.Reader{"plain": strings.NewReader(tt.text), "gzip": packed(tt.text)} {
			t.Run(tt.name, func(t *testing.T) {
				got := read(t, r, "data/shops.csv.gz")
				if len(got.bad) > 0 || got.sum.Format != tt.format {
					t.Errorf("format %s, bad %v", got.sum.Format, got.bad)
				}
				if diff := cmp.Diff([]places.Place{tt.want}, got.places); diff != "" {
					t.Error(diff)
				}
			})
		}
	}
}

func TestBadLines(t *testing.T) {
	lines := []string{
		objectLine,
		`{"id":"a","name":"B","lat":91,"lng":0}`,
		`{"id":"a","name":"B","lat":0,"lng":-180.5}`,
		`{"id":"a","name":"B","lat":null,"lng":0}`,
		`{"id":"a","name":"  ","lat":0,"lng":0}`,
		`{"id":"","name":"B","lat":0,"lng":0}`,
		`{"id":"osm:","name":"B","lat":0,"lng":0}`,
		`{"id":"a","name":"B\u0000","lat":0,"lng":0}`,
		"{\"id\":\"a\",\"name\":\"\xff\",\"lat\":0,\"lng\":0}",
		`{"id":"a","name":"B","lat":"0","lng":0}`,
		`{"id":"a","name":"B","lat":0,"lng":0`,
		`[1]`,
		`{"id":"a","name":"` + strings.Repeat("x", 1<<20) + `","lat":0,"lng":0}`,
		`{"id":"a","name":"B","lat":1e400,"lng":0}`,
		`{"id":"b","name":"last","lat":-90,"lng":180}`,
	}
	got := read(t, strings.NewReader(strings.Join(lines, "\n")), "x.ndjson")
	if len(got.places) != 2 || got.places[1].Name != "last" || got.places[1].Source != "x" || got.places[1].Line != 15 {
		t.Errorf("places %+v", got.places)
	}
	for line := 2; line <= 14; line++ {
		if got.bad[line] == "" {
			t.Errorf("line %d was not refused", line)
		}
	}
	if got.sum.Bad != 13 || got.sum.Read != 15 {
		t.Errorf("summary %+v", got.sum)
	}

	csv := read(t, strings.NewReader("id,name,lat,lng,brewery_type\n1,A,,,micro\n2,B,x,1,micro\n3,C,1\n4,D,1,1,closed\n5,\"E\"x,1,1,micro\n6,F,1,1,micro\n"), "b.csv")
	if len(csv.places) != 1 || csv.places[0].Name != "F" || csv.places[0].Line != 7 || len(csv.bad) != 5 {
		t.Errorf("CSV: %+v, bad %v", csv.places, csv.bad)
	}
}

func TestUnreadable(t *testing.T) {
	tests := []struct{ name, text, code string }{
		{"empty", " \n", "empty_file"},
		{"a photo", "\x89PNG\r\n\x1a\n\x00\x00", "unknown_format"},
		{"a page", "<!doctype html>\n<title>x</title>", "unknown_format"},
		{"CSV without a name", "id,lat,lng\n1,2,3\n", "missing_column"},
		{"broken gzip", "\x1f\x8b\x00\x00\x00", "unreadable_file"},
		{"gzip cut off", "", "unreadable_file"},
		{"collection cut off", `{"type":"FeatureCollection","features":[` + featureLine, "unreadable_file"},
		{"huge CSV field", "id,name,lat,lng\n1,\"" + strings.Repeat("x\n", 1<<20) + "\",1,1\n", "unreadable_file"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := io.Reader(strings.NewReader(tt.text))
			if tt.name == "gzip cut off" {
				b, _ := io.ReadAll(packed(strings.Repeat(objectLine+"\n", 50)))
				r = bytes.NewReader(b[:len(b)-20])
			}
			_, err := places.Read(context.Background(), r, "x", func(places.Place) error { return nil }, nil)
			if errs.KindOf(err) != errs.Malformed || errs.Of(err).Code != tt.code {
				t.Errorf("%v", err)
			}
		})
	}
}

func TestReadStops(t *testing.T) {
	text := strings.Repeat(objectLine+"\n", 10)
	stop := errors.New("full")
	n := 0
	_, err := places.Read(context.Background(), strings.NewReader(text), "x", func(places.Place) error {
		if n++; n == 3 {
			return stop
		}
		return nil
	}, nil)
	if !errors.Is(err, stop) || n != 3 {
		t.Errorf("%v after %d", err, n)
	}
	ctx, cancel := context.WithCancel(context.Background())
	_, err = places.Read(ctx, strings.NewReader(text), "x", func(places.Place) error { cancel(); return nil }, nil)
	if !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}

func TestRealFiles(t *testing.T) {
	dir := os.Getenv("NEARBY_TESTDATA")
	if dir == "" {
		t.Skip("NEARBY_TESTDATA is not set: the real files are not read")
	}
	tests := []struct {
		file, format string
		places, bad  int
	}{
		{"berlin-2024-01.ndjson.gz", "ndjson", 23808, 0},
		{"malta-2018.ndjson.gz", "ndjson", 2375, 0},
		{"world-food-2022-12.ndjson.gz", "ndjson", 25611, 0},
		{"overture-us-2025-02.geojsonl.gz", "geojsonseq", 1713, 0},
		{"openbrewerydb-breweries.csv", "csv", 8726, 3096},
	}
	for _, tt := range tests {
		t.Run(tt.file, func(t *testing.T) {
			f, err := os.Open(filepath.Join(dir, "businesses", tt.file))
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			count := &places.Counter{R: f}
			start := time.Now()
			got := read(t, count, tt.file)
			took := time.Since(start)
			t.Logf("%s: %d places, %d refused, %d ms", got.sum.Format, got.sum.Places, got.sum.Bad, took.Milliseconds())
			if got.sum.Format != tt.format {
				t.Errorf("read as %s", got.sum.Format)
			}
			if len(got.places) != tt.places || len(got.bad) != tt.bad {
				t.Errorf("%d places, %d refused: %v", len(got.places), len(got.bad), got.bad)
			}
			if info, err := f.Stat(); err != nil || count.Bytes() != info.Size() {
				t.Errorf("counted %d bytes of %d", count.Bytes(), info.Size())
			}
			if len(got.places)+len(got.bad) != got.sum.Read {
				t.Errorf("%d lines, but %d answers", got.sum.Read, len(got.places)+len(got.bad))
			}
			seen := map[string]bool{}
			for _, p := range got.places {
				key := fmt.Sprint(p.Source, " ", p.SourceID)
				if seen[key] || len(p.Kinds) == 0 {
					t.Fatalf("twice or of no kind: %+v", p)
				}
				seen[key] = true
			}
		})
	}
}

func BenchmarkReadNDJSON(b *testing.B) {
	text := strings.Repeat(objectLine+"\n", 1000)
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		if _, err := places.Read(context.Background(), strings.NewReader(text), "x", func(places.Place) error { return nil }, nil); err != nil {
			b.Fatal(err)
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte(objectLine + "\n{"))
	f.Add([]byte(featureLine))
	f.Add([]byte(`{"type":"FeatureCollection","features":[` + featureLine + `]}`))
	f.Add([]byte("id,name,lat,lng\n1,A,2,3\n\"\n"))
	f.Add(smallMap(true))
	f.Add(smallMap(false))
	f.Fuzz(func(t *testing.T, b []byte) {
		_, err := places.Read(context.Background(), bytes.NewReader(b), "x", func(p places.Place) error {
			if p.Name == "" || p.SourceID == "" || p.Lat < -90 || p.Lat > 90 || p.Lng < -180 || p.Lng > 180 {
				t.Fatalf("a bad place came through: %+v", p)
			}
			return nil
		}, func(int, error) {})
		if err != nil && errs.KindOf(err) != errs.Malformed {
			t.Fatalf("%v", err)
		}
	})
}
