package demo_test

import (
	"testing"
	"time"

	"nearby/internal/account"
	"nearby/internal/audit"
	"nearby/internal/blob"
	"nearby/internal/catalog"
	"nearby/internal/clock"
	"nearby/internal/database"
	"nearby/internal/database/dbtest"
	"nearby/internal/demo"
	"nearby/internal/directory"
	"nearby/internal/ident"
	"nearby/internal/job"
)

var key = []byte("a key of thirty-two bytes, or more")

func rooms(t *testing.T, db *database.DB) demo.Rooms {
	t.Helper()
	now := clock.System
	ids := ident.Random
	log := audit.New(db, now, key)
	jobs := job.New(db, now, ids)
	accounts := account.New(db, log, jobs, now, ids, key)
	businesses := directory.New(db, accounts, log, now, ids, key)
	if err := businesses.Load(t.Context()); err != nil {
		t.Fatal(err)
	}
	photos, err := blob.Open("file:" + t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { photos.Close() })
	return demo.Rooms{
		DB: db, Clock: now, Accounts: accounts, Directory: businesses, Photos: photos,
		Catalog: catalog.New(db, accounts, businesses, photos, log, now, ids),
	}
}

func TestFill(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		r := rooms(t, db)
		begin := time.Now()
		steps := 0
		signIns, err := demo.Fill(t.Context(), r, func(done, total int) { steps++ })
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("filled in %s, %d steps, %v", time.Since(begin), steps, signIns)
	})
}
