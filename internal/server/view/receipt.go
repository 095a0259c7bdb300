package view

import (
	"strconv"
	"strings"

	"nearby/internal/order"
	"nearby/internal/server/pages"
)

// Receipt is the page of a receipt, without its head.
func Receipt(r order.Receipt) *pages.Receipt {
	o, zone := r.Order, Zone(r.Order.Zone)
	page := &pages.Receipt{
		Number: strconv.FormatInt(r.Number, 10), Issued: r.Issued.In(zone), Seller: r.Seller.Name, Register: r.Seller.Register,
		SellerAddress: AddressLines(r.Seller.Address), SellerEmail: r.Seller.Email, SellerPhone: Phone(r.Seller.Phone), Buyer: o.Contact.Name,
		OrderNumber: OrderNumber(o), Paid: r.Paid, Left: r.Paid, Payment: Payment(o), PaidAt: r.Issued.In(zone),
	}
	if o.PlacedAt != nil {
		page.Placed = o.PlacedAt.In(zone)
	}
	if p := o.Payment; p != nil && p.CardLast4 != "" {
		page.Card = p.CardBrand + " " + p.CardLast4
	}
	for _, l := range r.Lines {
		page.Lines = append(page.Lines, pages.ReceiptLine{
			Delivery: l.Kind == "delivery", Name: l.Name, Choice: strings.Join(l.Options, " / "), Quantity: int(l.Quantity), Price: l.UnitPrice,
			Discount: l.Discount, HasDiscount: l.Discount.Minor > 0, Rate: rate(l.TaxMpct), Total: l.Total,
		})
	}
	for _, sum := range r.Taxes {
		page.Taxes = append(page.Taxes, pages.ReceiptTax{Rate: rate(sum.Mpct), Net: sum.Net, Tax: sum.Tax})
	}
	for _, refund := range o.Refunds {
		if refund.State == order.RefundFailed || refund.State == order.RefundCanceled {
			continue
		}
		done := refund.State == order.RefundSucceeded
		page.Refunds = append(page.Refunds, pages.ReceiptRefund{At: refund.CreatedAt.In(zone), Done: done, Amount: refund.Amount})
		page.Left = page.Left.Sub(refund.Amount)
	}
	return page
}

// rate writes a tax rate of thousandths of a per cent in per cent.
func rate(mpct int64) string { return strconv.FormatFloat(float64(mpct)/1000, 'f', -1, 64) }
