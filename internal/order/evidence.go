package order

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"nearby/internal/directory"
	"nearby/internal/payment"
)

// evidenceEvents are the entries of an order's history that a bank is told, in
// English: the language of the card networks.
var evidenceEvents = map[string]string{
	"order.place_card": "The shopper placed the order.", "order.place": "The shopper placed the order.", "order.settle": "The card payment succeeded.",
	"order.settle_accept": "The card payment succeeded.", "order.accept": "The business accepted the order.",
	"order.start": "The business began to prepare it.", "order.ready": "It was ready to be collected; the shopper was told by e-mail.",
	"order.dispatch": "It left for the shopper's address; the shopper was told by e-mail.",
	"order.hand_over": "It was handed over to a person who said the secret pickup code. " +
		"The code is shown only on the order page of the shopper's own link and in the shopper's e-mail.",
	"order.deliver": "It was delivered to a person who said the secret code. " +
		"The code is shown only on the order page of the shopper's own link and in the shopper's e-mail.",
	"order.fail_delivery": "It could not be delivered.", "order.no_show": "Nobody came to collect it.", "order.take_off": "Pieces that were missing were taken off the order.",
	"order.refund": "The business gave money back.", "order.cancel": "The order was cancelled.", "order.decline": "The business declined the order.",
	"order.time_out": "The business did not accept in time; the order was declined.",
}

// maxHistory bounds how much of an order's history is told.
const maxHistory = 200

// Evidence puts together what is known of an order and helps to answer a
// dispute about it: what was sold to whom, what happened when, the proof of
// handing over, and the terms. The business's own words are still missing.
func (s *Service) Evidence(ctx context.Context, o Order) (payment.Evidence, error) {
	zone, err := time.LoadLocation(o.Zone)
	if err != nil {
		return payment.Evidence{}, err
	}
	row, err := s.store.order(ctx, o.ID)
	if err != nil {
		return payment.Evidence{}, err
	}
	var terms struct{ Trader Seller }
	if err := json.Unmarshal([]byte(row.TermsJSON), &terms); err != nil {
		return payment.Evidence{}, fmt.Errorf("order %s: terms: %w", o.ID, err)
	}
	history, err := s.Audit.Of(ctx, "order", o.ID, maxHistory)
	if err != nil {
		return payment.Evidence{}, err
	}
	slices.Reverse(history)
	e := payment.Evidence{
		Product: sold(o), Name: o.Contact.Name, Email: o.Contact.Email,
		Cancellation: "The shopper can cancel on the order page, free of charge, until the business has accepted the order.",
		RefundPolicy: "What cannot be handed over is refunded in full. Seller named before the order was placed: " + sellerLine(terms.Trader) + ".",
	}
	if o.Address != nil {
		e.ShippedTo = strings.Join(addressParts(*o.Address), ", ")
	}
	var log strings.Builder
	for _, entry := range history {
		words, told := evidenceEvents[entry.Action]
		if !told {
			continue
		}
		fmt.Fprintf(&log, "%s  %s\n", entry.At.In(zone).Format("2006-01-02 15:04:05 MST"), words)
		if entry.Action == "order.hand_over" || entry.Action == "order.deliver" {
			e.ServiceDate = entry.At.In(zone).Format("2 January 2006")
		}
	}
	e.Log = log.String()
	return e, nil
}

// sold is an order as a receipt in plain text.
func sold(o Order) string {
	var text strings.Builder
	kind := "to be collected at the shop"
	if o.Kind == Delivery {
		kind = "to be delivered"
	}
	fmt.Fprintf(&text, "Order %d, %s.\n", o.Number, kind)
	if o.Invoice > 0 {
		fmt.Fprintf(&text, "Receipt number %d.\n", o.Invoice)
	}
	for _, l := range o.Lines {
		if l.QtyCharged == 0 {
			continue
		}
		name := l.Title()
		if l.Kind != goodsLine {
			name = "Delivery"
		}
		fmt.Fprintf(&text, "%s x %s: %s\n", strconv.FormatInt(l.QtyCharged, 10), name, l.Total.Part(l.QtyCharged, l.Quantity).Format("en"))
	}
	if o.Payment != nil {
		fmt.Fprintf(&text, "Paid: %s.", o.Payment.Captured.Format("en"))
		if !o.Payment.Refunded.Zero() {
			fmt.Fprintf(&text, " Given back before this dispute: %s.", o.Payment.Refunded.Format("en"))
		}
	}
	return text.String()
}

// addressParts are what there is of an address.
func addressParts(a directory.Address) []string {
	street := strings.TrimSpace(a.Street + " " + a.HouseNumber)
	city := strings.TrimSpace(a.Postcode + " " + a.City)
	return slices.DeleteFunc([]string{street, a.Unit, a.District, city, a.Region, a.Country}, func(s string) bool { return s == "" })
}

func sellerLine(s Seller) string {
	parts := append([]string{s.Name}, addressParts(s.Address)...)
	if s.Register != "" {
		parts = append(parts, s.Register)
	}
	return strings.Join(parts, ", ")
}
