package likeness

import (
	"bufio"
	"compress/gzip"
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/nyaruka/phonenumbers"
)

type pair struct {
	same bool
	a, b Entry
}

func readPairs(t *testing.T) []pair {
	dir := os.Getenv("NEARBY_TESTDATA")
	if dir == "" {
		t.Skip("SKIPPED: NEARBY_TESTDATA does not say where the labelled pairs are")
	}
	f, err := os.Open(filepath.Join(dir, "businesses", "overture-match-pairs.ndjson.gz"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	var list []pair
	lines := bufio.NewScanner(z)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var p struct {
			Same int `json:"same_place"`
			A, B overturePlace
		}
		if err := json.Unmarshal(lines.Bytes(), &p); err != nil {
			t.Fatal(err)
		}
		list = append(list, pair{p.Same == 1, p.A.entry(), p.B.entry()})
	}
	if lines.Err() != nil || len(list) != 1000 {
		t.Fatalf("%d pairs, %v", len(list), lines.Err())
	}
	return list
}

type overturePlace struct {
	Names struct {
		Primary string
	}
	Websites, Phones []string
	Addresses        []struct{ Freeform, Postcode, Locality, Country string }
}

// entry has what the directory would have after its own reading of the fields.
func (p overturePlace) entry() Entry {
	e := Entry{Name: p.Names.Primary}
	country := ""
	if len(p.Addresses) > 0 {
		a := p.Addresses[0]
		e.Street, e.Postcode, e.City, country = a.Freeform, a.Postcode, a.Locality, a.Country
	}
	if len(p.Websites) > 0 {
		e.Website = p.Websites[0]
	}
	if len(p.Phones) > 0 {
		if n, err := phonenumbers.Parse(p.Phones[0], country); err == nil {
			e.Phone = phonenumbers.Format(n, phonenumbers.E164)
		}
	}
	return e
}

// TestLabelledPairs measures on the odd rows, which neither the weights nor the
// threshold have seen. The labels are of people who looked at more than the text
// (a cash machine in a bank is another place, and so is a shop that moved), so
// some pairs that nobody could tell apart by their fields are in it.
func TestLabelledPairs(t *testing.T) {
	const floor = 0.89
	for half, name := range []string{"even rows, fitted", "odd rows, held back"} {
		var right, wrong, missed float64
		for i, p := range readPairs(t) {
			if i%2 != half {
				continue
			}
			switch likely := Compare(p.a, p.b, Unplaced).Likely(); {
			case likely && p.same:
				right++
			case likely:
				wrong++
			case p.same:
				missed++
			}
		}
		f1 := 2 * right / (2*right + wrong + missed)
		t.Logf("%s: precision %.3f, recall %.3f, F1 %.3f", name, right/(right+wrong), right/(right+missed), f1)
		if f1 < floor {
			t.Errorf("%s: F1 is %.3f, below %.2f", name, f1, floor)
		}
	}
}

func TestTheOrderOfTwoDoesNotMatter(t *testing.T) {
	for _, p := range readPairs(t) {
		one, two := Compare(p.a, p.b, Unplaced), Compare(p.b, p.a, Unplaced)
		if math.Abs(one.Score-two.Score) > 1e-9 || !slices.Equal(one.Same, two.Same) {
			t.Fatalf("%q and %q: %v, the other way round %v", p.a.Name, p.b.Name, one, two)
		}
	}
}
