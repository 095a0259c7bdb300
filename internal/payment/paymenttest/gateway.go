// Package paymenttest is a payment gateway that moves no money: it keeps
// sessions, refunds and accounts in memory, fails on demand, and panics when
// it is called inside a database transaction.
package paymenttest

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"nearby/internal/clock"
	"nearby/internal/database"
	"nearby/internal/payment"
)

// Call is one call that reached the gateway.
type Call struct {
	Op      string
	Account string
	ID      string
	Key     payment.Key
}

// Fault makes calls of an op fail. With Done the call has its effect first and
// only its answer is lost.
type Fault struct {
	Op    string
	Err   error
	Done  bool
	Times int // 0: every time
}

// Gateway is the stand-in. The zero value is not usable; see New.
type Gateway struct {
	now clock.Clock

	mu       sync.Mutex
	n        int
	sessions map[payment.Ref]*payment.Session
	fees     map[payment.Ref]int64
	refunds  []payment.Refund
	appFees  map[string]*payment.Fee
	accounts map[string]*payment.Account
	gone     map[string]bool
	replies  map[string]any // by account and key
	faults   []*Fault
	calls    []Call
}

// New makes a gateway with the operator's account and no business's.
func New(now clock.Clock) *Gateway {
	return &Gateway{
		now: now, sessions: map[payment.Ref]*payment.Session{}, fees: map[payment.Ref]int64{}, appFees: map[string]*payment.Fee{},
		accounts: map[string]*payment.Account{}, gone: map[string]bool{}, replies: map[string]any{},
	}
}

// Fail adds a fault.
func (g *Gateway) Fail(f Fault) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.faults = append(g.faults, &f)
}

// Heal removes all faults.
func (g *Gateway) Heal() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.faults = nil
}

// Calls lists the calls so far; op "" means all.
func (g *Gateway) Calls(op string) []Call {
	g.mu.Lock()
	defer g.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(g.calls), func(c Call) bool { return op != "" && c.Op != op })
}

// Activate lets an account take cards, as finished onboarding does.
func (g *Gateway) Activate(account string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	a := g.accounts[account]
	a.ChargesEnabled, a.PayoutsEnabled, a.DetailsSubmitted, a.CardPayments = true, true, true, payment.CapabilityActive
	a.CurrentlyDue = nil
}

// Restrict stops an account from taking cards.
func (g *Gateway) Restrict(account string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.accounts[account].ChargesEnabled, g.accounts[account].DisabledReason = false, "requirements.past_due"
}

// Disconnect makes an account unreachable.
func (g *Gateway) Disconnect(account string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.gone[account] = true
}

// call notes a call and returns the error it shall fail with before anything
// happens; after is the error that replaces a successful answer.
func (g *Gateway) call(ctx context.Context, c Call) (after, before error) {
	if database.InTx(ctx) {
		panic("paymenttest: " + c.Op + " inside a database transaction")
	}
	g.calls = append(g.calls, c)
	if c.Account != "" && g.gone[c.Account] {
		return nil, payment.Fail(payment.Gone, c.Op, "account_invalid")
	}
	for i, f := range g.faults {
		if f.Op != c.Op {
			continue
		}
		if f.Times > 0 {
			if f.Times--; f.Times == 0 {
				g.faults = slices.Delete(g.faults, i, i+1)
			}
		}
		if f.Done {
			return f.Err, nil
		}
		return nil, f.Err
	}
	return nil, nil
}

func (g *Gateway) id(prefix string) string {
	g.n++
	return fmt.Sprintf("%s_%08d", prefix, g.n)
}

// once replays the first answer under (account, key).
func once[T any](g *Gateway, account string, key payment.Key, do func() (T, error)) (T, error) {
	name := account + "\x00" + string(key)
	if reply, ok := g.replies[name]; ok {
		return reply.(T), nil
	}
	reply, err := do()
	if err == nil {
		g.replies[name] = reply
	}
	return reply, err
}

// OpenSession makes a session on an account that can take cards.
func (g *Gateway) OpenSession(ctx context.Context, key payment.Key, in payment.SessionInput) (payment.Session, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	after, before := g.call(ctx, Call{"open", in.Account, "", key})
	if before != nil {
		return payment.Session{}, before
	}
	s, err := once(g, in.Account, key, func() (payment.Session, error) {
		a := g.accounts[in.Account]
		switch {
		case a == nil || !a.ChargesEnabled:
			return payment.Session{}, payment.Fail(payment.Refused, "open", "account_not_ready")
		case in.ExpiresAt.Sub(g.now()) < 30*time.Minute:
			return payment.Session{}, &payment.Error{Outcome: payment.Refused, Op: "open", Code: "parameter_invalid_integer", Param: "expires_at"}
		}
		s := payment.Session{
			Ref: payment.Ref{Account: in.Account, ID: g.id("cs_test_a1b2c3d4e5")}, Status: payment.SessionOpen, PaymentStatus: payment.StatusUnpaid,
			Currency: in.Currency, Total: in.Total(), ClientReference: in.Order, CreatedAt: g.now(), ExpiresAt: in.ExpiresAt,
			Metadata: map[string]string{payment.MetaInstall: in.Install, payment.MetaOrder: in.Order, payment.MetaPayment: in.Payment},
		}
		s.URL = "https://checkout.stripe.com/c/pay/" + s.ID
		g.sessions[s.Ref] = &s
		g.fees[s.Ref] = in.Fee
		return s, nil
	})
	if err == nil {
		err = after
	}
	return s, err
}

// Pay does what a shopper with a good card does.
func (g *Gateway) Pay(ref payment.Ref) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	s := g.sessions[ref]
	if s == nil || s.Status != payment.SessionOpen || !s.ExpiresAt.After(g.now()) {
		return payment.Fail(payment.Refused, "pay", "session_not_open")
	}
	fee := g.fees[ref]
	s.Status, s.PaymentStatus, s.URL = payment.SessionComplete, payment.StatusPaid, ""
	s.Intent = &payment.Intent{
		ID: g.id("pi"), Status: payment.IntentSucceeded, Amount: s.Total, Received: s.Total, Metadata: s.Metadata,
		Charge: &payment.Charge{
			ID: g.id("ch"), Paid: true, Amount: s.Total, CardBrand: "visa", CardLast4: "4242", MovementID: g.id("txn"),
			StripeFee: s.Total*29/1000 + 30, AppFee: fee, Settles: s.Currency,
		},
	}
	if fee > 0 {
		s.Intent.Fee, s.Intent.Charge.FeeID = &fee, g.id("fee")
		g.appFees[s.Intent.Charge.FeeID] = &payment.Fee{ID: s.Intent.Charge.FeeID, Account: ref.Account, Amount: fee, Currency: s.Currency}
	}
	return nil
}

// Change edits a session as nobody should: for the checks before "paid".
func (g *Gateway) Change(ref payment.Ref, fn func(*payment.Session)) {
	g.mu.Lock()
	defer g.mu.Unlock()
	fn(g.sessions[ref])
}

// Sessions lists what exists, oldest first.
func (g *Gateway) Sessions() []payment.Session {
	g.mu.Lock()
	defer g.mu.Unlock()
	var all []payment.Session
	for _, s := range g.sessions {
		all = append(all, copySession(s))
	}
	slices.SortFunc(all, func(a, b payment.Session) int {
		if a.ID < b.ID {
			return -1
		}
		return 1
	})
	return all
}

func copySession(s *payment.Session) payment.Session {
	out := *s
	out.Metadata = maps.Clone(s.Metadata)
	if s.Intent != nil {
		intent := *s.Intent
		if intent.Charge != nil {
			charge := *intent.Charge
			intent.Charge = &charge
		}
		out.Intent = &intent
	}
	return out
}

// ExpireSession closes an open session and refuses any other.
func (g *Gateway) ExpireSession(ctx context.Context, key payment.Key, ref payment.Ref) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	after, before := g.call(ctx, Call{"expire", ref.Account, ref.ID, key})
	if before != nil {
		return before
	}
	_, err := once(g, ref.Account, key, func() (bool, error) {
		s := g.sessions[ref]
		switch {
		case s == nil:
			return false, payment.Fail(payment.Refused, "expire", "resource_missing")
		case s.Status != payment.SessionOpen:
			return false, payment.Fail(payment.Refused, "expire", "session_not_open")
		}
		s.Status, s.URL = payment.SessionExpired, ""
		return true, nil
	})
	if err == nil {
		err = after
	}
	return err
}

// Session reads a session; one past its end is expired.
func (g *Gateway) Session(ctx context.Context, ref payment.Ref) (payment.Session, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	after, before := g.call(ctx, Call{"session", ref.Account, ref.ID, ""})
	if before != nil || after != nil {
		return payment.Session{}, first(before, after)
	}
	s := g.sessions[ref]
	if s == nil {
		return payment.Session{}, payment.Fail(payment.Refused, "session", "resource_missing")
	}
	if s.Status == payment.SessionOpen && !s.ExpiresAt.After(g.now()) {
		s.Status, s.URL = payment.SessionExpired, ""
	}
	return copySession(s), nil
}

// FindSessions lists sessions of an account, newest first.
func (g *Gateway) FindSessions(ctx context.Context, account string, filter payment.SessionFilter) ([]payment.Session, error) {
	g.mu.Lock()
	after, before := g.call(ctx, Call{"find", account, filter.Intent, ""})
	g.mu.Unlock()
	if before != nil || after != nil {
		return nil, first(before, after)
	}
	var found []payment.Session
	for _, s := range g.Sessions() {
		if s.Account == account && !s.CreatedAt.Before(filter.Since) && (filter.Intent == "" || s.Intent != nil && s.Intent.ID == filter.Intent) {
			found = append(found, s)
		}
	}
	slices.Reverse(found)
	return found, nil
}

func first(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// Capture is refused: what this gateway pays is paid at once.
func (g *Gateway) Capture(ctx context.Context, key payment.Key, intent payment.Ref, _, _ int64) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	_, before := g.call(ctx, Call{"capture", intent.Account, intent.ID, key})
	return first(before, payment.Fail(payment.Refused, "capture", "payment_intent_unexpected_state"))
}

// Void is refused like Capture.
func (g *Gateway) Void(ctx context.Context, key payment.Key, intent payment.Ref) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	_, before := g.call(ctx, Call{"void", intent.Account, intent.ID, key})
	return first(before, payment.Fail(payment.Refused, "void", "payment_intent_unexpected_state"))
}

// Refund gives money back, never more than was charged.
func (g *Gateway) Refund(ctx context.Context, key payment.Key, in payment.RefundInput) (payment.Refund, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	after, before := g.call(ctx, Call{"refund", in.Account, in.Intent, key})
	if before != nil {
		return payment.Refund{}, before
	}
	r, err := once(g, in.Account, key, func() (payment.Refund, error) {
		for _, s := range g.sessions {
			if s.Account != in.Account || s.Intent == nil || s.Intent.ID != in.Intent {
				continue
			}
			charge := s.Intent.Charge
			if charge.Refunded+in.Amount > charge.Amount {
				return payment.Refund{}, payment.Fail(payment.Refused, "refund", "charge_already_refunded")
			}
			charge.Refunded += in.Amount
			if fee := g.appFees[charge.FeeID]; fee != nil && !in.KeepFee {
				fee.Refunded = fee.Amount * charge.Refunded / charge.Amount
			}
			r := payment.Refund{
				Ref: payment.Ref{Account: in.Account, ID: g.id("re")}, Intent: in.Intent, Charge: charge.ID, Amount: in.Amount,
				Currency: s.Currency, Status: payment.RefundSucceeded, MovementID: g.id("txn"), CreatedAt: g.now(),
				Metadata: map[string]string{payment.MetaInstall: in.Install, payment.MetaOrder: in.Order, payment.MetaRefund: in.Refund},
			}
			g.refunds = append(g.refunds, r)
			return r, nil
		}
		return payment.Refund{}, payment.Fail(payment.Refused, "refund", "resource_missing")
	})
	if err == nil {
		err = after
	}
	return r, err
}

// Refunds lists the refunds of an intent, newest first.
func (g *Gateway) Refunds(ctx context.Context, intent payment.Ref) ([]payment.Refund, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	after, before := g.call(ctx, Call{"refunds", intent.Account, intent.ID, ""})
	if before != nil || after != nil {
		return nil, first(before, after)
	}
	var found []payment.Refund
	for _, r := range slices.Backward(g.refunds) {
		if r.Account == intent.Account && r.Intent == intent.ID {
			found = append(found, r)
		}
	}
	return found, nil
}

// ChangeRefund edits a refund: for those that fail later.
func (g *Gateway) ChangeRefund(id string, fn func(*payment.Refund)) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for i := range g.refunds {
		if g.refunds[i].ID == id {
			fn(&g.refunds[i])
		}
	}
}

// Fee reads an application fee.
func (g *Gateway) Fee(ctx context.Context, id string) (payment.Fee, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	after, before := g.call(ctx, Call{"fee", "", id, ""})
	if before != nil || after != nil {
		return payment.Fee{}, first(before, after)
	}
	if fee := g.appFees[id]; fee != nil {
		return *fee, nil
	}
	return payment.Fee{}, payment.Fail(payment.Refused, "fee", "resource_missing")
}

// OpenAccount makes an account that has not been onboarded.
func (g *Gateway) OpenAccount(ctx context.Context, key payment.Key, in payment.AccountInput) (payment.Account, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	after, before := g.call(ctx, Call{"open account", "", in.Row, key})
	if before != nil {
		return payment.Account{}, before
	}
	a, err := once(g, "", key, func() (payment.Account, error) {
		a := payment.Account{
			ID: g.id("acct"), Country: in.Country, DefaultCurrency: "EUR", CardPayments: "inactive", CurrentlyDue: []string{"external_account"},
			Metadata: map[string]string{payment.MetaInstall: in.Install, "business": in.Business, "payout": in.Row},
		}
		g.accounts[a.ID] = &a
		return a, nil
	})
	if err == nil {
		err = after
	}
	return a, err
}

// Account reads an account.
func (g *Gateway) Account(ctx context.Context, id string) (payment.Account, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	after, before := g.call(ctx, Call{"account", id, id, ""})
	if before != nil || after != nil {
		return payment.Account{}, first(before, after)
	}
	if a := g.accounts[id]; a != nil {
		return *a, nil
	}
	return payment.Account{}, payment.Fail(payment.Gone, "account", "account_invalid")
}

// OnboardingLink makes a link.
func (g *Gateway) OnboardingLink(ctx context.Context, key payment.Key, in payment.LinkInput) (string, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	after, before := g.call(ctx, Call{"onboarding link", in.Account, in.Kind, key})
	return "https://connect.stripe.com/setup/e/" + in.Account + "/" + g.id("l"), first(before, after)
}

// DashboardLink makes a link.
func (g *Gateway) DashboardLink(ctx context.Context, key payment.Key, account string) (string, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	after, before := g.call(ctx, Call{"dashboard link", account, "", key})
	return "https://connect.stripe.com/express/" + account + "/" + g.id("l"), first(before, after)
}

// Payouts are none.
func (g *Gateway) Payouts(ctx context.Context, account string) ([]payment.Payout, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	after, before := g.call(ctx, Call{"payouts", account, "", ""})
	return nil, first(before, after)
}

// Balance is empty.
func (g *Gateway) Balance(ctx context.Context, account string) (payment.Balance, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	after, before := g.call(ctx, Call{"balance", account, "", ""})
	return payment.Balance{}, first(before, after)
}

// Movements are none: what moves balances is the sandbox's matter.
func (g *Gateway) Movements(ctx context.Context, account string, _ payment.MovementFilter) ([]payment.Movement, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	after, before := g.call(ctx, Call{"movements", account, "", ""})
	return nil, first(before, after)
}

// Disputes are none.
func (g *Gateway) Disputes(ctx context.Context, intent payment.Ref) ([]payment.Dispute, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	after, before := g.call(ctx, Call{"disputes", intent.Account, intent.ID, ""})
	return nil, first(before, after)
}

// Answer has no dispute to answer.
func (g *Gateway) Answer(ctx context.Context, key payment.Key, dispute payment.Ref, _ payment.Evidence) (payment.Dispute, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	after, before := g.call(ctx, Call{"answer", dispute.Account, dispute.ID, key})
	return payment.Dispute{}, first(before, after, payment.Fail(payment.Refused, "answer", "resource_missing"))
}

// Events are none: tests hand events to the inbox themselves.
func (g *Gateway) Events(ctx context.Context, account string, _ time.Time, _ string) ([]payment.Event, string, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	after, before := g.call(ctx, Call{"events", account, "", ""})
	return nil, "", first(before, after)
}

// Secret signs the webhooks that Verify accepts.
const Secret = "whsec_paymenttest" //nolint:gosec // of a gateway that takes no money

// Verify checks a webhook signed with Secret.
func (g *Gateway) Verify(body []byte, header string, now time.Time) (payment.Event, error) {
	v, err := payment.NewVerifier(Secret)
	if err != nil {
		return payment.Event{}, err
	}
	return v.Verify(body, header, now)
}

// PlatformID is the operator's account here.
const PlatformID = "acct_platform"

// Platform names the operator's account.
func (g *Gateway) Platform(context.Context) (string, error) { return PlatformID, nil }

// Live is false: no money moves.
func (g *Gateway) Live() bool { return false }
