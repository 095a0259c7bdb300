package payment

import (
	"context"
	"slices"

	"github.com/stripe/stripe-go/v76"
)

// Disputes lists the disputes of a payment intent, newest first.
func (s *Stripe) Disputes(ctx context.Context, intent Ref) ([]Dispute, error) {
	params := &stripe.DisputeListParams{PaymentIntent: stripe.String(intent.ID)}
	if err := onList(ctx, opDisputes, intent.Account, &params.ListParams); err != nil {
		return nil, err
	}
	var found []Dispute
	list := s.api.Disputes.List(params)
	for list.Next() {
		d, err := disputeOf(opDisputes, intent.Account, list.Dispute())
		if err != nil {
			return nil, err
		}
		found = append(found, d)
	}
	return found, failure(opDisputes, list.Err())
}

// Answer sends a business's evidence on to the bank; it can be done once.
func (s *Stripe) Answer(ctx context.Context, key Key, dispute Ref, e Evidence) (Dispute, error) {
	if e.size() > maxEvidence {
		return Dispute{}, &Error{Outcome: Refused, Op: opAnswer, Code: "too_much_evidence"}
	}
	evidence := &stripe.DisputeEvidenceParams{}
	optional(&evidence.ProductDescription, e.Product)
	optional(&evidence.CustomerName, e.Name)
	optional(&evidence.CustomerEmailAddress, e.Email)
	optional(&evidence.ShippingAddress, e.ShippedTo)
	optional(&evidence.ServiceDate, e.ServiceDate)
	optional(&evidence.CancellationPolicyDisclosure, e.Cancellation)
	optional(&evidence.RefundPolicyDisclosure, e.RefundPolicy)
	optional(&evidence.AccessActivityLog, e.Log)
	optional(&evidence.UncategorizedText, e.Words)
	params := &stripe.DisputeParams{Evidence: evidence, Submit: stripe.Bool(true)}
	if err := on(ctx, opAnswer, dispute.Account, &params.Params, key); err != nil {
		return Dispute{}, err
	}
	d, err := s.api.Disputes.Update(dispute.ID, params)
	if err != nil {
		return Dispute{}, failure(opAnswer, err)
	}
	return disputeOf(opAnswer, dispute.Account, d)
}

func disputeOf(op, account string, in *stripe.Dispute) (Dispute, error) {
	if in.ID == "" {
		return Dispute{}, &Error{Outcome: Unknown, Op: op, Code: "empty_answer"}
	}
	out := Dispute{
		Ref: Ref{account, in.ID}, Amount: in.Amount, Currency: upper(in.Currency), Reason: string(in.Reason), Status: string(in.Status),
		CreatedAt: at(in.Created),
	}
	if in.PaymentIntent != nil {
		out.Intent = in.PaymentIntent.ID
	}
	if details := in.EvidenceDetails; details != nil && details.DueBy > 0 {
		out.DueBy = at(details.DueBy)
	}
	for _, m := range in.BalanceTransactions {
		out.Movements = append(out.Movements, movementOf(account, m))
	}
	slices.SortStableFunc(out.Movements, func(a, b Movement) int { return a.CreatedAt.Compare(b.CreatedAt) })
	return out, nil
}
