package order

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"nearby/internal/account"
	"nearby/internal/audit"
	"nearby/internal/directory"
	"nearby/internal/payment"
)

const (
	pollOpen      = 4 * time.Minute  // an open page is read this often even without an event: settled within 5
	pollWaiting   = time.Hour        // a payment that the bank is still thinking about
	pollFees      = time.Minute      // the provider's fee is known a little after the payment
	lostAfter     = 10 * time.Minute // past a page's end, when its account cannot be asked
	refundWithin  = time.Minute      // for payments that came too late
	stopShopper   = "shopper"
	stopTimeout   = "timeout"
	stopSuspended = "suspended"
)

// Sync reads a payment's page at the provider and applies what it says. Event,
// landing page and job all end here; whoever comes first has the effect, the
// others find it done. Errors: Unavailable when the provider does not answer.
func (s *Service) Sync(ctx context.Context, payID string) error {
	p, err := s.store.pay(ctx, payID)
	if err != nil || p.Method != Card || s.Gateway == nil {
		return err
	}
	if err := s.ours(ctx, p); err != nil {
		return err
	}
	if p.SessionID == nil {
		return nil // nothing to read; Open and the job make the page
	}
	session, err := s.Gateway.Session(ctx, payment.Ref{Account: p.Account, ID: *p.SessionID})
	if err != nil {
		return s.readFailed(ctx, p, err)
	}
	return s.apply(ctx, p.ID, session)
}

// readFailed does what a page that cannot be read calls for.
func (s *Service) readFailed(ctx context.Context, p payRow, failed error) error {
	switch {
	case payment.Missing(failed):
		// Wrong account or wrong mode; it never means "unpaid".
		slog.Error("payment page not found", "payment", p.ID, "account", p.Account, "error", failed)
		return s.write(ctx, func(ctx context.Context) error {
			t, err := s.store.lock(ctx, p.OrderID)
			if err != nil {
				return err
			}
			return s.review(ctx, t, t.pay(p.ID), []string{"session missing"})
		})
	case payment.OutcomeOf(failed) == payment.Gone:
		return s.gone(ctx, p, failed)
	case payment.OutcomeOf(failed) == payment.Blocked:
		slog.Error("the payment provider refuses our key", "error", failed)
	}
	if err := s.postpone(ctx, p, failed); err != nil {
		return err
	}
	return errCards.Because(failed)
}

// gone handles a payment whose account left us: its page cannot be asked any
// more, and once its own end has passed it can no longer be paid either. This
// is the one release of stock without the provider's word.
func (s *Service) gone(ctx context.Context, p payRow, failed error) error {
	if err := s.Payout.Unreachable(ctx, p.Account); err != nil {
		slog.Warn("account not read", "account", p.Account, "error", err)
	}
	return s.write(ctx, func(ctx context.Context) error {
		t, err := s.store.lock(ctx, p.OrderID)
		if err != nil {
			return err
		}
		row := t.pay(p.ID)
		switch row.State {
		case Authorized, Capturing, Voiding:
			return s.lapsed(ctx, t, row, PayLoses, "provider_unreachable")
		case Payable, Processing:
		default:
			return nil
		}
		end := s.Clock()
		if row.ExpiresAt != nil {
			end = row.ExpiresAt.Add(lostAfter)
		}
		if s.Clock().Before(end) {
			return s.store.updatePay(ctx, row, map[string]any{"next_check_at": end, "last_error": failed.Error()})
		}
		if err := s.movePay(ctx, row, PayLoses, map[string]any{"next_check_at": nil, "last_error": failed.Error(), "url": nil}); err != nil {
			return err
		}
		if err := s.store.update(ctx, &t.order, map[string]any{"flag": "provider_unreachable", "updated_at": s.Clock()}); err != nil {
			return err
		}
		return s.endUnpaid(ctx, t, row, stopTimeout)
	})
}

// apply moves a payment and its order to what the provider says.
func (s *Service) apply(ctx context.Context, payID string, session payment.Session) error {
	return s.write(ctx, func(ctx context.Context) error {
		p, err := s.store.pay(ctx, payID)
		if err != nil {
			return err
		}
		t, err := s.store.lock(ctx, p.OrderID)
		if err != nil {
			return err
		}
		return s.applyLocked(ctx, t, t.pay(payID), session)
	})
}

func (s *Service) applyLocked(ctx context.Context, t *trade, p *payRow, session payment.Session) error {
	if session.Account != p.Account {
		return fmt.Errorf("order: session of %s applied to a payment on %s", session.Account, p.Account)
	}
	// An event may arrive before the answer that made the page.
	if err := s.adoptLocked(ctx, t, p, session); err != nil {
		return err
	}
	switch session.Status {
	case payment.SessionOpen:
		return s.stillOpen(ctx, t, p)
	case payment.SessionExpired:
		if p.State != Payable {
			return nil
		}
		if err := s.movePay(ctx, p, PayCloses, map[string]any{"next_check_at": nil, "url": nil}); err != nil {
			return err
		}
		return s.endUnpaid(ctx, t, p, stopTimeout)
	case payment.SessionComplete:
		return s.complete(ctx, t, p, session)
	}
	return s.review(ctx, t, p, []string{"session status"})
}

// stillOpen decides when to look again at a page that can be paid.
func (s *Service) stillOpen(ctx context.Context, t *trade, p *payRow) error {
	if p.State != Payable {
		return nil
	}
	now := s.Clock()
	next := now.Add(pollOpen)
	switch {
	case t.order.State == Expiring:
		next = now.Add(patience(p.Tries))
	case t.order.HoldExpiresAt != nil:
		next = earlier(next, *t.order.HoldExpiresAt)
	}
	return s.store.updatePay(ctx, p, map[string]any{"next_check_at": next, "tries": p.Tries + 1})
}

// complete handles a page that the shopper has finished.
func (s *Service) complete(ctx context.Context, t *trade, p *payRow, session payment.Session) error {
	if p.State == Paid || p.State == Late {
		return s.bookFees(ctx, t, p, session)
	}
	if p.State == InReview {
		return nil
	}
	wrong := s.differences(t.order, *p, session)
	if p.State.unpaid() && t.order.State != PendingPayment && t.order.State != Expiring {
		wrong = append(wrong, "order is "+string(t.order.State)) // it never ends while a page can be paid
	}
	if len(wrong) > 0 {
		return s.review(ctx, t, p, wrong)
	}
	intent := ""
	if session.Intent != nil {
		intent = session.Intent.Status
	}
	switch {
	case p.State == Authorized || p.State == Capturing || p.State == Voiding:
		return s.authorised(ctx, t, p, session, intent)
	case session.PaymentStatus == payment.StatusUnpaid && intent == payment.IntentCapturable && p.Capture == "manual":
		return s.held(ctx, t, p, session)
	case session.PaymentStatus == payment.StatusPaid && intent == payment.IntentSucceeded:
		return s.paid(ctx, t, p, session)
	case session.PaymentStatus == payment.StatusUnpaid && intent == payment.IntentProcessing:
		if p.State != Payable {
			return s.store.updatePay(ctx, p, map[string]any{"next_check_at": s.Clock().Add(pollWaiting)})
		}
		return s.movePay(ctx, p, PayWaits, map[string]any{"payment_intent_id": session.Intent.ID, "next_check_at": s.Clock().Add(pollWaiting)})
	case session.PaymentStatus == payment.StatusUnpaid && (intent == payment.IntentNeedsMethod || intent == payment.IntentCanceled):
		if p.State != Payable && p.State != Processing {
			return nil
		}
		return s.fail(ctx, t, p, PayFails, nil, false)
	}
	return s.review(ctx, t, p, []string{"payment status " + session.PaymentStatus + " " + intent})
}

// differences lists what a finished page has that we did not ask for. Only
// without one does it count as payment of this order.
func (s *Service) differences(o orderRow, p payRow, session payment.Session) []string {
	var wrong []string
	check := func(what string, fine bool) {
		if !fine {
			wrong = append(wrong, what)
		}
	}
	check("account", session.Account == p.Account)
	check("session", p.SessionID == nil || *p.SessionID == session.ID)
	check("install", session.Metadata[payment.MetaInstall] == s.Install)
	check("order", session.Metadata[payment.MetaOrder] == o.ID && session.ClientReference == o.ID)
	check("payment", session.Metadata[payment.MetaPayment] == p.ID)
	check("livemode", session.Live == p.Livemode)
	check("currency", session.Currency == p.Currency)
	check("amount", session.Total == p.Amount)
	in := session.Intent
	if in == nil {
		return append(wrong, "intent")
	}
	fee := int64(0)
	if in.Fee != nil {
		fee = *in.Fee
	}
	wantFee := p.Fee
	if in.Status == payment.IntentSucceeded {
		wantFee = p.takenFee()
	}
	check("fee", fee == wantFee)
	check("transfer", !in.Transfer && in.OnBehalfOf == "")
	check("intent amount", in.Amount == p.Amount)
	check("received", in.Status != payment.IntentSucceeded || in.Received == p.taken())
	return wrong
}

// review stops a payment whose page is not what we asked for: nothing is handed
// over, the stock stays held, and an operator looks.
func (s *Service) review(ctx context.Context, t *trade, p *payRow, wrong []string) error {
	slog.Error("payment differs from its order", "payment", p.ID, "account", p.Account, "differences", wrong)
	if p.State != Payable && p.State != Processing && p.State != Authorized {
		return nil
	}
	note := fmt.Sprint("differs: ", wrong)
	if err := s.movePay(ctx, p, PayDiffers, map[string]any{"next_check_at": nil, "last_error": note}); err != nil {
		return err
	}
	if t.order.State != PendingPayment && t.order.State != Expiring {
		return nil
	}
	return s.moveOrder(ctx, t, Differ, audit.System, nil, map[string]any{"differences": wrong})
}

// paid is the money's arrival: the order is placed, or it goes back because
// somebody had asked to stop or there is nothing left to sell.
func (s *Service) paid(ctx context.Context, t *trade, p *payRow, session payment.Session) error {
	set := map[string]any{
		"payment_intent_id": session.Intent.ID, "captured": session.Intent.Received, "url": nil, "next_check_at": nil, "tries": 0, "last_error": nil,
	}
	cardOf(session, set)
	inTime := p.State.live()
	retaken, b, err := s.canPlace(ctx, t, inTime)
	if err != nil {
		return err
	}
	event := PaySucceeded
	if !inTime && !retaken {
		event = PayTooLate
	}
	if err := s.movePay(ctx, p, event, set); err != nil {
		return err
	}
	p.Captured, p.PaymentIntentID, p.NextCheckAt = session.Intent.Received, &session.Intent.ID, nil
	if err := s.bookSale(ctx, t, p, session); err != nil {
		return err
	}
	switch {
	case event == PayTooLate:
		if err := s.store.update(ctx, &t.order, map[string]any{"end_reason": "late_no_stock", "updated_at": s.Clock()}); err != nil {
			return err
		}
		s.changed(ctx, t.order.ID, t.order.BusinessID)
		return s.requestLate(ctx, t, p)
	case inTime && t.order.State == Expiring && p.StopWanted != "" && p.StopWanted != stopTimeout:
		return s.paidThoughStopped(ctx, t, p)
	}
	if err := s.moveOrder(ctx, t, Settle, audit.System, map[string]any{"end_reason": ""}, map[string]any{"payment": p.ID}); err != nil {
		return err
	}
	if err := s.placed(ctx, t, b); err != nil {
		return err
	}
	return s.issue(ctx, t)
}

// cardOf adds what is known of the charge and its card to a payment's columns.
func cardOf(session payment.Session, set map[string]any) {
	if c := session.Intent.Charge; c != nil {
		set["charge_id"], set["fee_id"], set["card_brand"] = c.ID, pointer(c.FeeID), pointer(c.CardBrand)
		set["card_last4"], set["receipt_url"] = pointer(c.CardLast4), pointer(c.ReceiptURL)
	}
}

// canPlace says whether a payment that succeeded places its order. One in time
// always does. A late one needs an expired order without another payment, a
// business that still sells, a slot that is not over, and all of its stock,
// which is held again here.
func (s *Service) canPlace(ctx context.Context, t *trade, inTime bool) (bool, directory.Business, error) {
	b, err := s.Directory.Get(ctx, t.order.BusinessID)
	if err != nil || inTime {
		return true, b, err
	}
	if t.order.State != Expired || t.live() != nil || !b.Orderable(s.Clock()) || s.Clock().After(t.order.SlotTo) {
		return false, b, nil
	}
	ok, err := s.retake(ctx, t)
	return ok, b, err
}

// paidThoughStopped gives everything back of an order that somebody ended while
// it was being paid.
func (s *Service) paidThoughStopped(ctx context.Context, t *trade, p *payRow) error {
	if err := s.moveOrder(ctx, t, SettleStopped, audit.System, map[string]any{"end_reason": p.StopWanted, "done_at": s.Clock()}, nil); err != nil {
		return err
	}
	if err := s.releaseAll(ctx, t.order.ID, p.StopWanted); err != nil {
		return err
	}
	if err := s.mail(ctx, "order_cancelled", t.order.ID); err != nil {
		return err
	}
	return s.requestAll(ctx, t, p, giving{origin: "auto", reason: "stopped while paying", by: account.System})
}

// placed consumes the holds of an order that has just become placed, gives it
// its number, and tells both sides.
func (s *Service) placed(ctx context.Context, t *trade, b directory.Business) error {
	now := s.Clock()
	reservations, err := s.store.reservations(ctx, t.order.ID)
	if err != nil {
		return err
	}
	for _, r := range reservations {
		if err := s.store.endReservation(ctx, r, "active", "consumed", "", now); err != nil {
			return err
		}
		if err := s.Stock.Commit(ctx, t.order.ID, r.StockID, r.Qty); err != nil {
			return err
		}
		if r.DropID == nil {
			continue
		}
		if err := s.Stock.SellDrop(ctx, *r.DropID, r.Qty); err != nil {
			return err
		}
		s.changed(ctx, *r.DropID)
	}
	if err := s.store.emptyCart(ctx, t.order); err != nil {
		return err
	}
	placed := "order_placed"
	if p := t.live(); p != nil && p.State == Authorized {
		placed = "order_reserved"
	}
	for _, template := range []string{placed, "order_new"} {
		if err := s.mail(ctx, template, t.order.ID); err != nil {
			return err
		}
	}
	n, err := s.store.number(ctx, t.order.BusinessID)
	if err != nil {
		return err
	}
	s.changed(ctx, t.order.ID, t.order.BusinessID)
	return s.store.update(ctx, &t.order, map[string]any{
		"number": n, "placed_at": now, "accept_by": acceptBy(b.Hours, s.AcceptFor, now), "updated_at": now,
		"pickup_code_hash": s.codeHash(t.order.BusinessID, s.PickupCode(t.order.ID)),
	})
}

// moveOrder moves a locked order by an event that the actor causes, with its
// line in the audit log.
func (s *Service) moveOrder(ctx context.Context, t *trade, event Event, actor audit.Actor, set, detail map[string]any) error {
	to, err := Life.Next(t.order.State, event, actor.Role)
	if err != nil {
		return err
	}
	if set == nil {
		set = map[string]any{}
	}
	if detail == nil {
		detail = map[string]any{}
	}
	set["state"], set["updated_at"] = to, s.Clock()
	detail["from"], detail["to"] = t.order.State, to
	if err := s.store.update(ctx, &t.order, set); err != nil {
		return err
	}
	t.order.State = to
	s.changed(ctx, t.order.ID, t.order.BusinessID)
	return s.Audit.Add(ctx, audit.Entry{
		Actor: actor, Action: "order." + string(event), Object: "order", ObjectID: t.order.ID, BusinessID: t.order.BusinessID, Detail: detail,
	})
}
