package payment

import (
	"context"

	"github.com/stripe/stripe-go/v76"
)

// Capture takes money that a card was authorised for.
func (s *Stripe) Capture(ctx context.Context, key Key, intent Ref, amount, fee int64) error {
	if amount <= 0 || fee < 0 || fee > amount {
		return &Error{Outcome: Refused, Op: opCapture, Code: "bad_amount"}
	}
	params := &stripe.PaymentIntentCaptureParams{AmountToCapture: stripe.Int64(amount)}
	if fee > 0 { // a fee of 0 would be sent as such and refused
		params.ApplicationFeeAmount = stripe.Int64(fee)
	}
	if err := on(ctx, opCapture, intent.Account, &params.Params, key); err != nil {
		return err
	}
	_, err := s.api.PaymentIntents.Capture(intent.ID, params)
	return failure(opCapture, err)
}

// Void lets go of money that a card was authorised for.
func (s *Stripe) Void(ctx context.Context, key Key, intent Ref) error {
	params := &stripe.PaymentIntentCancelParams{}
	if err := on(ctx, opVoid, intent.Account, &params.Params, key); err != nil {
		return err
	}
	_, err := s.api.PaymentIntents.Cancel(intent.ID, params)
	return failure(opVoid, err)
}
