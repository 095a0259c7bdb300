package order

import (
	"context"
	"time"

	"nearby/internal/ledger"
	"nearby/internal/payment"
)

// maxAsked bounds how many single objects are asked for in one comparison.
const maxAsked = 50

// bookedAs is how a movement of a balance is booked. Others are not about a
// payment of ours: payouts, the business's own affairs.
var bookedAs = map[string]ledger.Kind{
	"charge": ledger.Sale, "payment": ledger.Sale, "refund": ledger.Refund, "payment_refund": ledger.Refund,
	"refund_failure": ledger.RefundFailed, "payment_failure_refund": ledger.RefundFailed,
	"dispute": ledger.Dispute, "dispute_reversal": ledger.DisputeWon,
}

// bookKey is what an entry is about.
type bookKey struct {
	kind   ledger.Kind
	source string
}

// compareMovements compares an account's movements with the ledger, from the
// provider's side and from ours.
func (s *Service) compareMovements(ctx context.Context, accountID string, since time.Time) error {
	until := s.Clock().Add(-sweepYoung)
	moves, err := s.Gateway.Movements(ctx, accountID, payment.MovementFilter{Since: since})
	if err != nil {
		return err
	}
	seen := map[bookKey]bool{}
	for _, m := range moves {
		seen[bookKey{bookedAs[m.Type], m.Source}] = true
	}
	if err := s.compareTheirs(ctx, accountID, moves, until); err != nil {
		return err
	}
	open, err := s.store.openSources(ctx, accountID, maxAsked)
	if err != nil {
		return err
	}
	for _, source := range open { // they may be older than the list, and right by now
		found, err := s.Gateway.Movements(ctx, accountID, payment.MovementFilter{Source: source})
		if err != nil && !payment.Missing(err) {
			return err
		}
		if err := s.compareTheirs(ctx, accountID, found, until); err != nil {
			return err
		}
	}
	ours, err := s.Ledger.OfAccount(ctx, accountID, since, until)
	if err != nil {
		return err
	}
	asked := 0
	for _, b := range ours {
		if seen[bookKey{b.Kind, b.SourceID}] || asked == maxAsked {
			continue
		}
		asked++
		if err := s.compareOurs(ctx, accountID, b, until); err != nil {
			return err
		}
	}
	return nil
}

// compareOurs looks an entry up whose movement was not among the listed ones:
// it may be older than the list.
func (s *Service) compareOurs(ctx context.Context, accountID string, b ledger.Booking, until time.Time) error {
	if b.Kind == ledger.Refund {
		if r, err := s.store.refundOf(ctx, accountID, b.SourceID); err != nil || r.State == RefundPending {
			return err // it moves the balance when the bank takes it
		}
	}
	moves, err := s.Gateway.Movements(ctx, accountID, payment.MovementFilter{Source: b.SourceID})
	if err != nil && !payment.Missing(err) {
		return err
	}
	for _, m := range moves {
		if bookedAs[m.Type] == b.Kind {
			return s.compareTheirs(ctx, accountID, []payment.Movement{m}, until)
		}
	}
	return s.differs(ctx, diffRow{
		Account: accountID, Kind: diffGone, SourceID: b.SourceID, OrderID: pointer(b.OrderID), Ours: b.Amount.Minor, Currency: b.Amount.Currency,
	})
}

// compareTheirs compares movements for payments of ours with what is booked.
// What is not booked is read once more first: its event may have been lost.
func (s *Service) compareTheirs(ctx context.Context, accountID string, moves []payment.Movement, until time.Time) error {
	var intents []string
	for _, m := range moves {
		if m.Intent != "" {
			intents = append(intents, m.Intent)
		}
	}
	pays, err := s.store.payOfIntents(ctx, accountID, intents)
	if err != nil {
		return err
	}
	var agreed []string
	for _, m := range moves {
		kind, known := bookedAs[m.Type]
		p, mine := pays[m.Intent]
		if !known || !mine || !m.CreatedAt.Before(until) {
			continue
		}
		fine, err := s.compareOne(ctx, p, m, kind)
		if err != nil {
			return err
		}
		if fine {
			agreed = append(agreed, m.Source)
		}
	}
	return s.agrees(ctx, accountID, agreed)
}

// compareOne compares one movement with its entry and reports whether they are
// alike.
func (s *Service) compareOne(ctx context.Context, p payRow, m payment.Movement, kind ledger.Kind) (bool, error) {
	sources := []string{m.Source, m.ID}
	if p.FeeID != nil {
		sources = append(sources, *p.FeeID)
	}
	booked, err := s.Ledger.OfSources(ctx, p.Account, sources)
	if err != nil {
		return false, err
	}
	if _, there := booked[kind]; !there {
		switch kind {
		case ledger.Sale:
			err = s.Sync(ctx, p.ID)
		case ledger.Dispute, ledger.DisputeWon:
			err = s.SyncDisputes(ctx, p.ID)
		default:
			err = s.SyncRefunds(ctx, p.ID)
		}
		if err != nil {
			return false, err
		}
		if booked, err = s.Ledger.OfSources(ctx, p.Account, sources); err != nil {
			return false, err
		}
	}
	found := diffRow{Account: p.Account, SourceID: m.Source, OrderID: &p.OrderID, Theirs: m.Amount, Currency: m.Currency}
	sum, there := booked[kind]
	switch {
	case !there:
		found.Kind = diffBooks
		return false, s.differs(ctx, found)
	case sum.Currency != m.Currency: // the account settles in another currency
		return true, nil
	case sum.Minor != m.Amount:
		found.Kind, found.Ours = diffSum, sum.Minor
		return false, s.differs(ctx, found)
	}
	if kind != ledger.Sale || p.NextCheckAt != nil { // fees are booked when they are known
		return true, nil
	}
	if fees := -booked[ledger.AppFee].Minor - booked[ledger.StripeFee].Minor; fees != m.Fee {
		found.Kind, found.Ours, found.Theirs = diffFee, fees, m.Fee
		return false, s.differs(ctx, found)
	}
	return true, nil
}
