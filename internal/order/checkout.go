package order

import (
	"context"
	"encoding/json"
	"log/slog"
	"strconv"
	"strings"
	"time"

	"nearby/internal/account"
	"nearby/internal/directory"
	"nearby/internal/errs"
	"nearby/internal/payment"
)

const (
	pageLife    = 35 * time.Minute // of a payment page; the provider's least is 30
	pageLines   = 100              // the most a payment page shows
	holdShort   = 2 * time.Minute  // a hold never outlives the page but for this
	searchSlack = time.Minute      // for clocks that differ, when sessions are searched
)

// orderToken stands in stored parameters for the secret of the order's link,
// which is put in only on the way to the provider.
const orderToken = "{ORDER_TOKEN}"

// Open gives the address of the payment page of an order, making the page if
// need be; call it right after Place and whenever the shopper wants to pay.
// After a failed attempt it begins a new one. Errors: Conflict "not_payable",
// "cards_closed"; Unavailable when the provider does not answer: the order
// stands, and the page follows.
func (s *Service) Open(ctx context.Context, orderID string) (string, error) {
	if s.Gateway == nil {
		return "", errs.New(errs.Conflict, "not_payable", "Card payments are switched off on this site.")
	}
	for range 3 { // a burnt key or a late first try calls for another round
		p, err := s.attempt(ctx, orderID)
		if err != nil {
			return "", err
		}
		if p.State == Payable {
			return value(p.URL), nil
		}
		err = s.openPage(ctx, p)
		if err == nil || errs.Has(err, "again") {
			continue
		}
		return "", err
	}
	return "", errCards
}

// attempt finds the payment to open or begins the next one.
func (s *Service) attempt(ctx context.Context, orderID string) (payRow, error) {
	var found payRow
	err := s.write(ctx, func(ctx context.Context) error {
		t, err := s.store.lock(ctx, orderID)
		if err != nil {
			return err
		}
		if t.order.State != PendingPayment || t.order.Method != Card || t.order.HoldExpiresAt == nil || !s.Clock().Before(*t.order.HoldExpiresAt) {
			return errs.New(errs.Conflict, "not_payable", "This order is not waiting for a payment.")
		}
		if live := t.live(); live != nil {
			if live.State != Creating && live.State != Payable {
				return errs.New(errs.Conflict, "not_payable", "A payment for this order is on its way.")
			}
			found = *live
			return nil
		}
		found, err = s.nextAttempt(ctx, t)
		return err
	})
	return found, err
}

// nextAttempt begins another attempt to pay, on the account that the business
// has now: the rows of earlier attempts keep theirs.
func (s *Service) nextAttempt(ctx context.Context, t *trade) (payRow, error) {
	accountID, err := s.Payout.Orderable(ctx, t.order.BusinessID)
	if err != nil {
		return payRow{}, err
	}
	last := t.last()
	state, err := PayLife.Next("", PayBegin, account.System)
	if err != nil {
		return payRow{}, err
	}
	p := payRow{
		ID: s.IDs(), OrderID: t.order.ID, Attempt: last.Attempt + 1, Method: Card, Account: accountID, State: state, Currency: last.Currency,
		Amount: last.Amount, Fee: last.Fee, Capture: last.Capture, Gen: 1, ActGen: 1, Livemode: last.Livemode, Platform: last.Platform,
		NextCheckAt: pointer(s.Clock().Add(firstCheck)), CreatedAt: s.Clock(), Version: 1,
	}
	return p, s.store.insertPay(ctx, p)
}

// openPage makes the payment page of a payment that is being created: first
// what will be sent is stored, then it is sent, then the answer is stored. A
// repeated call sends the same words under the same key.
func (s *Service) openPage(ctx context.Context, p payRow) error {
	if err := s.ours(ctx, p); err != nil {
		return err
	}
	in, err := s.freeze(ctx, p)
	if err != nil {
		return err
	}
	in.SuccessURL = strings.ReplaceAll(in.SuccessURL, orderToken, s.Token(p.OrderID))
	in.CancelURL = strings.ReplaceAll(in.CancelURL, orderToken, s.Token(p.OrderID))
	session, err := s.Gateway.OpenSession(ctx, payment.SessionKey(s.Install, p.ID, p.Gen), in)
	if err == nil {
		return s.adopt(ctx, p.ID, session)
	}
	return s.openFailed(ctx, p, err)
}

// ours refuses a payment made under another operator's account or in another
// mode: its objects are not where we would look.
func (s *Service) ours(ctx context.Context, p payRow) error {
	platform, err := s.Gateway.Platform(ctx)
	if err != nil {
		return errCards.Because(err)
	}
	if p.Platform != platform || p.Livemode != s.Gateway.Live() {
		return errs.New(errs.Conflict, "other_mode", "This payment was begun under another provider account.")
	}
	return nil
}

// freeze stores the parameters of the payment's page, unless they are stored
// already, and returns them.
func (s *Service) freeze(ctx context.Context, p payRow) (payment.SessionInput, error) {
	var in payment.SessionInput
	err := s.write(ctx, func(ctx context.Context) error {
		now := s.Clock()
		t, err := s.store.lock(ctx, p.OrderID)
		if err != nil {
			return err
		}
		row := t.pay(p.ID)
		if row == nil || row.State != Creating || row.Gen != p.Gen {
			return errAgain
		}
		if row.ParamsJSON != nil {
			return json.Unmarshal([]byte(*row.ParamsJSON), &in)
		}
		lines, err := s.store.lines(ctx, p.OrderID)
		if err != nil {
			return err
		}
		b, err := s.Directory.Get(ctx, t.order.BusinessID)
		if err != nil {
			return err
		}
		in = s.pageOf(t.order, *row, lines, b, now.Add(pageLife))
		raw, err := json.Marshal(in)
		if err != nil {
			return err
		}
		fresh, err := s.store.freeze(ctx, *row, string(raw), now, in.ExpiresAt, now.Add(firstCheck))
		if err == nil && !fresh {
			return errAgain
		}
		return err
	})
	return in, err
}

// errAgain says that somebody else moved the payment on: look at it again.
var errAgain = errs.New(errs.Conflict, "again", "Somebody else changed this at the same moment. Please try again.")

// pageOf is everything the provider is told about a payment.
func (s *Service) pageOf(o orderRow, p payRow, lines []lineRow, b directory.Business, expires time.Time) payment.SessionInput {
	page := s.BaseURL + "/o/" + o.ID + "?t=" + orderToken
	in := payment.SessionInput{
		Account: p.Account, Install: s.Install, Order: o.ID, Payment: p.ID, Currency: p.Currency, Fee: p.Fee, Manual: p.Capture == "manual",
		ExpiresAt: expires.Truncate(time.Second), Email: value(o.ContactEmail), Locale: o.Locale,
		SuccessURL: page + "&paid={CHECKOUT_SESSION_ID}", CancelURL: page + "&back=1",
		Description: "Order at " + b.Name,
	}
	for _, l := range lines {
		if l.Total == 0 {
			continue // the page takes no lines of nothing
		}
		name := l.line(o.Currency).Title()
		if l.Qty > 1 {
			name = strconv.FormatInt(l.Qty, 10) + " × " + name
		}
		in.Lines = append(in.Lines, payment.SessionLine{Name: clip(name, 240), Amount: l.Total})
	}
	if len(in.Lines) > pageLines {
		in.Lines = []payment.SessionLine{{Name: in.Description, Amount: in.Total()}}
	}
	return in
}

func clip(s string, limit int) string {
	runes := []rune(s)
	if len(runes) <= limit {
		return s
	}
	return string(runes[:limit-1]) + "…"
}

// adopt stores the page that exists for a payment: creating becomes open.
func (s *Service) adopt(ctx context.Context, payID string, session payment.Session) error {
	return s.write(ctx, func(ctx context.Context) error {
		p, err := s.store.pay(ctx, payID)
		if err != nil {
			return err
		}
		t, err := s.store.lock(ctx, p.OrderID)
		if err != nil {
			return err
		}
		return s.adoptLocked(ctx, t, t.pay(payID), session)
	})
}

// adoptLocked is adopt on locked rows. A payment that is no longer being
// created is left alone.
func (s *Service) adoptLocked(ctx context.Context, t *trade, p *payRow, session payment.Session) error {
	if p.State != Creating {
		return nil
	}
	check := s.Clock()
	if t.order.State == PendingPayment && t.order.HoldExpiresAt != nil && check.Before(*t.order.HoldExpiresAt) {
		check = *t.order.HoldExpiresAt
	}
	err := s.movePay(ctx, p, PayFound, map[string]any{
		"session_id": session.ID, "url": session.URL, "expires_at": session.ExpiresAt, "next_check_at": check, "tries": 0, "last_error": nil,
	})
	if err != nil {
		return err
	}
	p.SessionID, p.URL, p.ExpiresAt = &session.ID, &session.URL, &session.ExpiresAt
	s.changed(ctx, t.order.ID)
	return nil
}

// openFailed does what a failed call to make a page calls for. Its error is
// what the shopper is told; errAgain asks for another round.
func (s *Service) openFailed(ctx context.Context, p payRow, failed error) error {
	switch payment.OutcomeOf(failed) {
	case payment.Refused:
		if payment.TooLate(failed) {
			// The first request never arrived. The next attempt is the shopper's to ask
			// for, and Open is asking.
			return s.closeAttempt(ctx, p, failed, false)
		}
		s.rereadAccount(ctx, p)
		if err := s.closeAttempt(ctx, p, failed, true); err != nil && !errs.Has(err, "again") {
			return err
		}
		return errs.New(errs.Conflict, "cards_closed", "This business cannot take cards at the moment.").Because(failed)
	case payment.Gone:
		if err := s.Payout.Unreachable(ctx, p.Account); err != nil {
			slog.Warn("account not read", "account", p.Account, "error", err)
		}
		if err := s.closeAttempt(ctx, p, failed, true); err != nil && !errs.Has(err, "again") {
			return err
		}
		return errs.New(errs.Conflict, "cards_closed", "This business cannot take cards at the moment.").Because(failed)
	case payment.Burnt:
		return s.openBurnt(ctx, p, failed)
	case payment.Blocked:
		slog.Error("the payment provider refuses our key", "error", failed)
	}
	if err := s.postpone(ctx, p, failed); err != nil {
		return err
	}
	return errCards.Because(failed)
}

// rereadAccount asks what an account can do now that it refused something.
func (s *Service) rereadAccount(ctx context.Context, p payRow) {
	o, err := s.store.order(ctx, p.OrderID)
	if err == nil {
		_, err = s.Payout.Refresh(ctx, o.BusinessID)
	}
	if err != nil {
		slog.Warn("account not read", "account", p.Account, "error", err)
	}
}

// openBurnt looks whether a page was made under a key that only remembers a
// failure. If not, the attempt gets one new key; after that it has failed, and
// nobody was shown a page.
func (s *Service) openBurnt(ctx context.Context, p payRow, failed error) error {
	fresh, err := s.store.pay(ctx, p.ID)
	if err != nil {
		return err
	}
	since := fresh.CreatedAt
	if fresh.SentAt != nil {
		since = *fresh.SentAt
	}
	sessions, err := s.Gateway.FindSessions(ctx, p.Account, payment.SessionFilter{Since: since.Add(-searchSlack)})
	if err != nil {
		if postponed := s.postpone(ctx, p, err); postponed != nil {
			return postponed
		}
		return errCards.Because(err)
	}
	for _, session := range sessions {
		if session.Metadata[payment.MetaInstall] == s.Install && session.Metadata[payment.MetaPayment] == p.ID {
			return s.adopt(ctx, p.ID, session)
		}
	}
	if p.Gen >= 2 {
		slog.Error("payment page failed twice", "payment", p.ID, "account", p.Account, "error", failed)
		if err := s.closeAttempt(ctx, p, failed, true); err != nil && !errs.Has(err, "again") {
			return err
		}
		return errCards.Because(failed)
	}
	err = s.write(ctx, func(ctx context.Context) error {
		t, err := s.store.lock(ctx, p.OrderID)
		if err != nil {
			return err
		}
		row := t.pay(p.ID)
		if row.State != Creating || row.Gen != p.Gen {
			return nil
		}
		return s.store.updatePay(ctx, row, map[string]any{
			"gen": row.Gen + 1, "params_json": nil, "sent_at": nil, "expires_at": nil, "next_check_at": s.Clock().Add(firstCheck), "last_error": failed.Error(),
		})
	})
	if err != nil {
		return err
	}
	return errAgain
}

// closeAttempt ends an attempt whose page does not exist. With release the
// order ends too and its stock is free again; without, the shopper may try
// again until the hold is over, and the error is errAgain.
func (s *Service) closeAttempt(ctx context.Context, p payRow, failed error, release bool) error {
	err := s.write(ctx, func(ctx context.Context) error {
		t, err := s.store.lock(ctx, p.OrderID)
		if err != nil {
			return err
		}
		row := t.pay(p.ID)
		if row.State != Creating || row.Gen != p.Gen {
			return nil
		}
		return s.fail(ctx, t, row, PayRefused, failed, release)
	})
	if err != nil {
		return err
	}
	return errAgain
}

// fail ends an attempt without money. When the order cannot go on, because of
// release or because it was being stopped, it ends with it; else the row is
// looked at again when the hold is over.
func (s *Service) fail(ctx context.Context, t *trade, p *payRow, event PayEvent, failed error, release bool) error {
	set := map[string]any{"next_check_at": nil, "url": nil}
	if failed != nil {
		set["last_error"] = failed.Error()
	}
	ends := release || t.order.State == Expiring || t.order.HoldExpiresAt != nil && !s.Clock().Before(*t.order.HoldExpiresAt)
	if !ends && t.order.State == PendingPayment {
		set["next_check_at"] = t.order.HoldExpiresAt
	}
	if err := s.movePay(ctx, p, event, set); err != nil {
		return err
	}
	if !ends {
		s.changed(ctx, t.order.ID)
		return nil
	}
	reason := "timeout"
	if release && t.order.State == PendingPayment {
		reason = "payment_failed"
	}
	return s.endUnpaid(ctx, t, p, reason)
}

// postpone notes a failed call and when to try again: five seconds, doubled
// with each failure, at most ten minutes.
func (s *Service) postpone(ctx context.Context, p payRow, failed error) error {
	return s.write(ctx, func(ctx context.Context) error {
		t, err := s.store.lock(ctx, p.OrderID)
		if err != nil {
			return err
		}
		row := t.pay(p.ID)
		if row.NextCheckAt == nil {
			return nil
		}
		return s.store.updatePay(ctx, row, map[string]any{
			"tries": row.Tries + 1, "last_error": failed.Error(), "next_check_at": s.Clock().Add(backoff(row.Tries)),
		})
	})
}

func backoff(tries int) time.Duration { return min(5*time.Second<<min(tries, 10), 10*time.Minute) }

// movePay moves a locked payment by an event.
func (s *Service) movePay(ctx context.Context, p *payRow, event PayEvent, set map[string]any) error {
	to, err := PayLife.Next(p.State, event, account.System)
	if err != nil {
		return err
	}
	set["state"] = to
	if err := s.store.updatePay(ctx, p, set); err != nil {
		return err
	}
	p.State = to
	return nil
}
