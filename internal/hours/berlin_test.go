package hours_test

import (
	"bufio"
	"compress/gzip"
	"encoding/json"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"nearby/internal/hours"
)

// berlinValues is every opening_hours value of Berlin, as often as it stands
// there.
func berlinValues(t testing.TB) []string {
	t.Helper()
	dir := os.Getenv("NEARBY_TESTDATA")
	if dir == "" {
		t.Skip("NEARBY_TESTDATA is not set: the values of Berlin are not read")
	}
	f, err := os.Open(filepath.Join(dir, "businesses", "berlin-2024-01.ndjson.gz"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	var list []string
	lines := bufio.NewScanner(z)
	lines.Buffer(nil, 1<<22)
	for lines.Scan() {
		var place struct {
			Hours string `json:"opening_hours"`
		}
		if err := json.Unmarshal(lines.Bytes(), &place); err != nil {
			t.Fatal(err)
		}
		if place.Hours != "" {
			list = append(list, place.Hours)
		}
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	return list
}

func TestBerlin(t *testing.T) {
	values := berlinValues(t)
	refused := map[string][]string{}
	count, begun := 0, time.Now()
	for _, value := range values {
		_, err := hours.ParseOSM(value, "Europe/Berlin")
		if err == nil {
			continue
		}
		var syntax *hours.SyntaxError
		if !errors.As(err, &syntax) || syntax.Pos < 0 || syntax.Pos > len(value) || syntax.Pos < len(value) && syntax.Word == "" && syntax.Pos != 1024 {
			t.Fatalf("%q: %v names no place in the text", value, err)
		}
		count++
		refused[syntax.Want] = append(refused[syntax.Want], value)
	}
	t.Logf("%d values of Berlin in %s: %d refused", len(values), time.Since(begun).Round(time.Millisecond), count)
	for _, want := range slices.SortedFunc(maps.Keys(refused), func(a, b string) int { return len(refused[b]) - len(refused[a]) }) {
		list := refused[want]
		t.Logf("%3d for want of %s, such as %q", len(list), want, list[0])
	}
	if len(values) < 12_000 || count*100 > len(values) {
		t.Errorf("%d of %d values refused", count, len(values))
	}
}

func BenchmarkBerlin(b *testing.B) {
	values := berlinValues(b)
	for b.Loop() {
		for _, value := range values {
			_, _ = hours.ParseOSM(value, "Europe/Berlin")
		}
	}
	b.ReportMetric(float64(len(values)), "values")
}
