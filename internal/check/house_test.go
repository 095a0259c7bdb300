package check_test

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"nearby/internal/account"
	"nearby/internal/audit"
	"nearby/internal/check"
	"nearby/internal/clock"
	"nearby/internal/database"
	"nearby/internal/directory"
	"nearby/internal/errs"
	"nearby/internal/gatewaysandbox"
	"nearby/internal/ident"
	"nearby/internal/job"
	"nearby/internal/mail"
	"nearby/internal/payment"
	"nearby/internal/payout"
	"nearby/internal/phone"
	"nearby/internal/probe/probetest"
	"nearby/internal/stripesandbox"
)

// house is the room with those below it, an Internet and a payment provider of
// its own, and a clock that stands.
type house struct {
	*check.Service
	t        *testing.T
	db       *database.DB
	clock    *clock.Fake
	jobs     *job.Queue
	log      *audit.Log
	accounts *account.Service
	dir      *directory.Service
	payouts  *payout.Service
	world    *probetest.World
	mails    []account.Mail
	gateway  *gatewaysandbox.Sandbox
	sms      *httptest.Server
	texts    []string
	phones   check.Phones

	ada, eve, vera, opal account.Actor
	bakery               directory.Business
}

var testKey = bytes.Repeat([]byte{3}, 32)

const sandboxKey = stripesandbox.KeyPrefix + "checks"

func newHouse(t *testing.T, db *database.DB) *house {
	t.Helper()
	fake := clock.NewFake(time.Date(2026, 5, 4, 9, 0, 0, 0, time.UTC))
	h := &house{t: t, db: db, clock: fake, jobs: job.New(db, fake.Now, ident.Random), log: audit.New(db, fake.Now, testKey), world: probetest.New(t)}
	h.accounts = account.New(db, h.log, h.jobs, fake.Now, ident.Random, testKey)
	h.dir = directory.New(db, h.accounts, h.log, fake.Now, ident.Random, testKey)
	h.payouts = payout.New(payout.Deps{
		DB: db, Clock: fake.Now, IDs: ident.Random, Audit: h.log, Jobs: h.jobs, Accounts: h.accounts, Directory: h.dir,
		Gateway: gateway(t, fake), Install: "test", BaseURL: "http://127.0.0.1:1",
	})
	h.openPhones()
	h.open()
	for _, one := range []struct {
		name string
		into *account.Actor
		role account.Role
	}{{"ada", &h.ada, ""}, {"eve", &h.eve, ""}, {"vera", &h.vera, account.Verifier}, {"opal", &h.opal, account.Operator}} {
		new := account.NewUser{Email: one.name + "@example.org", Name: one.name, Password: "nine lives, one cat"}
		if one.role != "" {
			new.Roles = []account.Role{one.role}
		}
		user, err := h.accounts.Add(t.Context(), audit.System, new)
		h.must(err)
		*one.into = user.As(account.Owner)
		if one.role != "" {
			*one.into = user.As(one.role)
		}
	}
	h.bakery = h.business(h.ada, "Harbour Buns")
	return h
}

// openPhones makes the Gateway's stand-in, with text messages behind it.
func (h *house) openPhones() {
	h.t.Helper()
	h.gateway = gatewaysandbox.New(gatewaysandbox.Options{Token: "secret", Clock: h.clock.Now})
	front := httptest.NewServer(h.gateway)
	h.t.Cleanup(front.Close)
	h.sms = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var in map[string]string
		if json.NewDecoder(r.Body).Decode(&in) != nil || r.Header.Get("Authorization") != "Bearer word" {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		h.texts = append(h.texts, in["text"])
	}))
	h.t.Cleanup(h.sms.Close)
	senders, err := phone.Open([]string{
		"telegram-gateway://" + strings.TrimPrefix(front.URL, "http://") + "?price=1", "sms+http://:word@" + strings.TrimPrefix(h.sms.URL, "http://") + "/?price=8",
	}, "secret", "")
	h.must(err)
	h.phones = check.Phones{Senders: senders, Budget: 2000, Currency: "USD"}
}

// open makes the room; again, as after a restart.
func (h *house) open() {
	h.t.Helper()
	var err error
	h.jobs = job.New(h.db, h.clock.Now, ident.Random)
	h.jobs.Handle(mail.Job, func(_ context.Context, raw json.RawMessage) error {
		var m account.Mail
		err := json.Unmarshal(raw, &m)
		h.mails = append(h.mails, m)
		return err
	})
	h.Service, err = check.New(check.Deps{
		DB: h.db, Clock: h.clock.Now, IDs: ident.Random, Audit: h.log, Jobs: h.jobs, Accounts: h.accounts, Directory: h.dir, Payout: h.payouts,
		Web: h.world.Client(), Key: testKey, Phones: h.phones,
	})
	h.must(err)
}

func gateway(t *testing.T, fake *clock.Fake) payment.Gateway {
	t.Helper()
	sandbox, err := stripesandbox.New(stripesandbox.Options{Key: sandboxKey, Clock: fake.Now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { sandbox.Close() })
	front := httptest.NewServer(sandbox.API())
	t.Cleanup(front.Close)
	g, err := payment.NewStripe(payment.Config{Mode: payment.ModeSandbox, Key: sandboxKey, BaseURL: front.URL, WebhookSecrets: []string{"whsec_ofTheChecksOperator", "whsec_ofTheChecksBusinesses"}})
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func (h *house) must(err error) {
	h.t.Helper()
	if err != nil {
		h.t.Fatal(err)
	}
}

func profile(name string) directory.Profile {
	lat, lng := 52.5, 13.4
	return directory.Profile{
		Name: name, Category: "bakery", Phone: "030 7505 4321", Email: "hello@example.org", Website: "https://www.buns.example/",
		Address: directory.Address{Street: "Quay Street", HouseNumber: "4", Postcode: "10115", City: "Portmere", Country: "DE"},
		Lat:     &lat, Lng: &lng, Hours: "Mo-Fr 08:00-18:00", LegalName: "Quay Ltd", RegisterNumber: "HRB 1", Certified: true,
	}
}

func (h *house) business(owner account.Actor, name string) directory.Business {
	h.t.Helper()
	b, err := h.dir.Create(h.t.Context(), owner, profile(name))
	h.must(err)
	return b
}

// list puts the bakery through its life to the approval, and has it looked after.
func (h *house) list() {
	h.t.Helper()
	h.must(h.dir.Change(h.t.Context(), h.bakery.ID, func(b *directory.Business) error {
		for event, role := range map[directory.Event]account.Role{directory.EventSubmit: account.Owner} {
			h.must(b.Move(event, role, h.clock.Now()))
		}
		h.must(b.Move(directory.EventTake, account.Verifier, h.clock.Now()))
		return b.Move(directory.EventApprove, account.Verifier, h.clock.Now())
	}))
	b, err := h.dir.Get(h.t.Context(), h.bakery.ID)
	h.must(err)
	h.must(h.db.Tx(h.t.Context(), func(ctx context.Context) error { return h.Approved(ctx, b, h.Policy()) }))
}

func (h *house) standing() check.Standing {
	h.t.Helper()
	b, err := h.dir.Get(h.t.Context(), h.bakery.ID)
	h.must(err)
	s, err := h.Standing(h.t.Context(), b, h.Policy())
	h.must(err)
	return s
}

func (h *house) counts(method check.Name) bool {
	h.t.Helper()
	for _, c := range h.standing().Counting {
		if c.Method == method {
			return true
		}
	}
	return false
}

// edit changes the business as its owner may while it is a draft.
func (h *house) edit(change func(*directory.Profile)) {
	h.t.Helper()
	b, err := h.dir.Get(h.t.Context(), h.bakery.ID)
	h.must(err)
	p := b.Profile()
	change(&p)
	_, err = h.dir.Update(h.t.Context(), h.ada, b.ID, 0, p)
	h.must(err)
}

// day goes on, and does what is due.
func (h *house) day(days int) []string {
	h.t.Helper()
	h.clock.Advance(time.Duration(days) * 24 * time.Hour)
	h.mails = nil
	h.must(h.Sweep(h.t.Context()))
	_, err := h.jobs.RunDue(h.t.Context())
	h.must(err)
	var told []string
	for _, m := range h.mails {
		told = append(told, m.Template)
	}
	return told
}

func (h *house) state() directory.State {
	h.t.Helper()
	b, err := h.dir.Get(h.t.Context(), h.bakery.ID)
	h.must(err)
	return b.State
}

// openTill has the owner fill in the provider's forms.
func (h *house) openTill() {
	h.t.Helper()
	link, err := h.payouts.Start(h.t.Context(), h.ada, h.bakery.ID)
	h.must(err)
	form, err := url.Parse(link)
	h.must(err)
	answer, err := http.Get(form.String())
	h.must(err)
	answer.Body.Close()
	fields := form.Query()
	fields.Set("action", "finish")
	form.RawQuery = ""
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	answer, err = client.PostForm(form.String(), fields)
	h.must(err)
	answer.Body.Close()
	_, err = h.payouts.Refresh(h.t.Context(), h.bakery.ID)
	h.must(err)
}

func (h *house) wantErr(err error, kind errs.Kind, code string) {
	h.t.Helper()
	has := errs.Has(err, code)
	if err != nil {
		for _, f := range errs.Of(err).Fields {
			has = has || f.Code == code
		}
	}
	if !errs.Is(err, kind) || !has {
		h.t.Errorf("error is %v, want %s %q", err, kind, code)
	}
}

func (h *house) user(name string) account.Actor {
	h.t.Helper()
	user, err := h.accounts.Add(h.t.Context(), audit.System, account.NewUser{Email: name + "@example.org", Name: name, Password: "nine lives, one cat"})
	h.must(err)
	return user.As(account.Owner)
}
