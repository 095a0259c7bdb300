package payment

import (
	"context"

	"github.com/stripe/stripe-go/v76"
)

// OpenAccount makes an Express account for a business.
func (s *Stripe) OpenAccount(ctx context.Context, key Key, in AccountInput) (Account, error) {
	requested := func() *bool { return stripe.Bool(true) }
	params := &stripe.AccountParams{
		Type:    stripe.String(string(stripe.AccountTypeExpress)),
		Country: stripe.String(in.Country),
		Capabilities: &stripe.AccountCapabilitiesParams{
			CardPayments: &stripe.AccountCapabilitiesCardPaymentsParams{Requested: requested()},
			Transfers:    &stripe.AccountCapabilitiesTransfersParams{Requested: requested()},
		},
		BusinessProfile: &stripe.AccountBusinessProfileParams{Name: stripe.String(in.Name)},
		Metadata:        map[string]string{MetaInstall: in.Install, "business": in.Business, "payout": in.Row},
	}
	optional(&params.Email, in.Email)
	optional(&params.BusinessProfile.URL, in.URL)
	if err := own(ctx, opNewAcct, &params.Params, key); err != nil {
		return Account{}, err
	}
	account, err := s.api.Accounts.New(params)
	if err != nil {
		return Account{}, failure(opNewAcct, err)
	}
	return accountOf(opNewAcct, account)
}

// Account reads a business's account.
func (s *Stripe) Account(ctx context.Context, id string) (Account, error) {
	params := &stripe.AccountParams{}
	if err := own(ctx, opAccount, &params.Params, reading); err != nil {
		return Account{}, err
	}
	account, err := s.api.Accounts.GetByID(id, params)
	if err != nil {
		return Account{}, failure(opAccount, err)
	}
	return accountOf(opAccount, account)
}

func accountOf(op string, in *stripe.Account) (Account, error) {
	if in.ID == "" {
		return Account{}, &Error{Outcome: Unknown, Op: op, Code: "empty_answer"}
	}
	out := Account{
		ID: in.ID, Country: in.Country, DefaultCurrency: upper(in.DefaultCurrency), ChargesEnabled: in.ChargesEnabled,
		PayoutsEnabled: in.PayoutsEnabled, DetailsSubmitted: in.DetailsSubmitted, CardPayments: "inactive", Metadata: in.Metadata,
	}
	if c := in.Capabilities; c != nil && c.CardPayments != "" {
		out.CardPayments = string(c.CardPayments)
	}
	if r := in.Requirements; r != nil {
		out.CurrentlyDue, out.PastDue, out.DisabledReason = r.CurrentlyDue, r.PastDue, string(r.DisabledReason)
		out.Deadline = at(r.CurrentDeadline)
	}
	return out, nil
}

// OnboardingLink makes a single-use link to the provider's forms.
func (s *Stripe) OnboardingLink(ctx context.Context, key Key, in LinkInput) (string, error) {
	params := &stripe.AccountLinkParams{
		Account: stripe.String(in.Account), Type: stripe.String(in.Kind),
		ReturnURL: stripe.String(in.ReturnURL), RefreshURL: stripe.String(in.RefreshURL),
	}
	if err := own(ctx, opOnboard, &params.Params, key); err != nil {
		return "", err
	}
	link, err := s.api.AccountLinks.New(params)
	if err != nil {
		return "", failure(opOnboard, err)
	}
	return link.URL, nil
}

// DashboardLink makes a single-use link to the account's own dashboard.
func (s *Stripe) DashboardLink(ctx context.Context, key Key, account string) (string, error) {
	params := &stripe.LoginLinkParams{Account: stripe.String(account)}
	if err := own(ctx, opDashboard, &params.Params, key); err != nil {
		return "", err
	}
	link, err := s.api.LoginLinks.New(params)
	if err != nil {
		return "", failure(opDashboard, err)
	}
	return link.URL, nil
}

// Balance reads what an account holds at the provider.
func (s *Stripe) Balance(ctx context.Context, account string) (Balance, error) {
	params := &stripe.BalanceParams{}
	if err := on(ctx, opBalance, account, &params.Params, reading); err != nil {
		return Balance{}, err
	}
	balance, err := s.api.Balance.Get(params)
	if err != nil {
		return Balance{}, failure(opBalance, err)
	}
	return Balance{Available: sums(balance.Available), Pending: sums(balance.Pending)}, nil
}

// shownPayouts is how many payouts are read at once.
const shownPayouts = 10

// Payouts lists what was last sent to an account's bank, newest first, at most
// ten.
func (s *Stripe) Payouts(ctx context.Context, account string) ([]Payout, error) {
	params := &stripe.PayoutListParams{}
	if err := onList(ctx, opPayouts, account, &params.ListParams); err != nil {
		return nil, err
	}
	params.Limit = stripe.Int64(shownPayouts)
	var found []Payout
	list := s.api.Payouts.List(params)
	for list.Next() {
		p := list.Payout()
		found = append(found, Payout{
			ID: p.ID, Amount: p.Amount, Currency: upper(p.Currency), Status: string(p.Status), CreatedAt: at(p.Created), ArrivesAt: at(p.ArrivalDate),
		})
	}
	return found, failure(opPayouts, list.Err())
}

func sums(amounts []*stripe.Amount) map[string]int64 {
	out := map[string]int64{}
	for _, a := range amounts {
		out[upper(a.Currency)] += a.Amount
	}
	return out
}
