package owner_test

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"nearby/internal/clock"
	"nearby/internal/database"
	"nearby/internal/database/dbtest"
	"nearby/internal/ident"
	"nearby/internal/mail"
	"nearby/internal/money"
	"nearby/internal/order"
	"nearby/internal/payment"
	"nearby/internal/payment/paymenttest"
	"nearby/internal/server/servertest"
)

// paidByCard is an order of n loaves whose card was good.
func paidByCard(t *testing.T, site *servertest.Site, shop servertest.Shop, n int64, locale string) order.Placement {
	t.Helper()
	placed, err := site.Order.Place(t.Context(), order.Buyer{GuestID: ident.Random()}, order.PlaceInput{
		BusinessID: shop.ID, Lines: []order.PlaceLine{{VariantID: shop.Variant, Quantity: n}}, Payment: order.PayCard,
		Fulfilment: order.Fulfilment{Kind: order.Pickup}, Contact: order.Contact{Name: "Mia", Email: "mia@people.example"},
		ExpectedTotal: money.New(shop.Price().Minor*n, "EUR"), Locale: locale, ClientToken: ident.Token(),
	})
	if err != nil {
		t.Fatal(err)
	}
	page, err := site.Order.Open(t.Context(), placed.Order.ID)
	if err != nil {
		t.Fatal(err)
	}
	if err := servertest.Pay(t.Context(), page, servertest.GoodCard); err != nil {
		t.Fatal(err)
	}
	site.Settle()
	return placed
}

// letters are the texts that were sent with this subject.
func letters(site *servertest.Site, subject string) []string {
	var texts []string
	for _, sent := range site.Sender.(*mail.Console).Messages() {
		if strings.Contains(sent.Subject, subject) {
			texts = append(texts, sent.Text)
		}
	}
	return texts
}

// TestAcceptFirst walks through it as people see it: the switch, the reserved
// card, the yes without what is missing, and what the shopper is told.
func TestAcceptFirst(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		site := servertest.New(t, db, servertest.ByHand())
		shop := site.AddShop(servertest.NewShop{})
		owner, guest := site.SignIn(shop.Owner), site.Guest()
		profile := "/manage/" + shop.Slug + "/profile"
		status(t, owner.Fill(owner.See(profile), "/manage/"+shop.Slug+"/selling", url.Values{"accept_first": {"1"}}), http.StatusOK)
		if b, err := site.Directory.Get(t.Context(), shop.ID); err != nil || !b.AcceptFirst {
			t.Fatalf("the switch was not kept (%v)", err)
		}

		placed := paidByCard(t, site, shop, 3, "en")
		mine, theirs := "/o/"+placed.Order.ID+"?t="+placed.Token, "/manage/"+shop.Slug+"/orders/"+placed.Order.ID
		says(t, guest.See(mine), "Card reserved, waiting for the shop", "Your card is only reserved until the shop accepts, by ")
		if sent := letters(site, "Your order 1 at"); len(sent) != 1 || !strings.Contains(sent[0], "only reserved") {
			t.Errorf("letters about the reservation: %q", sent)
		}
		page := owner.See(theirs)
		says(t, page, "nothing is charged", "Only what there is will be charged.")
		wrong := status(t, owner.Fill(page, theirs+"/short", url.Values{"give.1": {"four"}}), http.StatusUnprocessableEntity)
		if says(t, wrong, "A whole number from 0 to 3."); wrong.Value("give.1") != "four" {
			t.Errorf("typed again: %q", wrong.Value("give.1"))
		}
		status(t, owner.Fill(page, theirs+"/short", url.Values{"give.1": {"0"}}), http.StatusConflict)
		says(t, status(t, owner.Fill(page, theirs+"/short", url.Values{"give.1": {"2"}}), http.StatusOK), "1 of 3 was not there", "€9.60")
		site.Settle()
		says(t, guest.See(mine), "1 of 3 was not there", "€9.60")
		if sent := letters(site, "something was not there"); len(sent) != 1 || !strings.Contains(sent[0], "Sourdough loaf: 1 of 3 was not there") || !strings.Contains(sent[0], "€9.60") {
			t.Errorf("letters about what is missing: %q", sent)
		}

		second := paidByCard(t, site, shop, 1, "ar")
		theirs = "/manage/" + shop.Slug + "/orders/" + second.Order.ID
		says(t, status(t, owner.Fill(owner.See(theirs), theirs+"/decline", url.Values{"reason": {"closing"}}), http.StatusOK), "Declined")
		site.Settle()
		says(t, guest.See("/o/"+second.Order.ID+"?t="+second.Token), "Nothing was charged")
		if sent := letters(site, "لا يستطيع"); len(sent) != 1 || !strings.Contains(sent[0], "لم يُخصم شيء") {
			t.Errorf("letters about the refusal: %q", sent)
		}
	})
}

// TestMoneyBackByLine refunds pieces on the page, and shows both sides their
// receipt.
func TestMoneyBackByLine(t *testing.T) {
	site := servertest.New(t, dbtest.SQLite(t), servertest.ByHand())
	shop := site.AddShop(servertest.NewShop{})
	owner, guest := site.SignIn(shop.Owner), site.Guest()
	placed := paidByCard(t, site, shop, 3, "en")
	at := "/manage/" + shop.Slug + "/orders/" + placed.Order.ID
	page := owner.See(at)
	give := func(b *servertest.Browser, page *servertest.Page, pieces, note string) *servertest.Page {
		return b.Fill(page, at+"/refund", url.Values{"back.1": {pieces}, "refund_note": {note}})
	}
	for _, bad := range []string{"0", "4", "two", "-1"} {
		wrong := status(t, give(owner, page, bad, "Came cold"), http.StatusUnprocessableEntity)
		if wrong.Value("back.1") != bad || wrong.Value("refund_note") != "Came cold" {
			t.Errorf("typed %s: the form has %q and %q", bad, wrong.Value("back.1"), wrong.Value("refund_note"))
		}
	}
	for range 2 { // a double click
		says(t, status(t, give(owner, page, "1", "Came cold"), http.StatusOK), "1 of 3 refunded")
	}
	site.Settle()
	other := owner.See(at)
	says(t, status(t, give(owner, other, "1", "Burnt"), http.StatusOK), "2 of 3 refunded")
	late := other.Value("token")
	stale := owner.Post(at+"/refund", url.Values{"back.1": {"1"}, "refund_note": {"Burnt"}, "seen": {other.Value("seen")}, "token": {late + "x"}})
	says(t, status(t, stale, http.StatusConflict), "given back since you looked")
	site.Settle()
	if o, err := site.Order.Get(t.Context(), placed.Order.ID); err != nil || o.Payment.Refunded.Minor != 960 || len(o.Refunds) != 2 {
		t.Errorf("refunded %v in %d refunds (%v)", o.Payment.Refunded, len(o.Refunds), err)
	}
	mine := "/o/" + placed.Order.ID + "/receipt?t=" + placed.Token
	for _, receipt := range []*servertest.Page{guest.See(mine), owner.See(at + "/receipt")} {
		says(t, status(t, receipt, http.StatusOK), "Receipt 1", shop.LegalName, "Register number HRB 1", "Mauerstraße 81", "3 × €4.80", "VAT 7 %", "€0.94", "€14.40", "−€4.80", "Left after refunds")
	}
	says(t, guest.See("/o/"+placed.Order.ID+"?t="+placed.Token), "Receipt", "2 of 3 refunded")
	status(t, guest.Get("/o/"+placed.Order.ID+"/receipt"), http.StatusNotFound)
}

// TestFunds shows what the account holds and what was sent to the bank, and what
// it was when the provider is away.
func TestFunds(t *testing.T) {
	fake := clock.NewFake(time.Date(2026, 5, 4, 9, 0, 0, 0, time.UTC))
	site := servertest.New(t, dbtest.SQLite(t), servertest.At(fake))
	shop := site.AddShop(servertest.NewShop{})
	at := "/manage/" + shop.Slug + "/payouts"
	paidByCard(t, site, shop, 3, "en") // 14.40 less Stripe's 0.72
	owner := site.SignIn(shop.Owner)
	says(t, owner.See(at), "Still on its way in", "€13.68", "As Stripe said at 4 May, 11:00")
	fake.Advance(8 * 24 * time.Hour)
	site.Settle()
	if _, err := site.Payout.Refresh(t.Context(), shop.ID); err != nil {
		t.Fatal(err)
	}
	owner = site.SignIn(shop.Owner)
	says(t, owner.See(at), "Sent to your bank", "€13.68", "Arrived")
	paidByCard(t, site, shop, 1, "en")
	if page := owner.See(at); strings.Contains(page.Text(), "Still on its way in €4.36") {
		t.Errorf("the balance was asked again within five minutes")
	}
	broken := errors.New("cut")
	fake.Advance(6 * time.Minute)
	gateway := site.Payout.Gateway
	site.Payout.Gateway = &paymenttest.Tap{Gateway: gateway, Hook: func(context.Context, string, func() error) error {
		return payment.Fail(payment.Unknown, "balance", broken.Error())
	}}
	says(t, owner.See(at), "Stripe does not answer at the moment", "Arrived")
	site.Payout.Gateway = gateway
	says(t, owner.See(at), "Still on its way in €4.36")
}
