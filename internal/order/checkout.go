package order

import (
	"context"
	"encoding/json"
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
		check = earlier(check.Add(pollOpen), *t.order.HoldExpiresAt) // also when no event ever comes
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
