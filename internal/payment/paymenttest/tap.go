package paymenttest

import (
	"context"
	"time"

	"nearby/internal/database"
	"nearby/internal/payment"
)

// Tap stands before another gateway. It panics when it is called inside a
// database transaction, and its Hook decides what becomes of each call.
type Tap struct {
	payment.Gateway
	Hook func(ctx context.Context, op string, call func() error) error // nil: just call
}

func tap[T any](t *Tap, ctx context.Context, op string, call func() (T, error)) (answer T, err error) {
	if database.InTx(ctx) {
		panic("paymenttest: " + op + " inside a database transaction")
	}
	if t.Hook == nil {
		return call()
	}
	err = t.Hook(ctx, op, func() error {
		answer, err = call()
		return err
	})
	if err != nil {
		var nothing T
		return nothing, err
	}
	return answer, nil
}

// OpenSession passes on.
func (t *Tap) OpenSession(ctx context.Context, key payment.Key, in payment.SessionInput) (payment.Session, error) {
	return tap(t, ctx, "open", func() (payment.Session, error) { return t.Gateway.OpenSession(ctx, key, in) })
}

// ExpireSession passes on.
func (t *Tap) ExpireSession(ctx context.Context, key payment.Key, ref payment.Ref) error {
	_, err := tap(t, ctx, "expire", func() (bool, error) { return true, t.Gateway.ExpireSession(ctx, key, ref) })
	return err
}

// Session passes on.
func (t *Tap) Session(ctx context.Context, ref payment.Ref) (payment.Session, error) {
	return tap(t, ctx, "session", func() (payment.Session, error) { return t.Gateway.Session(ctx, ref) })
}

// FindSessions passes on.
func (t *Tap) FindSessions(ctx context.Context, account string, filter payment.SessionFilter) ([]payment.Session, error) {
	return tap(t, ctx, "find", func() ([]payment.Session, error) { return t.Gateway.FindSessions(ctx, account, filter) })
}

// Capture passes on.
func (t *Tap) Capture(ctx context.Context, key payment.Key, intent payment.Ref, amount, fee int64) error {
	_, err := tap(t, ctx, "capture", func() (bool, error) { return true, t.Gateway.Capture(ctx, key, intent, amount, fee) })
	return err
}

// Void passes on.
func (t *Tap) Void(ctx context.Context, key payment.Key, intent payment.Ref) error {
	_, err := tap(t, ctx, "void", func() (bool, error) { return true, t.Gateway.Void(ctx, key, intent) })
	return err
}

// Refund passes on.
func (t *Tap) Refund(ctx context.Context, key payment.Key, in payment.RefundInput) (payment.Refund, error) {
	return tap(t, ctx, "refund", func() (payment.Refund, error) { return t.Gateway.Refund(ctx, key, in) })
}

// Refunds passes on.
func (t *Tap) Refunds(ctx context.Context, intent payment.Ref) ([]payment.Refund, error) {
	return tap(t, ctx, "refunds", func() ([]payment.Refund, error) { return t.Gateway.Refunds(ctx, intent) })
}

// Fee passes on.
func (t *Tap) Fee(ctx context.Context, id string) (payment.Fee, error) {
	return tap(t, ctx, "fee", func() (payment.Fee, error) { return t.Gateway.Fee(ctx, id) })
}

// Disputes passes on.
func (t *Tap) Disputes(ctx context.Context, intent payment.Ref) ([]payment.Dispute, error) {
	return tap(t, ctx, "disputes", func() ([]payment.Dispute, error) { return t.Gateway.Disputes(ctx, intent) })
}

// Answer passes on.
func (t *Tap) Answer(ctx context.Context, key payment.Key, dispute payment.Ref, e payment.Evidence) (payment.Dispute, error) {
	return tap(t, ctx, "answer", func() (payment.Dispute, error) { return t.Gateway.Answer(ctx, key, dispute, e) })
}

// OpenAccount passes on.
func (t *Tap) OpenAccount(ctx context.Context, key payment.Key, in payment.AccountInput) (payment.Account, error) {
	return tap(t, ctx, "open account", func() (payment.Account, error) { return t.Gateway.OpenAccount(ctx, key, in) })
}

// Account passes on.
func (t *Tap) Account(ctx context.Context, id string) (payment.Account, error) {
	return tap(t, ctx, "account", func() (payment.Account, error) { return t.Gateway.Account(ctx, id) })
}

// OnboardingLink passes on.
func (t *Tap) OnboardingLink(ctx context.Context, key payment.Key, in payment.LinkInput) (string, error) {
	return tap(t, ctx, "onboarding link", func() (string, error) { return t.Gateway.OnboardingLink(ctx, key, in) })
}

// DashboardLink passes on.
func (t *Tap) DashboardLink(ctx context.Context, key payment.Key, account string) (string, error) {
	return tap(t, ctx, "dashboard link", func() (string, error) { return t.Gateway.DashboardLink(ctx, key, account) })
}

// Payouts passes on.
func (t *Tap) Payouts(ctx context.Context, account string) ([]payment.Payout, error) {
	return tap(t, ctx, "payouts", func() ([]payment.Payout, error) { return t.Gateway.Payouts(ctx, account) })
}

// Balance passes on.
func (t *Tap) Balance(ctx context.Context, account string) (payment.Balance, error) {
	return tap(t, ctx, "balance", func() (payment.Balance, error) { return t.Gateway.Balance(ctx, account) })
}

// Movements passes on.
func (t *Tap) Movements(ctx context.Context, account string, filter payment.MovementFilter) ([]payment.Movement, error) {
	return tap(t, ctx, "movements", func() ([]payment.Movement, error) { return t.Gateway.Movements(ctx, account, filter) })
}

// Events passes on.
func (t *Tap) Events(ctx context.Context, account string, since time.Time, after string) (events []payment.Event, next string, err error) {
	_, err = tap(t, ctx, "events", func() (bool, error) {
		events, next, err = t.Gateway.Events(ctx, account, since, after)
		return true, err
	})
	return events, next, err
}
