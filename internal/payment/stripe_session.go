package payment

import (
	"context"
	"strings"
	"time"

	"github.com/stripe/stripe-go/v76"
)

// OpenSession makes a hosted payment page on in.Account.
func (s *Stripe) OpenSession(ctx context.Context, key Key, in SessionInput) (Session, error) {
	params, err := sessionParams(in)
	if err != nil {
		return Session{}, err
	}
	if err := on(ctx, opOpen, in.Account, &params.Params, key); err != nil {
		return Session{}, err
	}
	session, err := s.api.CheckoutSessions.New(params)
	if err != nil {
		return Session{}, failure(opOpen, err)
	}
	return s.session(opOpen, in.Account, session)
}

func sessionParams(in SessionInput) (*stripe.CheckoutSessionParams, error) {
	total := in.Total()
	if in.Fee < 0 || in.Fee > total || total <= 0 {
		return nil, &Error{Outcome: Refused, Op: opOpen, Code: "bad_amount"}
	}
	meta := map[string]string{MetaInstall: in.Install, MetaOrder: in.Order, MetaPayment: in.Payment}
	params := &stripe.CheckoutSessionParams{
		Mode:               stripe.String(string(stripe.CheckoutSessionModePayment)),
		SubmitType:         stripe.String(string(stripe.CheckoutSessionSubmitTypePay)),
		PaymentMethodTypes: stripe.StringSlice([]string{"card"}),
		ClientReferenceID:  stripe.String(in.Order),
		SuccessURL:         stripe.String(in.SuccessURL),
		CancelURL:          stripe.String(in.CancelURL),
		ExpiresAt:          stripe.Int64(in.ExpiresAt.Unix()),
		Locale:             stripe.String(pageLocale(in.Locale)),
		Metadata:           meta,
		PaymentIntentData:  &stripe.CheckoutSessionPaymentIntentDataParams{Metadata: meta},
	}
	data := params.PaymentIntentData
	// A fee of 0 would be sent as such and refused.
	if in.Fee > 0 {
		data.ApplicationFeeAmount = stripe.Int64(in.Fee)
	}
	data.CaptureMethod = stripe.String("automatic")
	if in.Manual {
		data.CaptureMethod = stripe.String("manual")
	}
	optional(&data.Description, in.Description)
	optional(&data.StatementDescriptorSuffix, in.Suffix)
	optional(&params.CustomerEmail, in.Email)
	for _, line := range in.Lines {
		params.LineItems = append(params.LineItems, &stripe.CheckoutSessionLineItemParams{
			Quantity: stripe.Int64(1),
			PriceData: &stripe.CheckoutSessionLineItemPriceDataParams{
				Currency:    stripe.String(strings.ToLower(in.Currency)),
				UnitAmount:  stripe.Int64(line.Amount),
				ProductData: &stripe.CheckoutSessionLineItemPriceDataProductDataParams{Name: stripe.String(line.Name)},
			},
		})
	}
	return params, nil
}

func optional(field **string, value string) {
	if value != "" {
		*field = stripe.String(value)
	}
}

// ExpireSession closes a payment page.
func (s *Stripe) ExpireSession(ctx context.Context, key Key, ref Ref) error {
	params := &stripe.CheckoutSessionExpireParams{}
	if err := on(ctx, opExpire, ref.Account, &params.Params, key); err != nil {
		return err
	}
	_, err := s.api.CheckoutSessions.Expire(ref.ID, params)
	return failure(opExpire, err)
}

// Session reads a payment page with its intent, charge and fees.
func (s *Stripe) Session(ctx context.Context, ref Ref) (Session, error) {
	params := &stripe.CheckoutSessionParams{}
	if err := on(ctx, opSession, ref.Account, &params.Params, reading); err != nil {
		return Session{}, err
	}
	params.AddExpand("payment_intent.latest_charge.balance_transaction")
	session, err := s.api.CheckoutSessions.Get(ref.ID, params)
	if err != nil {
		return Session{}, failure(opSession, err)
	}
	return s.session(opSession, ref.Account, session)
}

// FindSessions lists payment pages of an account, newest first, by at most ten
// pages of a hundred. Intents carry their id alone: read the one you want.
func (s *Stripe) FindSessions(ctx context.Context, account string, filter SessionFilter) ([]Session, error) {
	var found []Session
	after := ""
	for range 10 {
		params := &stripe.CheckoutSessionListParams{}
		if err := onList(ctx, opFind, account, &params.ListParams); err != nil {
			return nil, err
		}
		optional(&params.PaymentIntent, filter.Intent)
		optional(&params.StartingAfter, after)
		if !filter.Since.IsZero() {
			params.CreatedRange = &stripe.RangeQueryParams{GreaterThanOrEqual: filter.Since.Unix()}
		}
		list := s.api.CheckoutSessions.List(params)
		for list.Next() {
			session, err := s.session(opFind, account, list.CheckoutSession())
			if err != nil {
				return nil, err
			}
			found = append(found, session)
			after = session.ID
		}
		if err := list.Err(); err != nil {
			return nil, failure(opFind, err)
		}
		if !list.Meta().HasMore {
			break
		}
	}
	return found, nil
}

func (s *Stripe) session(op, account string, in *stripe.CheckoutSession) (Session, error) {
	if in.ID == "" {
		return Session{}, &Error{Outcome: Unknown, Op: op, Code: "empty_answer"}
	}
	out := Session{
		Ref: Ref{account, in.ID}, URL: in.URL, Status: string(in.Status), PaymentStatus: string(in.PaymentStatus),
		Currency: upper(in.Currency), Total: in.AmountTotal, ClientReference: in.ClientReferenceID, Metadata: in.Metadata,
		Live: in.Livemode, CreatedAt: at(in.Created), ExpiresAt: at(in.ExpiresAt),
	}
	if p := in.PaymentIntent; p != nil {
		out.Intent = &Intent{
			ID: p.ID, Status: string(p.Status), Amount: p.Amount, Received: p.AmountReceived,
			Transfer: p.TransferData != nil, Metadata: p.Metadata, Charge: charge(p.LatestCharge),
		}
		if p.OnBehalfOf != nil {
			out.Intent.OnBehalfOf = p.OnBehalfOf.ID
		}
		// The library cannot tell an absent fee from one of 0; neither can be ours
		// when a fee was asked for, and both are fine when none was.
		if fee := p.ApplicationFeeAmount; fee != 0 {
			out.Intent.Fee = &fee
		}
	}
	return out, nil
}

func charge(in *stripe.Charge) *Charge {
	if in == nil || in.ID == "" {
		return nil
	}
	out := &Charge{ID: in.ID, Paid: in.Paid, Amount: in.Amount, Refunded: in.AmountRefunded, ReceiptURL: in.ReceiptURL}
	if in.ApplicationFee != nil {
		out.FeeID = in.ApplicationFee.ID
	}
	if d := in.PaymentMethodDetails; d != nil && d.Card != nil {
		out.CardBrand, out.CardLast4 = string(d.Card.Brand), d.Card.Last4
	}
	if b := in.BalanceTransaction; b != nil && b.Currency != "" {
		out.MovementID, out.Settles = b.ID, upper(b.Currency)
		for _, fee := range b.FeeDetails {
			if fee.Type == "application_fee" {
				out.AppFee += fee.Amount
			} else {
				out.StripeFee += fee.Amount
			}
		}
	}
	return out
}

// Refund gives money of an intent back.
func (s *Stripe) Refund(ctx context.Context, key Key, in RefundInput) (Refund, error) {
	params := &stripe.RefundParams{
		PaymentIntent: stripe.String(in.Intent), Amount: stripe.Int64(in.Amount),
		Reason:               stripe.String(string(stripe.RefundReasonRequestedByCustomer)),
		RefundApplicationFee: stripe.Bool(!in.KeepFee),
		Metadata:             map[string]string{MetaInstall: in.Install, MetaOrder: in.Order, MetaRefund: in.Refund},
	}
	if err := on(ctx, opRefund, in.Account, &params.Params, key); err != nil {
		return Refund{}, err
	}
	refund, err := s.api.Refunds.New(params)
	if err != nil {
		return Refund{}, failure(opRefund, err)
	}
	return refundOf(opRefund, in.Account, refund)
}

// Refunds lists the refunds of an intent, newest first, at most a hundred. What
// an authorisation let go was never taken and is none, although Stripe may list
// it as one.
func (s *Stripe) Refunds(ctx context.Context, intent Ref) ([]Refund, error) {
	params := &stripe.RefundListParams{PaymentIntent: stripe.String(intent.ID)}
	if err := onList(ctx, opRefunds, intent.Account, &params.ListParams); err != nil {
		return nil, err
	}
	var found []Refund
	list := s.api.Refunds.List(params)
	for list.Next() {
		switch list.Refund().Reason {
		case stripe.RefundReasonExpiredUncapturedCharge, "partial_capture":
			continue
		}
		refund, err := refundOf(opRefunds, intent.Account, list.Refund())
		if err != nil {
			return nil, err
		}
		found = append(found, refund)
	}
	return found, failure(opRefunds, list.Err())
}

func refundOf(op, account string, in *stripe.Refund) (Refund, error) {
	if in.ID == "" {
		return Refund{}, &Error{Outcome: Unknown, Op: op, Code: "empty_answer"}
	}
	out := Refund{
		Ref: Ref{account, in.ID}, Amount: in.Amount, Currency: upper(in.Currency), Status: string(in.Status),
		Failure: string(in.FailureReason), Metadata: in.Metadata, CreatedAt: at(in.Created),
	}
	if in.PaymentIntent != nil {
		out.Intent = in.PaymentIntent.ID
	}
	if in.Charge != nil {
		out.Charge = in.Charge.ID
	}
	if in.BalanceTransaction != nil {
		out.MovementID = in.BalanceTransaction.ID
	}
	return out, nil
}

// Fee reads an application fee on the operator's own account.
func (s *Stripe) Fee(ctx context.Context, id string) (Fee, error) {
	params := &stripe.ApplicationFeeParams{}
	if err := own(ctx, opFee, &params.Params, reading); err != nil {
		return Fee{}, err
	}
	fee, err := s.api.ApplicationFees.Get(id, params)
	if err != nil {
		return Fee{}, failure(opFee, err)
	}
	out := Fee{ID: fee.ID, Amount: fee.Amount, Refunded: fee.AmountRefunded, Currency: upper(fee.Currency)}
	if fee.Account != nil {
		out.Account = fee.Account.ID
	}
	return out, nil
}

// Events lists events of an account, newest first; next pages on to older ones.
func (s *Stripe) Events(ctx context.Context, account string, since time.Time, after string) ([]Event, string, error) {
	params := &stripe.EventListParams{CreatedRange: &stripe.RangeQueryParams{GreaterThanOrEqual: since.Unix()}}
	if err := onList(ctx, opEvents, account, &params.ListParams); err != nil {
		return nil, "", err
	}
	optional(&params.StartingAfter, after)
	var found []Event
	list := s.api.Events.List(params)
	for list.Next() {
		e := list.Event()
		event := Event{ID: e.ID, Account: account, Type: string(e.Type), Live: e.Livemode, APIVersion: e.APIVersion, CreatedAt: at(e.Created)}
		if e.Data != nil {
			event.ObjectID, _ = e.Data.Object["id"].(string)
			switch intent := e.Data.Object["payment_intent"].(type) {
			case string:
				event.IntentID = intent
			case map[string]any:
				event.IntentID, _ = intent["id"].(string)
			}
		}
		found = append(found, event)
	}
	if err := list.Err(); err != nil {
		return nil, "", failure(opEvents, err)
	}
	next := ""
	if list.Meta().HasMore && len(found) > 0 {
		next = found[len(found)-1].ID
	}
	return found, next, nil
}

// pageLocales are the languages the hosted page speaks and we do; for the rest
// the provider looks at the browser.
var pageLocales = map[string]bool{"en": true, "de": true}

func pageLocale(lang string) string {
	if pageLocales[lang] {
		return lang
	}
	return "auto"
}
