package order

import (
	"context"
	"time"

	"nearby/internal/catalog"
	"nearby/internal/directory"
	"nearby/internal/errs"
	"nearby/internal/ident"
	"nearby/internal/money"
)

// Cart is what a buyer means to order from one business, at today's prices.
// Nothing is held by it.
type Cart struct {
	Business  directory.Business
	Lines     []CartLine
	Total     money.Amount // of the lines that can be bought; delivery and added tax come at checkout
	Count     int64        // pieces
	UpdatedAt time.Time
}

// CartLine is one line of a cart.
type CartLine struct {
	Ware     catalog.Ware
	Quantity int64
	Total    money.Amount
	Problem  string // "", not_for_sale, ahead and over of a drop, short
}

const maxCarts = 20

// Carts lists the buyer's carts, the one last touched first. Businesses that
// are not public any more are left out.
func (s *Service) Carts(ctx context.Context, buyer Buyer) ([]Cart, error) {
	if buyer.key() == "" {
		return nil, nil
	}
	rows, err := s.store.carts(ctx, buyer.key())
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	var variants []string
	for _, r := range rows {
		for _, l := range r.lines {
			variants = append(variants, l.VariantID)
		}
	}
	wares, err := s.Stock.Wares(ctx, variants)
	if err != nil {
		return nil, err
	}
	var carts []Cart
	for _, r := range rows {
		b, err := s.Directory.Get(ctx, r.BusinessID)
		if err != nil {
			return nil, err
		}
		if !b.Listed() || len(r.lines) == 0 {
			continue
		}
		carts = append(carts, cartOf(b, r, wares, s.Clock()))
	}
	return carts, nil
}

// Cart is the buyer's cart at one business; an empty one when there is none.
func (s *Service) Cart(ctx context.Context, buyer Buyer, businessID string) (Cart, error) {
	carts, err := s.Carts(ctx, buyer)
	for _, c := range carts {
		if c.Business.ID == businessID {
			return c, err
		}
	}
	return Cart{}, err
}

// CartCount is how many pieces are in the buyer's carts.
func (s *Service) CartCount(ctx context.Context, buyer Buyer) (int64, error) {
	if buyer.key() == "" {
		return 0, nil
	}
	return s.store.cartCount(ctx, buyer.key())
}

func cartOf(b directory.Business, r cartRow, wares map[string]catalog.Ware, now time.Time) Cart {
	c := Cart{Business: b, Total: money.New(0, b.Currency), UpdatedAt: r.UpdatedAt}
	for _, l := range r.lines {
		ware, known := wares[l.VariantID]
		line := CartLine{Ware: ware, Quantity: l.Qty, Total: money.New(0, b.Currency)}
		switch {
		case !known || !ware.OnSale || ware.BusinessID != b.ID || ware.Price.Currency != b.Currency:
			line.Problem = "not_for_sale"
			line.Ware.VariantID = l.VariantID
		case ware.Drop != nil && ware.Drop.Phase(now) == catalog.DropAhead:
			line.Problem = "ahead"
		case ware.Drop != nil && ware.Drop.Phase(now) == catalog.DropOver:
			line.Problem = "over"
		case !ware.Sells(l.Qty):
			line.Problem = "short"
		}
		if line.Problem != "not_for_sale" {
			line.Total = ware.Price.Times(l.Qty)
			c.Total = c.Total.Add(line.Total)
			c.Count += l.Qty
		}
		c.Lines = append(c.Lines, line)
	}
	return c
}

// AddToCart adds pieces of a variant to the buyer's cart at its business.
// Errors: Conflict "not_for_sale"; Invalid "bad_quantity" when the line would
// exceed 999; Conflict "cart_full".
func (s *Service) AddToCart(ctx context.Context, buyer Buyer, businessID, variantID string, quantity int64) error {
	if quantity < 1 || quantity > maxQuantity {
		return badQuantity
	}
	return s.changeCart(ctx, buyer, businessID, variantID, func(have int64) int64 { return have + quantity })
}

// SetLine makes a line of the cart have this many pieces; 0 takes it out.
func (s *Service) SetLine(ctx context.Context, buyer Buyer, businessID, variantID string, quantity int64) error {
	if quantity < 0 || quantity > maxQuantity {
		return badQuantity
	}
	if quantity == 0 {
		return s.write(ctx, func(ctx context.Context) error {
			return s.store.removeLine(ctx, buyer.key(), businessID, variantID)
		})
	}
	return s.changeCart(ctx, buyer, businessID, variantID, func(int64) int64 { return quantity })
}

var badQuantity = errs.Fields([]errs.Field{{Name: "quantity", Code: "bad_quantity", Message: "Order between 1 and 999 of it."}})

func (s *Service) changeCart(ctx context.Context, buyer Buyer, businessID, variantID string, count func(int64) int64) error {
	if buyer.key() == "" || !ident.Valid(variantID) || !ident.Valid(businessID) {
		return errs.Missing("product")
	}
	return s.write(ctx, func(ctx context.Context) error {
		wares, err := s.Stock.Wares(ctx, []string{variantID})
		if err != nil {
			return err
		}
		if ware, known := wares[variantID]; !known || ware.BusinessID != businessID {
			return errs.Missing("product")
		} else if !ware.OnSale {
			return errs.New(errs.Conflict, "not_for_sale", "This is not sold any more.")
		}
		if _, err := s.Directory.Public(ctx, businessID); err != nil {
			return err
		}
		return s.store.setLine(ctx, s.IDs(), buyer.key(), businessID, variantID, s.Clock(), count)
	})
}

// Adopt moves a guest's carts to the user who has just signed in.
// Lines that both have are added up.
func (s *Service) Adopt(ctx context.Context, guestID, userID string) error {
	if guestID == "" || userID == "" {
		return nil
	}
	return s.write(ctx, func(ctx context.Context) error {
		rows, err := s.store.carts(ctx, guestID)
		if err != nil {
			return err
		}
		for _, r := range rows {
			for _, l := range r.lines {
				add := func(have int64) int64 { return min(have+l.Qty, maxQuantity) }
				if err := s.store.setLine(ctx, s.IDs(), userID, r.BusinessID, l.VariantID, s.Clock(), add); err != nil {
					return err
				}
			}
		}
		return s.store.dropCarts(ctx, guestID)
	})
}

// SweepCarts removes carts that nobody has touched since the given time.
func (s *Service) SweepCarts(ctx context.Context, before time.Time) error {
	return s.write(ctx, func(ctx context.Context) error { return s.store.sweepCarts(ctx, before) })
}
