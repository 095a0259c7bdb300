package order

import (
	"context"
	"strings"

	"nearby/internal/account"
	"nearby/internal/audit"
	"nearby/internal/errs"
	"nearby/internal/ledger"
)

// change locks an order of a business and lets fn change it, if the actor is a
// member with the right. Errors: NotFound for strangers and for other
// businesses' orders, Forbidden.
func (s *Service) change(ctx context.Context, actor audit.Actor, businessID, orderID string, right account.Right, fn func(ctx context.Context, t *trade, actor audit.Actor) error) (Order, error) {
	role, err := s.Accounts.Require(ctx, actor, businessID, right)
	if err != nil {
		return Order{}, err
	}
	err = s.write(ctx, func(ctx context.Context) error {
		t, err := s.store.lock(ctx, orderID)
		if err != nil {
			return err
		}
		if t.order.BusinessID != businessID {
			return errs.Missing("order")
		}
		return fn(ctx, t, role.Actor(actor.ID))
	})
	if err != nil {
		return Order{}, err
	}
	s.workOrder(ctx, orderID)
	return s.Get(ctx, orderID)
}

// step is a change that only moves the order and tells the shopper.
func (s *Service) step(ctx context.Context, actor audit.Actor, businessID, orderID string, event Event, template string, column string) (Order, error) {
	return s.change(ctx, actor, businessID, orderID, account.RightOrders, func(ctx context.Context, t *trade, actor audit.Actor) error {
		set := map[string]any{}
		if column != "" {
			set[column] = s.Clock()
		}
		if err := s.moveOrder(ctx, t, event, actor, set, nil); err != nil || template == "" {
			return err
		}
		return s.mail(ctx, template, orderID)
	})
}

// Accept is the business's yes to a placed order. Where the card was only
// authorised, the money is taken now.
func (s *Service) Accept(ctx context.Context, actor audit.Actor, businessID, orderID string) (Order, error) {
	return s.AcceptShort(ctx, actor, businessID, orderID, Missing{})
}

// AcceptShort accepts an order of which some pieces are missing: they are taken
// off it as by TakeOff, and no money is taken for them. Errors: those of
// TakeOff.
func (s *Service) AcceptShort(ctx context.Context, actor audit.Actor, businessID, orderID string, missing Missing) (Order, error) {
	return s.change(ctx, actor, businessID, orderID, account.RightOrders, func(ctx context.Context, t *trade, actor audit.Actor) error {
		p := t.live()
		template := "order_accepted"
		if p != nil && p.State == Authorized {
			template = "order_charged"
		}
		if err := s.moveOrder(ctx, t, Accept, actor, map[string]any{"accepted_at": s.Clock()}, nil); err != nil {
			return err
		}
		if len(missing.Pieces) > 0 {
			if err := s.takeOff(ctx, t, actor, missing); err != nil {
				return err
			}
			template = "order_short"
		}
		if p != nil && p.State == Authorized {
			if err := s.begin(ctx, p, PayCapture); err != nil {
				return err
			}
		}
		return s.mail(ctx, template, orderID)
	})
}

// Start says that the business is at work on the order.
func (s *Service) Start(ctx context.Context, actor audit.Actor, businessID, orderID string) (Order, error) {
	return s.step(ctx, actor, businessID, orderID, Start, "", "")
}

// Ready says that the order can be collected, or that it is on its way when it
// is to be delivered. Its pickup code works from now on.
func (s *Service) Ready(ctx context.Context, actor audit.Actor, businessID, orderID string) (Order, error) {
	return s.change(ctx, actor, businessID, orderID, account.RightOrders, func(ctx context.Context, t *trade, actor audit.Actor) error {
		if p := t.live(); p != nil && p.State == Capturing {
			return errNotCaptured // the goods wait for the money
		}
		event, template := MakeReady, "order_ready"
		if t.order.Kind == Delivery {
			event, template = Dispatch, "order_on_its_way"
		}
		if err := s.moveOrder(ctx, t, event, actor, map[string]any{"ready_at": s.Clock()}, nil); err != nil {
			return err
		}
		return s.mail(ctx, template, orderID)
	})
}

// declineReasons are what a business may say when it cannot take an order.
var declineReasons = []string{"sold_out", "too_busy", "closing", "wrong_price", "other"}

// DeclineReasons lists the reasons Decline takes.
func DeclineReasons() []string { return append([]string(nil), declineReasons...) }

// Decline is the business's no to a placed order: the money goes back and the
// stock is for sale again, or is taken off the shelf with gone. Errors: Invalid
// field "reason".
func (s *Service) Decline(ctx context.Context, actor audit.Actor, businessID, orderID, reason string, gone bool) (Order, error) {
	if err := checkReason(reason); err != nil {
		return Order{}, err
	}
	return s.change(ctx, actor, businessID, orderID, account.RightOrders, func(ctx context.Context, t *trade, actor audit.Actor) error {
		return s.end(ctx, t, Decline, actor, ending{reason: "business", origin: "business", template: "order_declined", why: reason, gone: gone})
	})
}

// Abort cancels an order that the business has accepted and cannot fulfil, with
// the effects of Decline.
func (s *Service) Abort(ctx context.Context, actor audit.Actor, businessID, orderID, reason string, gone bool) (Order, error) {
	if err := checkReason(reason); err != nil {
		return Order{}, err
	}
	return s.change(ctx, actor, businessID, orderID, account.RightOrders, func(ctx context.Context, t *trade, actor audit.Actor) error {
		return s.end(ctx, t, Cancel, actor, ending{reason: "business", origin: "business", template: "order_cancelled", why: reason, gone: gone})
	})
}

func checkReason(reason string) error {
	for _, known := range declineReasons {
		if reason == known {
			return nil
		}
	}
	return errs.Fields([]errs.Field{{Name: "reason", Code: "unknown_reason", Message: "Choose one of: " + strings.Join(declineReasons, ", ") + "."}})
}

// ending is how a placed order ends before the goods change hands.
type ending struct {
	reason   string // end_reason
	origin   string // of the refund
	why      string // decline_reason
	template letter
	gone     bool // the goods are not there
}

// letter names the message that tells the shopper of an end.
type letter string

// withoutMoney is the letter of an end before any money was taken: nothing goes
// back, the bank lets the reservation go.
func (l letter) withoutMoney() letter {
	switch l {
	case "order_declined":
		return "order_released"
	case "order_unanswered":
		return "order_unanswered_free"
	}
	return "order_let_go"
}

// end moves a placed order to an end without the goods: everything paid goes
// back, everything owed is waived, and the stock is free again.
func (s *Service) end(ctx context.Context, t *trade, event Event, actor audit.Actor, how ending) error {
	set := map[string]any{"end_reason": how.reason, "decline_reason": how.why, "done_at": s.Clock()}
	if err := s.moveOrder(ctx, t, event, actor, set, map[string]any{"reason": how.why}); err != nil {
		return err
	}
	if p := t.live(); p != nil {
		switch p.State {
		case Due:
			if err := s.movePay(ctx, p, PayWaive, map[string]any{}); err != nil {
				return err
			}
		case Authorized:
			if err := s.begin(ctx, p, PayVoid); err != nil {
				return err
			}
			how.template = how.template.withoutMoney()
		case Paid:
			if err := s.requestAll(ctx, t, p, giving{origin: how.origin, reason: string(event), by: actorName(actor)}); err != nil {
				return err
			}
		}
	}
	if err := s.returnStock(ctx, t, actor, how.gone); err != nil {
		return err
	}
	return s.mail(ctx, string(how.template), t.order.ID)
}

// actorName is who a refund was asked by: a user's id, or a role.
func actorName(actor audit.Actor) string {
	if actor.ID != "" {
		return actor.ID
	}
	return actor.Role
}

// returnStock gives the pieces of a placed order back for sale, or takes them
// off the shelf with gone.
func (s *Service) returnStock(ctx context.Context, t *trade, actor audit.Actor, gone bool) error {
	reservations, err := s.store.reservations(ctx, t.order.ID)
	if err != nil {
		return err
	}
	for _, r := range reservations {
		if r.State != "consumed" || r.Qty == r.Returned {
			continue
		}
		if err := s.Stock.Return(ctx, actor.ID, t.order.ID, r.StockID, "", r.Qty-r.Returned, gone); err != nil {
			return err
		}
		if err := s.backToDrop(ctx, r, r.Qty-r.Returned, true); err != nil {
			return err
		}
	}
	return nil
}

// HandOver gives the goods to whoever says the order's pickup code; on a
// delivery it is the courier's proof. With orderID "" the code alone finds the
// order. A counter order is paid with it, in full. Errors: Invalid field "code"
// when it does not fit, Conflict "not_allowed" before the order is ready.
func (s *Service) HandOver(ctx context.Context, actor audit.Actor, businessID, orderID, code string) (Order, error) {
	hash := s.codeHash(businessID, code)
	if orderID == "" {
		if _, err := s.Accounts.Require(ctx, actor, businessID, account.RightOrders); err != nil {
			return Order{}, err
		}
		found, err := s.store.byCode(ctx, businessID, hash)
		if err != nil {
			return Order{}, err
		}
		if len(found) != 1 {
			return Order{}, errCode
		}
		orderID = found[0].ID
	}
	return s.change(ctx, actor, businessID, orderID, account.RightOrders, func(ctx context.Context, t *trade, actor audit.Actor) error {
		event := HandOver
		if t.order.Kind == Delivery {
			event = Deliver
		}
		if _, err := Life.Next(t.order.State, event, actor.Role); err != nil {
			return err
		}
		if value(t.order.PickupCodeHash) != hash {
			return errCode
		}
		return s.finish(ctx, t, event, actor)
	})
}

var errCode = errs.Fields([]errs.Field{{Name: "code", Code: "wrong_code", Message: "This code belongs to no order that is ready."}})

// finish finishes a handed-over order: stock leaves the house, and money at
// the counter is booked.
func (s *Service) finish(ctx context.Context, t *trade, event Event, actor audit.Actor) error {
	p := t.live()
	collects := p != nil && p.State == Due
	if collects {
		if err := s.movePay(ctx, p, PayCollect, map[string]any{"captured": p.taken()}); err != nil {
			return err
		}
		if err := s.book(ctx, t, p, ledger.CounterSale, p.taken(), p.Currency, p.ID); err != nil {
			return err
		}
	}
	if err := s.moveOrder(ctx, t, event, actor, map[string]any{"done_at": s.Clock()}, nil); err != nil {
		return err
	}
	if err := s.store.handed(ctx, t.order.ID); err != nil {
		return err
	}
	reservations, err := s.store.reservations(ctx, t.order.ID)
	if err != nil {
		return err
	}
	for _, r := range reservations {
		if r.Qty == r.Returned {
			continue
		}
		if err := s.Stock.HandOver(ctx, actor.ID, t.order.ID, r.StockID, r.Qty-r.Returned); err != nil {
			return err
		}
	}
	if err := s.mail(ctx, "order_completed", t.order.ID); err != nil || !collects {
		return err
	}
	return s.issue(ctx, t)
}

// Missed says that nobody came for a ready order. What was to be paid at the
// counter is waived and the stock is free again; a paid one stays as it is until
// the business gives the money back with Abort or keeps it by its terms.
func (s *Service) Missed(ctx context.Context, actor audit.Actor, businessID, orderID string) (Order, error) {
	return s.change(ctx, actor, businessID, orderID, account.RightOrders, func(ctx context.Context, t *trade, actor audit.Actor) error {
		if err := s.moveOrder(ctx, t, MissPickup, actor, map[string]any{"done_at": s.Clock()}, nil); err != nil {
			return err
		}
		p := t.live()
		if p != nil && p.State == Paid {
			return s.mail(ctx, "order_missed", orderID)
		}
		if p != nil && p.State == Due {
			if err := s.movePay(ctx, p, PayWaive, map[string]any{}); err != nil {
				return err
			}
		}
		if err := s.returnStock(ctx, t, actor, false); err != nil {
			return err
		}
		return s.mail(ctx, "order_missed", orderID)
	})
}

// timeOut declines a placed order that the business did not accept in time.
func (s *Service) timeOut(ctx context.Context, orderID string) error {
	return s.write(ctx, func(ctx context.Context) error {
		t, err := s.store.lock(ctx, orderID)
		if err != nil || t.order.State != Placed || t.order.AcceptBy == nil || s.Clock().Before(*t.order.AcceptBy) {
			return err
		}
		return s.end(ctx, t, TimeOut, audit.System, ending{reason: stopTimeout, origin: "auto", template: "order_unanswered", why: "no_answer"})
	})
}
