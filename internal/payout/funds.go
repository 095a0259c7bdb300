package payout

import (
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"nearby/internal/errs"
	"nearby/internal/money"
	"nearby/internal/payment"
)

const (
	fundsFresh = 5 * time.Minute // how long the provider's word about money is shown without asking again
	fundsKept  = 1000            // accounts that are remembered at once
)

// Funds are what a business's account held, and what was sent to its bank, at a
// moment.
type Funds struct {
	At        time.Time
	Old       bool           // the provider did not answer since
	Available []money.Amount // by currency
	Pending   []money.Amount // not paid out yet, by currency
	Payouts   []payment.Payout
}

// purse remembers the funds of the accounts that were looked at last.
type purse struct {
	mu    sync.Mutex
	known map[string]Funds
}

func (p *purse) get(account string) (Funds, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	f, ok := p.known[account]
	return f, ok
}

func (p *purse) put(account string, f Funds) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.known == nil || len(p.known) >= fundsKept {
		p.known = map[string]Funds{} // seldom, and only costs a question more
	}
	p.known[account] = f
}

// Funds reads what a business's account holds, from the provider or as it was
// within the last five minutes; when the provider does not answer, as it was
// last, marked as old. Errors: NotFound without an account that can be asked,
// Unavailable when there is nothing to show.
func (s *Service) Funds(ctx context.Context, businessID string) (Funds, error) {
	if s.Gateway == nil {
		return Funds{}, errs.Missing("account")
	}
	r, err := s.store.linked(ctx, businessID)
	if err != nil {
		return Funds{}, err
	}
	account := r.account()
	if account == "" || r.State == Disconnected {
		return Funds{}, errs.Missing("account")
	}
	last, known := s.purse.get(account)
	if known && s.Clock().Sub(last.At) < fundsFresh {
		return last, nil
	}
	balance, err := s.Gateway.Balance(ctx, account)
	var payouts []payment.Payout
	if err == nil {
		payouts, err = s.Gateway.Payouts(ctx, account)
	}
	if err != nil && known {
		last.Old = true
		return last, nil
	}
	if err != nil {
		return Funds{}, s.failed(ctx, r, err)
	}
	f := Funds{At: s.Clock(), Available: amounts(balance.Available), Pending: amounts(balance.Pending), Payouts: payouts}
	s.purse.put(account, f)
	return f, nil
}

func amounts(minor map[string]int64) []money.Amount {
	var list []money.Amount
	for currency, n := range minor {
		list = append(list, money.New(n, currency))
	}
	slices.SortFunc(list, func(a, b money.Amount) int { return strings.Compare(a.Currency, b.Currency) })
	return list
}
