package account

import (
	"bytes"
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"nearby/internal/audit"
	"nearby/internal/clock"
	"nearby/internal/database"
	"nearby/internal/errs"
	"nearby/internal/ident"
	"nearby/internal/job"
	"nearby/internal/mail"
)

// house is the room with its machines, a clock that stands, and the mails that
// were asked for.
type house struct {
	*Service
	clock *clock.Fake
	jobs  *job.Queue
	log   *audit.Log
	mails []Mail
}

var testKey = bytes.Repeat([]byte{7}, 32)

const goodPassword = "nine lives, one cat"

func newHouse(db *database.DB) *house {
	fake := clock.NewFake(time.Date(2026, 5, 4, 9, 0, 0, 0, time.UTC))
	h := &house{clock: fake, jobs: job.New(db, fake.Now, ident.Random), log: audit.New(db, fake.Now, testKey)}
	h.Service = New(db, h.log, h.jobs, fake.Now, ident.Random, testKey)
	h.jobs.Handle(mail.Job, func(_ context.Context, args json.RawMessage) error {
		var m Mail
		if err := json.Unmarshal(args, &m); err != nil {
			return err
		}
		h.mails = append(h.mails, m)
		return nil
	})
	return h
}

// post works the waiting mails and returns them.
func (h *house) post(t *testing.T) []Mail {
	t.Helper()
	h.mails = nil
	if _, err := h.jobs.RunDue(t.Context()); err != nil {
		t.Fatal(err)
	}
	return h.mails
}

func (h *house) add(t *testing.T, email string, roles ...Role) User {
	t.Helper()
	user, err := h.Add(t.Context(), audit.System, NewUser{Email: email, Name: "Ada Quay", Password: goodPassword, Roles: roles})
	if err != nil {
		t.Fatal(err)
	}
	return user
}

func (h *house) signIn(t *testing.T, email string) (Session, string) {
	t.Helper()
	session, token, err := h.SignIn(t.Context(), SignInInput{Email: email, Password: goodPassword}, "Firefox on Linux")
	if err != nil {
		t.Fatal(err)
	}
	return session, token
}

func wantErr(t *testing.T, err error, kind errs.Kind, code string) {
	t.Helper()
	if !errs.Is(err, kind) || !errs.Has(err, code) {
		t.Fatalf("error is %v, want %s %q", err, kind, code)
	}
}

// fieldCodes gives the wrong fields of an error as name:code.
func fieldCodes(err error) []string {
	var list []string
	if err != nil {
		for _, f := range errs.Of(err).Fields {
			list = append(list, f.Name+":"+f.Code)
		}
	}
	return list
}

func TestNormalizeEmail(t *testing.T) {
	for in, want := range map[string]string{
		"ada@example.org":                         "ada@example.org",
		"  Ada@EXAMPLE.Org ":                      "Ada@example.org",
		"a.b+c@sub.example.org":                   "a.b+c@sub.example.org",
		"ada@bücher.example":                      "ada@xn--bcher-kva.example",
		"jose\u0301@example.org":                  "jos\u00e9@example.org",
		"ada":                                     "",
		"ada@":                                    "",
		"@example.org":                            "",
		"ada@localhost":                           "",
		"ada@example.org.":                        "",
		"ada@@example.org":                        "",
		"Ada <ada@example.org>":                   "",
		"ada@example.org\r\nBcc: x@y":             "",
		"a\u200bda@example.org":                   "",
		"ada @example.org":                        "",
		"a@b@example.org":                         "",
		strings.Repeat("a", 243) + "@example.org": "",
	} {
		got, ok := NormalizeEmail(in)
		if got != want || ok != (want != "") {
			t.Errorf("NormalizeEmail(%q) = %q, %v; want %q", in, got, ok, want)
		}
	}
}

func TestNormalizeEmailIsStable(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		once, ok := NormalizeEmail(rapid.String().Draw(t, "local") + "@" + rapid.SampledFrom([]string{"Example.ORG", "bücher.de", "x.y"}).Draw(t, "domain"))
		if !ok {
			return
		}
		if twice, ok := NormalizeEmail(once); !ok || twice != once {
			t.Fatalf("%q becomes %q", once, twice)
		}
	})
}

func TestCleanName(t *testing.T) {
	for in, want := range map[string]string{
		"  Brot   und\tButter ": "Brot und Butter",
		"مخبز الميناء":          "مخبز الميناء",
		"می\u200cخواهم":         "می\u200cخواهم",
		"7":                     "7",
		"☕":                     "☕",
	} {
		if got, ok := CleanName(in); !ok || got != want {
			t.Errorf("CleanName(%q) = %q, %v; want %q", in, got, ok, want)
		}
	}
	for _, in := range []string{"", "  ", "\u200b", "a\u200bb", "a\u202eb", "a\x00b", "\u3164", "\u2800\u2800", "\u200d", "\u0301", "a\xffb"} {
		if got, ok := CleanName(in); ok {
			t.Errorf("CleanName(%q) = %q, want refused", in, got)
		}
	}
}

func TestCheckPassword(t *testing.T) {
	for password, want := range map[string]string{
		"":                                 "required",
		"short":                            "too_short",
		"ninechars":                        "too_short",
		"correct horse battery":            "",
		"пароль-гавань":                    "",
		strings.Repeat("é", 128) + "x":     "too_long",
		strings.Repeat("xyzé", 32):         "",
		"password123":                      "too_common",
		"PassWord123":                      "too_common",
		"!!Password2031":                   "too_common",
		"aaaaaaaaaaaaaa":                   "too_common",
		"ada.lovelace@example.org":         "too_common",
		"ada.lovelace":                     "too_common",
		"Ada Lovelace":                     "too_common",
		"ｐａｓｓｗｏｒｄ１２３":                      "too_common",
		"the tide is out at Portmere pier": "",
	} {
		got := ""
		if fields := checkPassword("password", password, "ada.lovelace@example.org", "Ada Lovelace"); len(fields) > 0 {
			got = fields[0].Code
		}
		if got != want {
			t.Errorf("checkPassword(%q) = %q, want %q", password, got, want)
		}
	}
	if len(common) < 200 {
		t.Errorf("the list of common passwords has only %d entries", len(common))
	}
}

func TestHashes(t *testing.T) {
	h := newHasher()
	stored, err := h.hash(t.Context(), "caf\u00e9 au lait, s'il te plai\u0302t")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(stored, "$argon2id$v=19$m=19456,t=2,p=1$") {
		t.Errorf("cost of %q is not the promised one", stored)
	}
	for password, want := range map[string]bool{
		"caf\u00e9 au lait, s'il te plai\u0302t": true,
		"cafe\u0301 au lait, s'il te plaît":      true, // the same letters from another keyboard
		"cafe au lait, s'il te plait":            false,
		"":                                       false,
	} {
		if got, err := h.matches(t.Context(), stored, password); err != nil || got != want {
			t.Errorf("matches(%q) = %v, %v; want %v", password, got, err, want)
		}
	}
	if got, err := h.matches(t.Context(), "", goodPassword); err != nil || got {
		t.Errorf("an unknown user matched: %v, %v", got, err)
	}
	if _, err := h.matches(t.Context(), "$2a$10$abc", goodPassword); !errs.Is(err, errs.Internal) {
		t.Errorf("a foreign hash gave %v", err)
	}
}

// A flood is answered from a bounded queue: four run, sixty-four wait, the next
// is told to come again, and who leaves the queue frees the place.
func TestHashQueueIsBounded(t *testing.T) {
	h := newHasher()
	var leave []func()
	for range hashesAtOnce {
		l, err := h.enter(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		leave = append(leave, l)
	}
	ctx, cancel := context.WithCancel(t.Context())
	waited := make(chan error)
	for range hashQueue {
		go func() {
			l, err := h.enter(ctx)
			if err == nil {
				l()
			}
			waited <- err
		}()
	}
	for h.waiting.Load() < hashQueue {
		time.Sleep(time.Millisecond)
	}
	_, err := h.enter(t.Context())
	wantErr(t, err, errs.Unavailable, "busy")
	if errs.Of(err).RetryAfter == 0 {
		t.Error("nobody says when to come again")
	}
	for _, l := range leave {
		l()
	}
	for range hashQueue {
		if err := <-waited; err != nil {
			t.Errorf("one in the queue got %v", err)
		}
	}
	cancel()
	if n := h.waiting.Load(); n != 0 {
		t.Errorf("%d still count as waiting", n)
	}
}

func TestRights(t *testing.T) {
	got := map[MemberRole][]Right{}
	for _, role := range []MemberRole{MemberOwner, MemberManager, MemberStaff, "cleaner", ""} {
		for _, right := range []Right{RightOrders, RightCatalog, RightProfile, RightRefund, RightPayout, RightStaff, RightClose} {
			if role.May(right) {
				got[role] = append(got[role], right)
			}
		}
	}
	want := map[MemberRole][]Right{
		"owner":   {"orders", "catalog", "profile", "refund", "payout", "staff", "close"},
		"manager": {"orders", "catalog", "profile", "refund"},
		"staff":   {"orders"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
