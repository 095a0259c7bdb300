package hours_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
	"time"

	"nearby/internal/hours"
)

// vector is one line of testdata/vectors; see the README there.
type vector struct {
	Name, Hours, Zone, Region string
	Pin                       []float64
	Special                   []hours.Special
	At                        string
	State                     string
	Next                      string
	NoneUntil                 string `json:"none_until"`
}

func TestVectors(t *testing.T) {
	files, err := filepath.Glob("testdata/vectors/*.json")
	if err != nil || len(files) == 0 {
		t.Fatalf("no vectors: %v", err)
	}
	all := 0
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var list []vector
		if err := json.Unmarshal(b, &list); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		all += len(list)
		for _, v := range list {
			v.check(t, filepath.Base(file))
		}
	}
	if all < 400 {
		t.Errorf("only %d vectors", all)
	}
}

func (v vector) check(t *testing.T, file string) {
	s, err := hours.ParseOSM(v.Hours, v.Zone)
	if err != nil {
		t.Errorf("%s, %s: %v", file, v.Name, err)
		return
	}
	place := hours.Place{Region: v.Region}
	if len(v.Pin) == 2 {
		place.Lat, place.Lng, place.Pinned = v.Pin[0], v.Pin[1], true
	}
	s = s.WithSpecial(v.Special...).InPlace(place)
	minute := func(text string) time.Time {
		at, err := time.Parse("2006-01-02T15:04Z07:00", text)
		if err != nil {
			t.Fatalf("%s, %s: %v", file, v.Name, err)
		}
		return at
	}
	got := s.At(minute(v.At))
	state := string(got.Kind)
	if got.IsOpen() {
		state = "open"
	}
	if state != v.State {
		t.Errorf("%s, %s: %q in %s at %s is %s, want %s", file, v.Name, v.Hours, v.Zone, v.At, state, v.State)
	}
	switch {
	case v.Next != "" && !got.NextChange.Equal(minute(v.Next)):
		t.Errorf("%s, %s: %q in %s at %s changes at %s, want %s", file, v.Name, v.Hours, v.Zone, v.At, got.NextChange.Format(time.RFC3339), v.Next)
	case v.NoneUntil != "" && !got.NextChange.IsZero() && got.NextChange.Before(minute(v.NoneUntil)):
		t.Errorf("%s, %s: %q in %s at %s changes at %s, want no change until %s", file, v.Name, v.Hours, v.Zone, v.At, got.NextChange.Format(time.RFC3339), v.NoneUntil)
	}
}
