package servertest_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"nearby/internal/audit"
	"nearby/internal/database/dbtest"
	"nearby/internal/directory"
	"nearby/internal/places"
	"nearby/internal/server/servertest"
)

// All of Berlin, imported as verified: the search finds just what looking at
// every place finds, from the moment the import ends.
func TestSearchEqualsScan(t *testing.T) {
	folder := os.Getenv("NEARBY_TESTDATA")
	if folder == "" {
		t.Skip("SKIPPED: NEARBY_TESTDATA does not say where the real places are")
	}
	path := filepath.Join(folder, "businesses", "berlin-2024-01.ndjson.gz")
	site := servertest.New(t, dbtest.SQLite(t), servertest.ByHand(), servertest.NoCards())
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	begin := time.Now()
	result, err := site.Directory.Import(t.Context(), audit.System, func(fn func(places.Place) error) error {
		_, err := places.Read(t.Context(), file, path, fn, nil)
		return err
	}, directory.ImportOptions{Verified: true, Reason: "a test"}, nil)
	if err != nil || result.Added < 20_000 {
		t.Fatalf("import: %+v, %v", result, err)
	}
	t.Logf("%d places in %s", result.Added, time.Since(begin).Round(time.Millisecond))

	ids := map[string]string{}
	rows, err := site.DB.Pool().QueryContext(t.Context(), "SELECT source_id, id FROM businesses WHERE source = 'osm'")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var source, id string
		if err := rows.Scan(&source, &id); err != nil {
			t.Fatal(err)
		}
		ids[source] = id
	}
	scan, err := servertest.ReadScan(t.Context(), path, "Europe/Berlin", ids)
	if err != nil {
		t.Fatal(err)
	}
	n := 2000
	if testing.Short() {
		n = 200
	}
	questions := scan.Questions(n, 19, time.Date(2026, 3, 23, 0, 0, 0, 0, time.UTC)) // summer time begins in it
	report, err := scan.Compare(t.Context(), servertest.NewCaller(site.URL, 1), questions)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d questions, %d answers, distances within %.2g m", report.Questions, report.Answers, report.WorstM)
	if report.WorstM > 0.1 || report.Answers < 10*report.Questions {
		t.Errorf("%+v", report)
	}
}
