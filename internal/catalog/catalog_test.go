package catalog_test

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"slices"
	"testing"
	"time"

	"nearby/internal/account"
	"nearby/internal/audit"
	"nearby/internal/blob"
	"nearby/internal/catalog"
	"nearby/internal/clock"
	"nearby/internal/database"
	"nearby/internal/directory"
	"nearby/internal/errs"
	"nearby/internal/ident"
	"nearby/internal/job"
	"nearby/internal/money"
)

var testKey = bytes.Repeat([]byte{7}, 32)

// house is the room with what is below it, and a business with its owner.
type house struct {
	*catalog.Service
	db         *database.DB
	clock      *clock.Fake
	accounts   *account.Service
	businesses *directory.Service
	photos     *blob.Store
	log        *audit.Log
	owner      account.Actor
	business   directory.Business
}

func newHouse(t testing.TB, db *database.DB) *house {
	t.Helper()
	fake := clock.NewFake(time.Date(2026, 5, 4, 9, 0, 0, 0, time.UTC))
	log := audit.New(db, fake.Now, testKey)
	accounts := account.New(db, log, job.New(db, fake.Now, ident.Random), fake.Now, ident.Random, testKey)
	businesses := directory.New(db, accounts, log, fake.Now, ident.Random, testKey)
	photos, err := blob.Open("file:" + t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { photos.Close() })
	h := &house{
		Service: catalog.New(db, accounts, businesses, photos, log, fake.Now, ident.Random),
		db:      db, clock: fake, accounts: accounts, businesses: businesses, photos: photos, log: log,
	}
	businesses.SetSearchable(h.Searchable)
	h.owner, h.business = h.newBusiness(t, "Kiln and Quay")
	return h
}

func (h *house) user(t testing.TB, name string, role account.Role) account.Actor {
	t.Helper()
	user, err := h.accounts.Add(t.Context(), audit.System, account.NewUser{
		Email: name + "@example.org", Name: name, Password: "nine lives, one cat", Roles: []account.Role{role},
	})
	if err != nil {
		t.Fatal(err)
	}
	return user.As(role)
}

func (h *house) newBusiness(t testing.TB, name string) (account.Actor, directory.Business) {
	t.Helper()
	owner := h.user(t, "owner-"+ident.Random()[24:], account.Owner)
	b, err := h.businesses.Create(t.Context(), owner, directory.Profile{Name: name, Address: directory.Address{Country: "DE"}})
	if err != nil {
		t.Fatal(err)
	}
	return owner, b
}

// add makes a product that must be right.
func (h *house) add(t testing.TB, in catalog.ProductInput) catalog.Product {
	t.Helper()
	p, err := h.Add(t.Context(), h.owner, h.business.ID, in)
	if err != nil {
		t.Fatalf("%v %v", err, fields(err))
	}
	return p
}

// publish puts a product on sale.
func (h *house) publish(t testing.TB, p catalog.Product) catalog.Product {
	t.Helper()
	p, err := h.SetState(t.Context(), h.owner, h.business.ID, p.ID, catalog.Active, 0)
	if err != nil {
		t.Fatalf("%v %v", err, fields(err))
	}
	return p
}

// upload stores a small picture; shade tells pictures apart.
func (h *house) upload(t testing.TB, shade uint8) blob.Photo {
	t.Helper()
	img := image.NewGray(image.Rect(0, 0, 40, 30))
	for i := range img.Pix {
		img.Pix[i] = shade
	}
	img.SetGray(0, 0, color.Gray{255 - shade})
	var file bytes.Buffer
	if err := jpeg.Encode(&file, img, nil); err != nil {
		t.Fatal(err)
	}
	photo, err := h.Upload(t.Context(), h.owner, h.business.ID, &file)
	if err != nil {
		t.Fatal(err)
	}
	return photo
}

// actions are the audited actions on a product, in order.
func (h *house) actions(t testing.TB, productID string) []string {
	t.Helper()
	var found []string
	err := h.db.Conn(t.Context()).Table("audit_entries").Where("object = 'product' AND object_id = ?", productID).Order("seq").Pluck("action", &found).Error
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// fields are the wrong fields of an error as "name code", sorted.
func fields(err error) []string {
	if err == nil {
		return nil
	}
	var found []string
	for _, f := range errs.Of(err).Fields {
		found = append(found, f.Name+" "+f.Code)
	}
	slices.Sort(found)
	return found
}

func eur(minor int64) money.Amount { return money.New(minor, "EUR") }

func offer(price string) catalog.Offer { return catalog.Offer{Price: catalog.Typed(price)} }

// counted is an offer of n pieces.
func counted(price string, n int64) catalog.Offer {
	return catalog.Offer{Price: catalog.Typed(price), Counted: true, Stock: catalog.Count(n)}
}

// mug comes in two sizes and two colours.
func mug() catalog.ProductInput {
	return catalog.ProductInput{
		Title: "Speckled mug", Description: "320 ml, oat glaze", Section: "For the table", TaxMpct: 19_000,
		Options: []catalog.Option{{Name: "Size", Values: []string{"S", "L"}}, {Name: "Glaze", Values: []string{"Oat", "Ink"}}},
		Offer:   counted("24,00", 5), Fill: true,
	}
}

// screws is a product with n of the 800 variants that its options allow.
func screws(n int) catalog.ProductInput {
	in := catalog.ProductInput{Title: "Screw"}
	var lengths, threads []string
	for i := range 20 {
		lengths = append(lengths, fmt.Sprint(10+5*i, " mm"))
		threads = append(threads, fmt.Sprint("M", i+2))
	}
	heads := []string{"hex", "flat"}
	in.Options = []catalog.Option{{Name: "Length", Values: lengths}, {Name: "Thread", Values: threads}, {Name: "Head", Values: heads}}
	for i := range n {
		o := counted("0.25", int64(i))
		o.SKU = fmt.Sprint("SCR-", i)
		in.Variants = append(in.Variants, catalog.VariantInput{
			Options: []string{lengths[i%20], threads[i/20%20], heads[i/400]}, Offer: o,
		})
	}
	return in
}

func inTx(t testing.TB, db *database.DB, fn func(ctx context.Context) error) {
	t.Helper()
	if err := db.Tx(t.Context(), fn); err != nil {
		t.Fatal(err)
	}
}

func usd(minor int64) money.Amount { return money.New(minor, "USD") }
