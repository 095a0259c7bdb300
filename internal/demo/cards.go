package demo

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"nearby/internal/account"
)

// card is the provider's test card that always pays.
var card = url.Values{"number": {"4242424242424242"}, "exp": {"12/40"}, "cvc": {"123"}}

// browser walks the provider's hosted pages as a person would, no further than
// to the redirect at their end: it leads to our own site, which is not up yet.
var browser = &http.Client{
	Timeout:       10 * time.Second,
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
}

// takesCards tells whether there is a provider whose forms may be filled in.
func (f *filler) takesCards() bool { return f.Payout.Gateway != nil && !f.NoCards }

// openTill has a business take cards: its owner fills in the provider's forms.
func (f *filler) openTill(ctx context.Context, owner account.Actor, businessID string) error {
	if status, err := f.Payout.Status(ctx, businessID); err != nil || status.State.Sells() {
		return err
	}
	link, err := f.Payout.Start(ctx, owner, businessID)
	if err != nil {
		return err
	}
	page, err := url.Parse(link)
	if err != nil {
		return err
	}
	if err := ask(ctx, http.MethodGet, page, nil); err != nil {
		return err
	}
	answers := page.Query()
	answers.Set("action", "finish")
	page.RawQuery = ""
	if err := ask(ctx, http.MethodPost, page, answers); err != nil {
		return err
	}
	_, err = f.Payout.Refresh(ctx, businessID)
	return err
}

// payOn pays on the provider's page.
func payOn(ctx context.Context, page string, who Person) error {
	address, err := url.Parse(page)
	if err != nil {
		return err
	}
	form := url.Values{"name": {who.Name}, "email": {who.Email}}
	for field, value := range card {
		form[field] = value
	}
	return ask(ctx, http.MethodPost, address, form)
}

// ask asks for a page, or sends a form to it, and is content with any answer
// that is no refusal. It goes to the sandbox on this machine, never to a real
// provider.
func ask(ctx context.Context, method string, page *url.URL, form url.Values) error {
	if ip := net.ParseIP(page.Hostname()); page.Hostname() != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return fmt.Errorf("the payment forms at %s are for people to fill in: run the demo with payments off or with the sandbox", page.Hostname())
	}
	request, err := http.NewRequestWithContext(ctx, method, page.String(), strings.NewReader(form.Encode()))
	if err != nil {
		return err
	}
	if form != nil {
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	response, err := browser.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if _, err := io.Copy(io.Discard, response.Body); err != nil {
		return err
	}
	if response.StatusCode >= http.StatusBadRequest {
		return fmt.Errorf("%s %s: %s", method, page.Path, response.Status)
	}
	return nil
}
