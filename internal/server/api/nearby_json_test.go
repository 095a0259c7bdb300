package api

import (
	"bytes"
	"encoding/json"
	"math"
	"testing"
	"time"
)

// FuzzNearbyJSON holds the list as it is written by hand against encoding/json.
func FuzzNearbyJSON(f *testing.F) {
	f.Add("Bäckerei \"Süß\" & Söhne", "cafe", 52.5, 1e-9, int64(1_700_000_000_123_456), uint8(0b1010101))
	f.Add("\u2028\xff\x00\\</script>", "", math.Copysign(0, -1), 1e21, int64(0), uint8(0xFF))
	f.Add("Ἑλλάς ☕ … ”", "日本", -180.0, 123.456, int64(-1), uint8(0))
	f.Fuzz(func(t *testing.T, name, word string, lat, metres float64, micro int64, have uint8) {
		on := func(bit int) bool { return have&(1<<bit) != 0 }
		at := time.UnixMicro(micro % (1 << 50)).UTC()
		item := NearbyItem{
			ID: word, Slug: name, Name: name, Category: word, Lat: lat, Lng: -lat, Cell: word, DistanceM: metres,
			Open: OpenState{State: word, Reason: name}, URL: name, Orderable: on(0), Matched: []string{}, Products: []ProductHit{},
			Explain: Explain{RankedBy: "distance", State: word, Pickup: on(1), Delivery: on(2), InStock: on(3), Fuzzy: on(4)},
		}
		list := List[NearbyItem]{Items: []NearbyItem{}}
		if on(5) {
			item.VerifiedAt, item.PhotoURL, list.NextCursor = &at, &name, &word
			item.Matched = []string{name, "place"}
		}
		if on(6) {
			pieces := micro
			item.Open.NextChangeAt = &at
			item.Products = []ProductHit{{Slug: word, Title: name, InStock: on(0), Available: &pieces, URL: name}, {Title: word}}
		}
		for range have % 4 {
			list.Items = append(list.Items, item)
		}
		got, err := nearbyJSON(new(jsonText), len(list.Items), func(i int) NearbyItem { return list.Items[i] }, list.NextCursor)
		var want bytes.Buffer
		wrong := encoder(&want).Encode(list)
		if (err != nil) != (wrong != nil) {
			t.Fatalf("error %v, encoding/json says %v", err, wrong)
		}
		if err != nil {
			if len(list.Items) == 0 || !math.IsNaN(lat+metres) && !math.IsInf(lat, 0) && !math.IsInf(metres, 0) {
				t.Fatalf("%v for %v", err, list)
			}
			return
		}
		if !bytes.Equal(got, want.Bytes()) {
			t.Fatalf("differs from encoding/json:\n%s\n%s", got, want.Bytes())
		}
		if !json.Valid(got) {
			t.Fatalf("no JSON: %s", got)
		}
	})
}
