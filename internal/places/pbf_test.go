package places_test

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"io"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/encoding/protowire"

	"nearby/internal/places"
)

// The encoder below writes the PBF format from its description
// (https://wiki.openstreetmap.org/wiki/PBF_Format), field by field.

func message(fields ...func([]byte) []byte) []byte {
	var b []byte
	for _, f := range fields {
		b = f(b)
	}
	return b
}

func text(n protowire.Number, v []byte) func([]byte) []byte {
	return func(b []byte) []byte {
		return protowire.AppendBytes(protowire.AppendTag(b, n, protowire.BytesType), v)
	}
}

func number(n protowire.Number, v uint64) func([]byte) []byte {
	return func(b []byte) []byte {
		return protowire.AppendVarint(protowire.AppendTag(b, n, protowire.VarintType), v)
	}
}

func list(n protowire.Number, values ...uint64) func([]byte) []byte {
	var p []byte
	for _, v := range values {
		p = protowire.AppendVarint(p, v)
	}
	return text(n, p)
}

func deltas(n protowire.Number, values ...int64) func([]byte) []byte {
	var p []byte
	before := int64(0)
	for _, v := range values {
		p = protowire.AppendVarint(p, protowire.EncodeZigZag(v-before))
		before = v
	}
	return text(n, p)
}

func fileBlock(kind string, block []byte, squeeze bool) []byte {
	blob := message(text(1, block))
	if squeeze {
		var z bytes.Buffer
		w := zlib.NewWriter(&z)
		_, _ = w.Write(block)
		_ = w.Close()
		blob = message(number(2, uint64(len(block))), text(3, z.Bytes()))
	}
	header := message(text(1, []byte(kind)), number(3, uint64(len(blob))))
	out := binary.BigEndian.AppendUint32(nil, uint32(len(header)))
	return append(append(out, header...), blob...)
}

// smallMap has a café, a nameless bench and a plain node as dense nodes, a
// bakery as a single node, and a museum as a way around four nodes.
func smallMap(squeeze bool) []byte {
	texts := []string{
		"", "name", "amenity", "cafe", "Café", "bench", "shop", "bakery", "Brot", "addr:city", "Berlin",
		"tourism", "museum", "Museum", "building", "yes", "phone", "1;2", "opening_hours", "24/7",
	}
	var table []func([]byte) []byte
	for _, s := range texts {
		table = append(table, text(1, []byte(s)))
	}
	const degree = 10_000_000
	dense := message(
		deltas(1, 10, 11, 12, 21, 22, 23, 24),
		deltas(8, 52.5*degree, 52.6*degree, 1, 10*degree, 10*degree, 12*degree, 12*degree),
		deltas(9, 13.4*degree, 13.5*degree, 1, 20*degree, 22*degree, 22*degree, 20*degree),
		list(10, 1, 4, 2, 3, 16, 17, 18, 19, 0, 2, 5, 0, 0, 0, 0, 0, 0),
	)
	node := message(number(1, protowire.EncodeZigZag(-5)), list(2, 1, 6, 9), list(3, 8, 7, 10),
		number(8, protowire.EncodeZigZag(-33*degree)), number(9, protowire.EncodeZigZag(151*degree)))
	museum := message(number(1, 900), list(2, 1, 11, 14), list(3, 13, 12, 15), deltas(8, 21, 22, 23, 24, 21))
	lost := message(number(1, 901), list(2, 1, 11), list(3, 13, 12), deltas(8, 77, 78))
	house := message(number(1, 902), list(2, 14), list(3, 15), deltas(8, 21, 22))
	block := message(text(1, message(table...)),
		text(2, message(text(2, dense))), text(2, message(text(1, node))),
		text(2, message(text(3, museum), text(3, lost), text(3, house))), number(17, 100))
	file := fileBlock("OSMHeader", message(text(4, []byte("OsmSchema-V0.6")), text(4, []byte("DenseNodes"))), squeeze)
	return append(file, fileBlock("OSMData", block, squeeze)...)
}

func TestReadPBF(t *testing.T) {
	nodes := []places.Place{
		{
			Source: "osm", SourceID: "node/10", Name: "Café", Lat: 52.5, Lng: 13.4, Line: 1, Phone: "1", OpeningHours: "24/7",
			Kinds: []places.Kind{{System: "osm", Value: "amenity=cafe"}}, Attributes: map[string]string{"amenity": "cafe"},
		},
		{
			Source: "osm", SourceID: "node/-5", Name: "Brot", Lat: -33, Lng: 151, Line: 2, City: "Berlin",
			Kinds: []places.Kind{{System: "osm", Value: "shop=bakery"}}, Attributes: map[string]string{"shop": "bakery"},
		},
	}
	museum := places.Place{
		Source: "osm", SourceID: "way/900", Name: "Museum", Lat: 11, Lng: 21, Line: 3,
		Kinds:      []places.Kind{{System: "osm", Value: "tourism=museum"}},
		Attributes: map[string]string{"tourism": "museum", "building": "yes"},
	}
	near := cmp.Comparer(func(a, b float64) bool { return a-b < 1e-7 && b-a < 1e-7 })

	for _, squeeze := range []bool{true, false} {
		got := read(t, bytes.NewReader(smallMap(squeeze)), "x.osm.pbf")
		if diff := cmp.Diff(append(nodes[:2:2], museum), got.places, near); diff != "" {
			t.Error(diff)
		}
		if got.sum.Format != "pbf" || got.sum.Read != 11 || len(got.bad) != 1 || got.sum.Unplaced != 0 {
			t.Errorf("summary %+v, bad %v", got.sum, got.bad)
		}
	}
	once := read(t, io.MultiReader(bytes.NewReader(smallMap(true))), "-")
	if diff := cmp.Diff(nodes, once.places, near); diff != "" {
		t.Error(diff)
	}
	if once.sum.Unplaced != 2 {
		t.Errorf("summary %+v", once.sum)
	}
}
