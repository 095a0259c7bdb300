package demo_test

import (
	"net/http/httptest"
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
	"nearby/internal/payment"
	"nearby/internal/payout"
	"nearby/internal/stripesandbox"
	"nearby/internal/verification"
)

var key = []byte("a key of thirty-two bytes, or more")

// rooms opens every room on a database; with cards, a payment provider too.
func rooms(t *testing.T, db *database.DB, cards bool) demo.Rooms {
	t.Helper()
	now, ids := clock.System, ident.Random
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
	deps := payout.Deps{
		DB: db, Clock: now, IDs: ids, Audit: log, Jobs: jobs, Accounts: accounts, Directory: businesses,
		Install: "test", BaseURL: "http://127.0.0.1:1",
	}
	if cards {
		deps.Gateway = provider(t)
	}
	return demo.Rooms{
		DB: db, Clock: now, Accounts: accounts, Directory: businesses, Photos: photos, Payout: payout.New(deps),
		Verification: verification.New(db, accounts, businesses, log, jobs, now, ids),
		Catalog:      catalog.New(db, accounts, businesses, photos, log, now, ids),
	}
}

// provider starts a sandbox of the payment provider.
func provider(t *testing.T) payment.Gateway {
	t.Helper()
	const apiKey = stripesandbox.KeyPrefix + "OfTheDemo"
	sandbox, err := stripesandbox.New(stripesandbox.Options{Key: apiKey})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := sandbox.Close(); err != nil {
			t.Error(err)
		}
	})
	server := httptest.NewServer(sandbox.API())
	t.Cleanup(server.Close)
	gateway, err := payment.NewStripe(payment.Config{
		Mode: payment.ModeSandbox, Key: apiKey, BaseURL: server.URL, WebhookSecrets: []string{"whsec_ofTheOperator"}, ConnectSecrets: []string{"whsec_ofTheBusinesses"},
	})
	if err != nil {
		t.Fatal(err)
	}
	return gateway
}

func TestFill(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		r := rooms(t, db, true)
		begin := time.Now()
		steps := 0
		signIns, err := demo.Fill(t.Context(), r, func(done, total int) { steps++ })
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("filled in %s, %d steps, %v", time.Since(begin), steps, signIns)
	})
}
