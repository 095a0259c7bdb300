package stripesandbox

import (
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stripe/stripe-go/v76"
	"pgregory.net/rapid"
)

func refundParams(account, intent string, amount int64) *stripe.RefundParams {
	return &stripe.RefundParams{
		Params: under(account), PaymentIntent: stripe.String(intent), Amount: stripe.Int64(amount),
		Reason: stripe.String("requested_by_customer"), RefundApplicationFee: stripe.Bool(true),
		Metadata: map[string]string{"refund": "r1"},
	}
}

// balance is all an account has, whatever is pending.
func (w *world) balance(account string) int64 {
	w.t.Helper()
	p := &stripe.BalanceParams{}
	if account != "" {
		p.Params = under(account)
	}
	b, err := w.stripe.Balance.Get(p)
	w.must(err)
	var sum int64
	for _, a := range slices.Concat(b.Available, b.Pending) {
		sum += a.Amount
	}
	return sum
}

func TestRefundGivesTheFeeBackInProportion(t *testing.T) {
	w := newWorld(t)
	acct := w.business()
	s := w.paid(acct, fine)
	i := s.PaymentIntent
	if got := w.balance(acct); got != 1000-59-25 {
		t.Fatalf("balance after the sale: %d", got)
	}
	for n, step := range []struct{ amount, feeBack, operator int64 }{
		{333, 8, 17}, // floor(25·333/1000) = 8
		{333, 16, 9}, // floor(25·666/1000) = 16
		{334, 25, 0}, // all of it
	} {
		p := refundParams(acct, i.ID, step.amount)
		p.AddExpand("balance_transaction")
		r, err := w.stripe.Refunds.New(p)
		w.must(err)
		if r.Status != "succeeded" || r.BalanceTransaction.Amount != -step.amount {
			t.Errorf("refund %d: %s, %d", n, r.Status, r.BalanceTransaction.Amount)
		}
		fee, err := w.stripe.ApplicationFees.Get(i.LatestCharge.ApplicationFee.ID, nil)
		w.must(err)
		if fee.AmountRefunded != step.feeBack {
			t.Errorf("refund %d: fee returned %d, want %d", n, fee.AmountRefunded, step.feeBack)
		}
		if got := w.balance(""); got != step.operator {
			t.Errorf("refund %d: the operator has %d, want %d", n, got, step.operator)
		}
	}
	if got := w.balance(acct); got != -59 {
		t.Errorf("balance after all: %d, want what Stripe kept", got)
	}
	_, err := w.stripe.Refunds.New(refundParams(acct, i.ID, 1))
	w.refusal(err, http.StatusBadRequest, "charge_already_refunded")

	p := &stripe.ChargeParams{Params: under(acct)}
	p.AddExpand("refunds")
	c, err := w.stripe.Charges.Get(i.LatestCharge.ID, p)
	w.must(err)
	if !c.Refunded || c.AmountRefunded != 1000 || len(c.Refunds.Data) != 3 {
		t.Errorf("charge: refunded %v, %d, %d refunds", c.Refunded, c.AmountRefunded, len(c.Refunds.Data))
	}
	count := map[string]int{}
	for _, typ := range append(w.events(acct), w.events("")...) {
		count[typ]++
	}
	for typ, want := range map[string]int{"charge.refunded": 3, "refund.created": 3, "application_fee.refunded": 3} {
		if count[typ] != want {
			t.Errorf("%d × %s, want %d", count[typ], typ, want)
		}
	}
}

func TestRefundRefusals(t *testing.T) {
	w := newWorld(t)
	acct := w.business()
	s := w.paid(acct, fine)
	authorised := w.open(manually(sessionParams(acct)))
	w.expect(w.pay(authorised.URL, fine), http.StatusSeeOther, "")
	uncaptured := w.session(acct, authorised.ID).PaymentIntent

	for name, c := range map[string]struct {
		change func(*stripe.RefundParams)
		status int
		code   string
	}{
		"too much":       {func(p *stripe.RefundParams) { p.Amount = stripe.Int64(1001) }, 400, ""},
		"nothing":        {func(p *stripe.RefundParams) { p.Amount = stripe.Int64(0) }, 400, "parameter_invalid_integer"},
		"of nothing":     {func(p *stripe.RefundParams) { p.PaymentIntent = nil }, 400, "parameter_missing"},
		"unknown intent": {func(p *stripe.RefundParams) { p.PaymentIntent = stripe.String("pi_unknown") }, 404, "resource_missing"},
		"unknown charge": {func(p *stripe.RefundParams) { p.PaymentIntent, p.Charge = nil, stripe.String("ch_unknown") }, 404, "resource_missing"},
		"uncaptured":     {func(p *stripe.RefundParams) { p.PaymentIntent = stripe.String(uncaptured.ID) }, 400, ""},
		"its charge": {func(p *stripe.RefundParams) {
			p.PaymentIntent, p.Charge = nil, stripe.String(uncaptured.LatestCharge.ID)
		}, 400, "charge_not_refundable"},
		"transfer back": {func(p *stripe.RefundParams) { p.ReverseTransfer = stripe.Bool(true) }, 400, ""},
	} {
		t.Run(name, func(t *testing.T) {
			p := refundParams(acct, s.PaymentIntent.ID, 100)
			c.change(p)
			_, err := w.stripe.Refunds.New(p)
			w.refusal(err, c.status, c.code)
		})
	}
	list := w.stripe.Refunds.List(&stripe.RefundListParams{ListParams: listUnder(acct), PaymentIntent: &s.PaymentIntent.ID})
	if list.Next() {
		t.Error("a refused refund was kept")
	}
}

func TestRefundWithTooLittleBalance(t *testing.T) {
	w := newWorld(t)
	acct := w.business()
	first := w.paid(acct, fine).PaymentIntent
	w.steer("accounts/"+acct+"/drain", object{"refunds": "refuse"})
	if got := w.balance(acct); got != 0 {
		t.Fatalf("drained, but %d left", got)
	}
	_, err := w.stripe.Refunds.New(refundParams(acct, first.ID, 500))
	w.refusal(err, http.StatusBadRequest, "balance_insufficient")

	w.steer("accounts/"+acct+"/drain", object{"refunds": "pending"})
	r, err := w.stripe.Refunds.New(refundParams(acct, first.ID, 500))
	w.must(err)
	if r.Status != "pending" {
		t.Fatalf("refund %s, want pending", r.Status)
	}
	status := func() string {
		got, err := w.stripe.Refunds.Get(r.ID, &stripe.RefundParams{Params: under(acct)})
		w.must(err)
		return string(got.Status)
	}
	w.pass(3 * time.Hour)
	if status() != "pending" {
		t.Fatal("it went through without money")
	}
	p := sessionParams(acct)
	p.ExpiresAt = nil
	w.expect(w.pay(w.open(p).URL, fine), http.StatusSeeOther, "")
	w.pass(time.Hour)
	if status() != "succeeded" {
		t.Errorf("with money again: %s", status())
	}
}

func TestRefundThatFailsLater(t *testing.T) {
	w := newWorld(t)
	acct := w.business()
	i := w.paid(acct, "4000000000005126").PaymentIntent
	before := w.balance(acct)
	p := refundParams(acct, i.ID, 1000)
	p.RefundApplicationFee = nil
	r, err := w.stripe.Refunds.New(p)
	w.must(err)
	if r.Status != "succeeded" {
		t.Fatalf("at first: %s", r.Status)
	}
	w.pass(25 * time.Hour)
	get := &stripe.RefundParams{Params: under(acct)}
	get.AddExpand("failure_balance_transaction")
	r, err = w.stripe.Refunds.Get(r.ID, get)
	w.must(err)
	if r.Status != "failed" || r.FailureReason == "" || r.FailureBalanceTransaction.Amount != 1000 {
		t.Errorf("later: %s %q %+v", r.Status, r.FailureReason, r.FailureBalanceTransaction)
	}
	if got := w.balance(acct); got != before {
		t.Errorf("balance %d, want %d again", got, before)
	}
	c, err := w.stripe.Charges.Get(i.LatestCharge.ID, &stripe.ChargeParams{Params: under(acct)})
	w.must(err)
	if c.AmountRefunded != 0 || c.Refunded {
		t.Errorf("the charge still says %d refunded", c.AmountRefunded)
	}
	if events := w.events(acct); !slices.Contains(events, "charge.refund.updated") || !slices.Contains(events, "refund.updated") {
		t.Errorf("events %v", events)
	}

	again, err := w.stripe.Refunds.New(refundParams(acct, w.paidLater(acct).ID, 10))
	w.must(err)
	w.steer("refunds/"+again.ID+"/fail", nil)
	if status, _ := w.tryToSteer(http.MethodPost, "refunds/"+again.ID+"/fail", nil); status != http.StatusBadRequest {
		t.Errorf("failed twice: %d", status)
	}
}

// paidLater is the intent of a session paid at a time after testStart.
func (w *world) paidLater(account string) *stripe.PaymentIntent {
	w.t.Helper()
	p := sessionParams(account)
	p.ExpiresAt = nil
	s := w.open(p)
	w.expect(w.pay(s.URL, fine), http.StatusSeeOther, "")
	return w.session(account, s.ID).PaymentIntent
}

func TestRefundThatIsPendingFirst(t *testing.T) {
	w := newWorld(t)
	acct := w.business()
	r, err := w.stripe.Refunds.New(refundParams(acct, w.paid(acct, "4000000000007726").PaymentIntent.ID, 400))
	w.must(err)
	if r.Status != "pending" {
		t.Fatalf("at first: %s", r.Status)
	}
	w.pass(25 * time.Hour)
	if r, err = w.stripe.Refunds.Get(r.ID, &stripe.RefundParams{Params: under(acct)}); err != nil || r.Status != "succeeded" {
		t.Errorf("later: %v %v", r, err)
	}
}

func TestCapture(t *testing.T) {
	for name, c := range map[string]struct {
		amount, fee                     int64
		wantFee, wantBalance, releasing int64
	}{
		"all":            {1000, 25, 25, 1000 - 59 - 25, 0},
		"a part":         {400, 10, 10, 400 - 42 - 10, 600},
		"a part, no fee": {400, 0, 25, 400 - 42 - 25, 600}, // the fee set at first stays
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			acct := w.business()
			s := w.open(manually(sessionParams(acct)))
			w.expect(w.pay(s.URL, fine), http.StatusSeeOther, "app.test/paid")
			got := w.session(acct, s.ID)
			i := got.PaymentIntent
			if got.Status != "complete" || got.PaymentStatus != "unpaid" || i.Status != "requires_capture" || i.AmountCapturable != 1000 || i.LatestCharge.Captured {
				t.Fatalf("session %s %s, intent %s", got.Status, got.PaymentStatus, i.Status)
			}
			p := &stripe.PaymentIntentCaptureParams{Params: under(acct), AmountToCapture: &c.amount}
			if c.fee > 0 {
				p.ApplicationFeeAmount = &c.fee
			}
			p.AddExpand("latest_charge")
			i, err := w.stripe.PaymentIntents.Capture(i.ID, p)
			w.must(err)
			if i.Status != "succeeded" || i.AmountReceived != c.amount || i.LatestCharge.AmountRefunded != c.releasing || i.ApplicationFeeAmount != c.wantFee {
				t.Errorf("captured: %s %d, released %d, fee %d", i.Status, i.AmountReceived, i.LatestCharge.AmountRefunded, i.ApplicationFeeAmount)
			}
			if got := w.balance(acct); got != c.wantBalance {
				t.Errorf("balance %d, want %d", got, c.wantBalance)
			}
			_, err = w.stripe.PaymentIntents.Capture(i.ID, &stripe.PaymentIntentCaptureParams{Params: under(acct)})
			w.refusal(err, http.StatusBadRequest, "payment_intent_unexpected_state")
			_, err = w.stripe.Refunds.New(refundParams(acct, i.ID, c.amount+1))
			w.refusal(err, http.StatusBadRequest, "")
			_, err = w.stripe.Refunds.New(refundParams(acct, i.ID, c.amount))
			w.must(err)
		})
	}
}

func TestVoidAndLapse(t *testing.T) {
	for name, c := range map[string]struct {
		end    func(w *world, account, intent string)
		reason string
		events []string
	}{
		"void": {func(w *world, account, intent string) {
			_, err := w.stripe.PaymentIntents.Cancel(intent, &stripe.PaymentIntentCancelParams{
				Params: under(account), CancellationReason: stripe.String("requested_by_customer"),
			})
			w.must(err)
		}, "requested_by_customer", []string{"charge.refunded", "payment_intent.canceled"}},
		"lapse": {func(w *world, _, _ string) {
			w.pass(7 * 24 * time.Hour)
		}, "automatic", []string{"charge.refunded", "payment_intent.canceled", "charge.expired"}},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			acct := w.business()
			s := w.open(manually(sessionParams(acct)))
			w.expect(w.pay(s.URL, fine), http.StatusSeeOther, "")
			id := w.session(acct, s.ID).PaymentIntent.ID
			seen := len(w.events(acct))
			c.end(w, acct, id)
			i := w.session(acct, s.ID).PaymentIntent
			if i.Status != "canceled" || string(i.CancellationReason) != c.reason || !i.LatestCharge.Refunded {
				t.Errorf("intent %s by %s, charge refunded %v", i.Status, i.CancellationReason, i.LatestCharge.Refunded)
			}
			if diff := cmp.Diff(c.events, w.events(acct)[seen:]); diff != "" {
				t.Errorf("events (-want +got):\n%s", diff)
			}
			if got := w.balance(acct); got != 0 {
				t.Errorf("balance %d", got)
			}
			_, err := w.stripe.PaymentIntents.Capture(id, &stripe.PaymentIntentCaptureParams{Params: under(acct)})
			w.refusal(err, http.StatusBadRequest, "payment_intent_unexpected_state")
			_, err = w.stripe.PaymentIntents.Cancel(id, &stripe.PaymentIntentCancelParams{Params: under(acct)})
			w.refusal(err, http.StatusBadRequest, "payment_intent_unexpected_state")
		})
	}
}

func TestFeeRefundByTheOperator(t *testing.T) {
	w := newWorld(t)
	acct := w.business()
	fee := w.paid(acct, fine).PaymentIntent.LatestCharge.ApplicationFee
	before := w.balance(acct)
	r, err := w.stripe.FeeRefunds.New(&stripe.FeeRefundParams{ID: &fee.ID, Amount: stripe.Int64(10)})
	w.must(err)
	if r.Amount != 10 || w.balance(acct) != before+10 || w.balance("") != 15 {
		t.Errorf("gave %d back, the business has %d, the operator %d", r.Amount, w.balance(acct), w.balance(""))
	}
	_, err = w.stripe.FeeRefunds.New(&stripe.FeeRefundParams{ID: &fee.ID, Amount: stripe.Int64(16)})
	w.refusal(err, http.StatusBadRequest, "")
	list := w.stripe.FeeRefunds.List(&stripe.FeeRefundListParams{ID: &fee.ID})
	if !list.Next() || list.FeeRefund().ID != r.ID {
		t.Error("the refund is not listed")
	}
	fees := w.stripe.ApplicationFees.List(&stripe.ApplicationFeeListParams{})
	if !fees.Next() || fees.ApplicationFee().AmountRefunded != 10 {
		t.Error("the fee does not show it")
	}
}

// TestFeeShare: the fee goes back piece by piece, never more than in
// proportion, and all of it in the end.
func TestFeeShare(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		of := rapid.Int64Range(1, maximum).Draw(t, "of")
		f := applicationFee{Of: of, Amount: rapid.Int64Range(1, of).Draw(t, "fee")}
		refunded, back := int64(0), int64(0)
		for range rapid.IntRange(1, 20).Draw(t, "pieces") {
			refunded += rapid.Int64Range(0, of-refunded).Draw(t, "piece")
			share := f.share(refunded)
			if share < back || share*of > f.Amount*refunded {
				t.Fatalf("%d of %d refunded: share %d after %d", refunded, of, share, back)
			}
			back = share
		}
		if f.share(of) != f.Amount {
			t.Fatalf("all refunded: %d of %d", f.share(of), f.Amount)
		}
	})
}
