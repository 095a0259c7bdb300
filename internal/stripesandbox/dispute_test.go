package stripesandbox

import (
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stripe/stripe-go/v76"
)

// dispute is the only dispute of an account.
func (w *world) dispute(account string) *stripe.Dispute {
	w.t.Helper()
	list := w.stripe.Disputes.List(&stripe.DisputeListParams{ListParams: listUnder(account)})
	if !list.Next() {
		w.t.Fatalf("no dispute: %v", list.Err())
	}
	return list.Dispute()
}

func TestDispute(t *testing.T) {
	answer := func(text string) func(*world, string, *stripe.Dispute) {
		return func(w *world, account string, d *stripe.Dispute) {
			d, err := w.stripe.Disputes.Update(d.ID, &stripe.DisputeParams{
				Params: under(account), Submit: stripe.Bool(true),
				Evidence: &stripe.DisputeEvidenceParams{UncategorizedText: &text, CustomerName: stripe.String("Ada")},
			})
			w.must(err)
			if d.EvidenceDetails.SubmissionCount != 1 || !d.EvidenceDetails.HasEvidence || d.Evidence.CustomerName != "Ada" {
				w.t.Errorf("after the answer: %+v", d.EvidenceDetails)
			}
			_, err = w.stripe.Disputes.Update(d.ID, &stripe.DisputeParams{
				Params: under(account), Evidence: &stripe.DisputeEvidenceParams{UncategorizedText: stripe.String("more")},
			})
			w.refusal(err, http.StatusBadRequest, "")
			w.pass(2 * time.Minute)
		}
	}
	wait := func(w *world, _ string, _ *stripe.Dispute) { w.pass(8 * 24 * time.Hour) }
	word := func(word string) func(*world, string, *stripe.Dispute) {
		return func(w *world, _ string, d *stripe.Dispute) { w.steer("disputes/"+d.ID+"/"+word, nil) }
	}
	const lost, won, kept = 916 - 1000 - 1500, 916 - 1500, 916

	for name, c := range map[string]struct {
		card    string
		end     func(*world, string, *stripe.Dispute)
		at      string
		status  string
		balance int64
		events  []string
	}{
		"won by evidence": {"4000000000000259", answer(winningWords), "needs_response", "won", won, []string{
			"charge.dispute.created", "charge.dispute.funds_withdrawn", "charge.dispute.updated", "charge.dispute.closed", "charge.dispute.funds_reinstated",
		}},
		"lost in spite of evidence": {"4000000000000259", answer("It was me"), "needs_response", "lost", lost, []string{
			"charge.dispute.created", "charge.dispute.funds_withdrawn", "charge.dispute.updated", "charge.dispute.closed",
		}},
		"lost by silence": {"4000000000000259", wait, "needs_response", "lost", lost, []string{
			"charge.dispute.created", "charge.dispute.funds_withdrawn", "charge.dispute.closed",
		}},
		"won by control": {"4000000000000259", word("won"), "needs_response", "won", won, []string{
			"charge.dispute.created", "charge.dispute.funds_withdrawn", "charge.dispute.closed", "charge.dispute.funds_reinstated",
		}},
		"inquiry that ends": {"4000000000001976", wait, "warning_needs_response", "warning_closed", kept, []string{
			"charge.dispute.created", "charge.dispute.closed",
		}},
		"inquiry that grows": {"4000000000001976", word("escalate"), "warning_needs_response", "needs_response", lost, []string{
			"charge.dispute.created", "charge.dispute.updated", "charge.dispute.funds_withdrawn",
		}},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			acct := w.business()
			w.paid(acct, c.card)
			seen := len(w.events(acct))
			w.pass(troubleAfter)
			d := w.dispute(acct)
			if string(d.Status) != c.at || d.Amount != 1000 {
				t.Fatalf("dispute %s over %d", d.Status, d.Amount)
			}
			c.end(w, acct, d)
			d, err := w.stripe.Disputes.Get(d.ID, &stripe.DisputeParams{Params: under(acct)})
			w.must(err)
			if string(d.Status) != c.status {
				t.Errorf("in the end %s, want %s", d.Status, c.status)
			}
			events := slices.DeleteFunc(w.events(acct)[seen:], func(typ string) bool { return typ[:6] == "payout" })
			if diff := cmp.Diff(c.events, events); diff != "" {
				t.Errorf("events (-want +got):\n%s", diff)
			}
			var sum int64
			for m := w.stripe.BalanceTransactions.List(&stripe.BalanceTransactionListParams{ListParams: listUnder(acct)}); m.Next(); {
				if m.BalanceTransaction().Type != "payout" {
					sum += m.BalanceTransaction().Net
				}
			}
			if sum != c.balance {
				t.Errorf("balance without payouts %d, want %d", sum, c.balance)
			}
		})
	}
}

func TestDisputedChargesAreNotRefunded(t *testing.T) {
	w := newWorld(t)
	acct := w.business()
	i := w.paid(acct, fine).PaymentIntent
	inquiry := w.steer("disputes", object{"account": acct, "payment_intent": i.ID, "inquiry": true})
	_, err := w.stripe.Refunds.New(refundParams(acct, i.ID, 100))
	w.must(err)
	id := inquiry["id"].(string)
	w.steer("disputes/"+id+"/escalate", nil)
	_, err = w.stripe.Refunds.New(refundParams(acct, i.ID, 100))
	w.refusal(err, http.StatusBadRequest, "charge_disputed")
	if status, _ := w.tryToSteer(http.MethodPost, "disputes/"+id+"/warning_closed", nil); status != http.StatusBadRequest {
		t.Errorf("a dispute closed as an inquiry: %d", status)
	}
	w.steer("disputes/"+id+"/won", nil)
	_, err = w.stripe.Refunds.New(refundParams(acct, i.ID, 100))
	w.must(err)
}

func TestFraudWarning(t *testing.T) {
	w := newWorld(t)
	acct := w.business()
	w.paid(acct, "4000000000005423")
	w.pass(troubleAfter)
	if events := w.events(acct); events[len(events)-1] != "radar.early_fraud_warning.created" {
		t.Errorf("events %v", events)
	}
}
