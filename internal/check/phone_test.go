package check_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"nearby/internal/account"
	"nearby/internal/check"
	"nearby/internal/database"
	"nearby/internal/database/dbtest"
	"nearby/internal/directory"
	"nearby/internal/errs"
	"nearby/internal/gatewaysandbox"
)

func (h *house) askCode() (check.Check, error) {
	h.t.Helper()
	c, err := h.Begin(h.t.Context(), h.ada, h.bakery.ID, check.BeginInput{Method: check.Phone})
	_, jobErr := h.jobs.RunDue(h.t.Context())
	h.must(jobErr)
	return c, err
}

func (h *house) typeCode(code string) error {
	_, err := h.Answer(h.t.Context(), h.ada, h.bakery.ID, check.Phone, code)
	return err
}

// spent is what today's codes cost.
func (h *house) spent() (spent, refunded int64) {
	h.t.Helper()
	bills, _, err := h.Bills(h.t.Context(), h.opal)
	h.must(err)
	for _, b := range bills {
		spent, refunded = spent+b.Spent, refunded+b.Refunded
	}
	return spent, refunded
}

func TestPhoneCode(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		h := newHouse(t, db)
		_, err := h.askCode()
		h.must(err)
		sent := h.gateway.Messages()
		if len(sent) != 1 || len(sent[0].Code) != 6 || sent[0].Number != h.bakery.Phone || sent[0].Life != 10*time.Minute {
			t.Fatalf("sent: %+v", sent)
		}
		// Nothing at rest holds the code, or the number where codes are counted.
		var rows []map[string]any
		h.must(db.Conn(t.Context()).Raw("SELECT * FROM phone_codes").Scan(&rows).Error)
		text := fmt.Sprint(rows)
		h.must(db.Conn(t.Context()).Raw("SELECT id, target, note, reason FROM checks").Scan(&rows).Error)
		if text += fmt.Sprint(rows); strings.Contains(text, sent[0].Code) || strings.Contains(text, strings.TrimPrefix(h.bakery.Phone, "+")) {
			t.Errorf("at rest: %s", text)
		}
		h.must(h.typeCode(sent[0].Code[:3] + " " + sent[0].Code[3:]))
		if !h.counts(check.Phone) {
			t.Error("it does not count")
		}
		if spent, _ := h.spent(); spent != 1 {
			t.Errorf("it cost %d", spent)
		}
	})
}

// A telephone that Telegram does not reach gets a text message; one that nobody
// reaches ends the check, and costs nothing.
func TestSendersFallBack(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		h := newHouse(t, db)
		h.edit(func(p *directory.Profile) { p.Phone = "+49 30 7505" + gatewaysandbox.EndUnknown })
		_, err := h.askCode()
		h.must(err)
		if len(h.texts) != 1 || len(h.gateway.Messages()) != 0 {
			t.Fatalf("texts %q, messages %v", h.texts, h.gateway.Messages())
		}
		if spent, _ := h.spent(); spent != 8 {
			t.Errorf("it cost %d", spent)
		}
		h.must(h.typeCode(h.texts[0][:6]))
		h.gateway.Down(true)
		h.sms.Close()
		_, err = h.askCode()
		h.must(err)
		h.wantErr(h.typeCode("123456"), errs.Conflict, "no_open_check")
		if spent, _ := h.spent(); spent != 8 {
			t.Errorf("what nobody took cost %d", spent-8)
		}
		_, senders, err := h.Bills(t.Context(), h.opal)
		h.must(err)
		if senders[0].Name != "telegram" || senders[0].Failed != 2 || senders[1].Sent != 2 || senders[1].Passed != 1 || senders[1].Cost != 8 {
			t.Errorf("figures: %+v", senders)
		}
		if _, _, err := h.Bills(t.Context(), h.vera); !errs.Has(err, "wrong_role") {
			t.Errorf("a verifier reads the bill: %v", err)
		}
	})
}

// Reports are signed, taken once however often they come, and a code that never
// arrived is given back once.
func TestReportsAndRefunds(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		h := newHouse(t, db)
		ctx := t.Context()
		h.edit(func(p *directory.Profile) { p.Phone = "+49 30 7505" + gatewaysandbox.EndAsleep })
		_, err := h.askCode()
		h.must(err)
		id := h.gateway.Messages()[0].RequestID
		report := func(status string, refunded bool) (string, string, []byte) {
			body, err := json.Marshal(map[string]any{"request_id": id, "is_refunded": refunded, "delivery_status": map[string]any{"status": status, "updated_at": h.clock.Now().Unix()}})
			h.must(err)
			at, signature := gatewaysandbox.Sign("secret", h.clock.Now(), body)
			return at, signature, body
		}
		at, signature, body := report("expired", true)
		for name, forged := range map[string]error{
			"another body":   h.Reported(ctx, "telegram", at, signature, append(body, ' ')),
			"another time":   h.Reported(ctx, "telegram", at+"0", signature, body),
			"no signature":   h.Reported(ctx, "telegram", at, "", body),
			"another sender": h.Reported(ctx, "sms", at, signature, body),
		} {
			if !errs.Has(forged, "bad_signature") && !errs.Is(forged, errs.NotFound) {
				t.Errorf("%s: %v", name, forged)
			}
		}
		h.clock.Advance(6 * time.Minute)
		h.wantErr(h.Reported(ctx, "telegram", at, signature, body), errs.Malformed, "bad_signature")
		at, signature, body = report("expired", true)
		var group sync.WaitGroup
		for range 20 {
			group.Go(func() {
				if err := h.Reported(ctx, "telegram", at, signature, body); err != nil {
					t.Error(err)
				}
			})
		}
		group.Wait()
		h.clock.Advance(time.Second)
		again, sign, body2 := report("expired", true)
		h.must(h.Reported(ctx, "telegram", again, sign, body2))
		if spent, refunded := h.spent(); spent != 0 || refunded != 1 {
			t.Errorf("spent %d, given back %d", spent, refunded)
		}
		// Where no report came, the sender is asked.
		h.clock.Advance(time.Hour)
		_, err = h.askCode()
		h.must(err)
		h.clock.Advance(20 * time.Minute)
		h.must(h.Sweep(ctx))
		if spent, refunded := h.spent(); spent != 0 || refunded != 2 {
			t.Errorf("after asking: spent %d, given back %d", spent, refunded)
		}
	})
}

// Acceptance: ten thousand bad tries guess nothing, do not lock the owner out,
// and cost no more than the caps allow.
func TestTenThousandBadTries(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		h := newHouse(t, db)
		ctx := check.FromNetwork(t.Context(), "203.0.113.0/24")
		compared, guess := 0, 0
		for tries := 0; tries < 10_000; {
			_, _ = h.Begin(ctx, h.ada, h.bakery.ID, check.BeginInput{Method: check.Phone})
			for range 100 {
				guess++
				_, err := h.Answer(ctx, h.ada, h.bakery.ID, check.Phone, fmt.Sprintf("%06d", guess*97%1_000_000))
				tries++
				switch {
				case err == nil:
					t.Fatalf("the try %d guessed the code", tries)
				case errs.Has(err, "no_open_check"):
				default:
					compared++
				}
			}
			h.clock.Advance(5 * time.Minute)
		}
		_, err := h.jobs.RunDue(t.Context())
		h.must(err)
		// 10,000 tries took 8 hours and 20 minutes here: one account may ask for five
		// codes in that time, and each takes five tries.
		if compared > 5*5 {
			t.Errorf("%d answers were compared", compared)
		}
		if spent, _ := h.spent(); spent > 5*8 {
			t.Errorf("it cost %d", spent)
		}
		// The owner gets in at once by another check, and by this one the next day.
		h.prove(check.Postcard, proofs[check.Postcard])
		h.clock.Advance(24 * time.Hour)
		_, err = h.askCode()
		h.must(err)
		sent := h.gateway.Messages()
		h.must(h.typeCode(sent[len(sent)-1].Code))
	})
}

// Caps hold beside that of one business: an account's over all of its
// businesses, a number's over all accounts, a network's over both.
func TestCodesAreCapped(t *testing.T) {
	h := newHouse(t, dbtest.SQLite(t))
	made := 0
	ask := func(owner account.Actor, phone, network string) error {
		t.Helper()
		made++
		in := profile(fmt.Sprintf("Shop %d", made))
		in.Phone = phone
		b, err := h.dir.Create(t.Context(), owner, in)
		h.must(err)
		_, err = h.Begin(check.FromNetwork(t.Context(), network), owner, b.ID, check.BeginInput{Method: check.Phone})
		return err
	}
	number := func(n int) string { return fmt.Sprintf("+49307505%04d", 1000+n) }
	for i := range 5 {
		h.must(ask(h.ada, number(i), ""))
	}
	h.wantErr(ask(h.ada, number(5), ""), errs.TooMany, "too_often")
	for i := range 10 {
		h.must(ask(h.user(fmt.Sprintf("owner%d", i)), number(9), ""))
	}
	h.wantErr(ask(h.eve, number(9), ""), errs.TooMany, "too_often")
	h.must(ask(h.eve, number(10), ""))
	for i := range 30 {
		h.must(ask(h.user(fmt.Sprintf("neighbour%d", i)), number(20+i), "203.0.113.0/24"))
	}
	h.wantErr(ask(h.user("late"), number(60), "203.0.113.0/24"), errs.TooMany, "too_often")
	h.must(ask(h.user("elsewhere"), number(61), "198.51.100.0/24"))
	h.clock.Advance(25 * time.Hour)
	h.must(ask(h.ada, number(5), "203.0.113.0/24"))
}

// However many ask at one moment, and from however many accounts: the budget of
// a day holds.
func TestTheBillIsCapped(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		h := newHouse(t, db)
		h.phones.Budget = 3
		h.open()
		var group sync.WaitGroup
		for i := range 8 {
			owner := h.user(fmt.Sprintf("owner%d", i))
			b := h.business(owner, fmt.Sprintf("Shop %d", i))
			group.Go(func() {
				_, err := h.Begin(context.WithoutCancel(t.Context()), owner, b.ID, check.BeginInput{Method: check.Phone})
				if err != nil && !errs.Has(err, "phone_budget") {
					t.Error(err)
				}
			})
		}
		group.Wait()
		_, err := h.jobs.RunDue(t.Context())
		h.must(err)
		if spent, _ := h.spent(); spent != 3 || len(h.gateway.Messages()) != 3 {
			t.Errorf("spent %d of 3, %d messages", spent, len(h.gateway.Messages()))
		}
		_, err = h.askCode()
		h.wantErr(err, errs.Unavailable, "phone_budget")
	})
}
