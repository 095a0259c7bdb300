package owner

import (
	"errors"
	"net/url"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"nearby/internal/blob"
	"nearby/internal/catalog"
	"nearby/internal/server/pages"
)

func TestOnceMakesOneThing(t *testing.T) {
	var o once
	var mu sync.Mutex
	made := 0
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			path, err := o.do("form", func() (string, error) {
				mu.Lock()
				defer mu.Unlock()
				made++
				return "/made", nil
			})
			if path != "/made" || err != nil {
				t.Errorf("led to %q (%v)", path, err)
			}
		})
	}
	all.Wait()
	if made != 1 {
		t.Errorf("made %d things", made)
	}
	refused := errors.New("refused")
	if _, err := o.do("other", func() (string, error) { return "", refused }); !errors.Is(err, refused) {
		t.Errorf("the error became %v", err)
	}
	if path, err := o.do("other", func() (string, error) { return "/second", nil }); path != "/second" || err != nil {
		t.Errorf("a form that failed can be sent again: %q (%v)", path, err)
	}
}

func TestRefit(t *testing.T) {
	size := catalog.Option{Name: "Size", Values: []string{"S", "L"}}
	color := catalog.Option{Name: "Colour", Values: []string{"Red", "Blue"}}
	for _, c := range []struct {
		name string
		old  []catalog.Option
		was  []string
		now  []catalog.Option
		want []string
		ok   bool
	}{
		{"unchanged", []catalog.Option{size}, []string{"L"}, []catalog.Option{size}, []string{"L"}, true},
		{"first option", nil, nil, []catalog.Option{size}, []string{"S"}, true},
		{"second option", []catalog.Option{size}, []string{"L"}, []catalog.Option{size, color}, []string{"L", "Red"}, true},
		{"turned round", []catalog.Option{size, color}, []string{"L", "Blue"}, []catalog.Option{color, size}, []string{"Blue", "L"}, true},
		{"renamed", []catalog.Option{size}, []string{"L"}, []catalog.Option{{Name: "Format", Values: size.Values}}, []string{"L"}, true},
		{"other case", []catalog.Option{size}, []string{"L"}, []catalog.Option{{Name: "size", Values: size.Values}}, []string{"L"}, true},
		{"value gone", []catalog.Option{size}, []string{"L"}, []catalog.Option{{Name: "Size", Values: []string{"S"}}}, nil, false},
		{"option gone", []catalog.Option{size, color}, []string{"L", "Blue"}, []catalog.Option{size}, []string{"L"}, true},
		{"no values", []catalog.Option{size}, []string{"L"}, []catalog.Option{{Name: "Size"}}, nil, false},
	} {
		got, ok := refit(c.old, c.was, c.now)
		if ok != c.ok || cmp.Diff(c.want, got) != "" && c.ok {
			t.Errorf("%s: %v %v, want %v %v", c.name, got, ok, c.want, c.ok)
		}
	}
}

// Two variants that differ in an option only which is gone become one.
func TestFitMergesVariants(t *testing.T) {
	before := catalog.Product{
		Options:  []catalog.Option{{Name: "Size", Values: []string{"S"}}, {Name: "Colour", Values: []string{"Red", "Blue"}}},
		Variants: []catalog.Variant{{ID: "a", Options: []string{"S", "Red"}, Weight: 20}, {ID: "b", Options: []string{"S", "Blue"}}},
	}
	in := catalog.ProductInput{Options: before.Options[:1], Offer: catalog.Offer{Price: catalog.Typed("3")}}
	got := fit(before, in, []pages.VariantForm{{ID: "a", Price: "7", Stock: "2", Counted: true}})
	if len(got) != 1 || got[0].ID != "a" || got[0].Price.String() != "7" || got[0].Stock.String() != "2" || got[0].Weight.String() != "20" {
		t.Errorf("fitted %+v", got)
	}
}

func TestTypedPhotosAreReordered(t *testing.T) {
	f := form{Values: url.Values{
		"photos.0.hash": {"a"}, "photos.0.alt": {"first"}, "photos.1.hash": {"b"}, "photos.1.remove": {"1"}, "photos.2.hash": {"c"},
		"cover": {"c"}, "alt": {"new one"},
	}, photos: []blob.Photo{{Hash: "d"}, {Hash: "a"}}}
	want := []pages.PhotoForm{{Hash: "c"}, {Hash: "a", Alt: "first"}, {Hash: "d", Alt: "new one"}}
	if diff := cmp.Diff(want, typedPhotos(f)); diff != "" {
		t.Error(diff)
	}
}

func TestValues(t *testing.T) {
	if diff := cmp.Diff([]string{"Small", "Extra large", "L"}, values(" Small ,Extra   large; L,, ")); diff != "" {
		t.Error(diff)
	}
}

func TestReadDegree(t *testing.T) {
	for text, want := range map[string]float64{"52.52": 52.52, " 52,52° ": 52.52, "-0.1278": -0.1278} {
		if got, err := readDegree(text); err != nil || got != want {
			t.Errorf("%q is %v (%v), want %v", text, got, err, want)
		}
	}
	for _, bad := range []string{"", "north", "52°31'", "1,2,3"} {
		if got, err := readDegree(bad); err == nil {
			t.Errorf("%q is %v", bad, got)
		}
	}
}

func TestRequirement(t *testing.T) {
	for name, want := range map[string]string{
		"external_account": "external account", "individual.verification.document": "individual: verification document",
	} {
		if got := requirement(name); got != want {
			t.Errorf("%s reads %q, want %q", name, got, want)
		}
	}
}
