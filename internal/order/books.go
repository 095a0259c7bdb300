package order

import (
	"context"

	"nearby/internal/ledger"
	"nearby/internal/money"
	"nearby/internal/payment"
)

// bookSale writes the money's arrival into the ledger.
func (s *Service) bookSale(ctx context.Context, t *trade, p *payRow, session payment.Session) error {
	source := session.Intent.ID
	if c := session.Intent.Charge; c != nil {
		source = c.ID
	}
	if err := s.book(ctx, t, p, ledger.Sale, p.Captured, p.Currency, source); err != nil {
		return err
	}
	return s.bookFees(ctx, t, p, session)
}

// bookFees writes the fees of a payment as soon as the provider knows them, and
// asks again later until then.
func (s *Service) bookFees(ctx context.Context, t *trade, p *payRow, session payment.Session) error {
	if session.Intent == nil || p.Captured == 0 {
		return nil
	}
	c := session.Intent.Charge
	if c == nil || c.MovementID == "" {
		if p.Tries > 20 {
			return s.store.updatePay(ctx, p, map[string]any{"next_check_at": nil})
		}
		return s.store.updatePay(ctx, p, map[string]any{"next_check_at": s.Clock().Add(pollFees), "tries": p.Tries + 1})
	}
	if c.FeeID != "" {
		if err := s.book(ctx, t, p, ledger.AppFee, c.AppFee, c.Settles, c.FeeID); err != nil {
			return err
		}
	}
	if err := s.book(ctx, t, p, ledger.StripeFee, c.StripeFee, c.Settles, c.MovementID); err != nil {
		return err
	}
	set := map[string]any{"next_check_at": nil, "fee_id": pointer(c.FeeID)}
	if c.Settles == p.Currency {
		set["stripe_fee"] = c.StripeFee
	}
	return s.store.updatePay(ctx, p, set)
}

func (s *Service) book(ctx context.Context, t *trade, p *payRow, kind ledger.Kind, minor int64, currency, source string) error {
	return s.Ledger.Add(ctx, ledger.Entry{
		Kind: kind, BusinessID: t.order.BusinessID, OrderID: t.order.ID, Amount: money.New(minor, currency), Account: p.Account, SourceID: source,
	})
}
