package order

import (
	"encoding/json"
	"time"

	"nearby/internal/directory"
	"nearby/internal/money"
)

// orderRow is a row of orders. Rows are read whole and written by naming
// columns.
type orderRow struct {
	ID             string `gorm:"primaryKey"`
	BusinessID     string
	Number         *int64
	BuyerID        *string
	ContactName    string
	ContactEmail   *string
	ContactPhone   *string
	Buyer          string
	ClientToken    string
	RequestHash    string
	LinkHash       string
	Locale         string
	State          State
	Kind           Kind
	Method         Method
	CaptureOn      string
	SlotFrom       time.Time
	SlotTo         time.Time
	Zone           string
	AddressJSON    *string
	Note           string
	Currency       string
	Goods          int64
	Discount       int64
	Delivery       int64
	TaxAdded       int64
	TaxContained   int64
	Total          int64
	TermsJSON      string
	FeeRuleID      *string
	FeeBps         int64
	FeeFixed       int64
	FeeBase        string
	Fee            int64
	HoldExpiresAt  *time.Time
	AcceptBy       *time.Time
	PickupCodeHash *string
	EndReason      string
	DeclineReason  string
	Flag           string
	SettleBy       *time.Time
	SettleFor      string
	CreatedAt      time.Time
	PlacedAt       *time.Time
	AcceptedAt     *time.Time
	ReadyAt        *time.Time
	DoneAt         *time.Time
	UpdatedAt      time.Time `gorm:"autoUpdateTime:false"`
	Version        int64
}

func (orderRow) TableName() string { return "orders" }

type lineRow struct {
	OrderID     string
	N           int
	Kind        string
	ProductID   *string
	VariantID   *string
	StockID     *string
	Name        string
	OptionsJSON string
	Qty         int64
	UnitPrice   int64
	Gross       int64
	Discount    int64
	Tax         int64
	TaxMpct     int64
	TaxIncluded bool
	Total       int64
	Refunded    int64
	QtyAccepted int64
	QtyCharged  int64
	QtyHanded   int64
	QtyRefunded int64
}

func (lineRow) TableName() string { return "order_lines" }

type reservationRow struct {
	OrderID   string
	StockID   string
	Qty       int64
	Returned  int64
	State     string
	DropID    *string
	Buyer     string
	MadeAt    time.Time
	EndedAt   *time.Time
	EndReason string
}

func (reservationRow) TableName() string { return "reservations" }

type payRow struct {
	ID              string `gorm:"primaryKey"`
	OrderID         string
	Attempt         int
	Method          Method
	Account         string
	State           PayState
	Currency        string
	Amount          int64
	Fee             int64
	Capture         string
	Gen             int
	ParamsJSON      *string
	SentAt          *time.Time
	ExpiresAt       *time.Time
	ActGen          int
	URL             *string
	SessionID       *string
	PaymentIntentID *string
	ChargeID        *string
	FeeID           *string
	TakeAmount      *int64
	TakeFee         *int64
	Captured        int64
	RefundReserved  int64
	Refunded        int64
	FeeRefunded     int64
	StripeFee       int64
	CaptureBefore   *time.Time
	StopWanted      string
	CardBrand       *string
	CardLast4       *string
	ReceiptURL      *string
	Livemode        bool
	Platform        string
	NextCheckAt     *time.Time
	Tries           int
	LastError       *string
	LastRequestID   *string
	CreatedAt       time.Time
	Version         int64
}

func (payRow) TableName() string { return "payments" }

type refundRow struct {
	ID          string `gorm:"primaryKey"`
	PaymentID   string
	Account     string
	StripeID    *string
	Amount      int64
	Origin      string
	Reason      string
	ClientToken string
	Gen         int
	KeepFee     bool
	State       RefundState
	DueBy       time.Time
	Failure     *string
	RequestedBy string
	ApprovedBy  *string
	NextCheckAt *time.Time
	SentAt      *time.Time
	Tries       int
	LastError   *string
	CreatedAt   time.Time
	Version     int64
}

func (refundRow) TableName() string { return "refunds" }

type refundLineRow struct {
	RefundID string
	LineN    int
	Qty      int64
	Amount   int64
	Tax      int64
}

func (refundLineRow) TableName() string { return "refund_lines" }

// pointer is nil for the zero value: how optional columns are stored.
func pointer[T comparable](v T) *T {
	var zero T
	if v == zero {
		return nil
	}
	return &v
}

func value[T any](p *T) T {
	if p == nil {
		var zero T
		return zero
	}
	return *p
}

func (r orderRow) order(lines []lineRow, pays []payRow, refunds []refundRow, parts map[string][]refundLineRow) Order {
	of := func(minor int64) money.Amount { return money.New(minor, r.Currency) }
	o := Order{
		ID: r.ID, BusinessID: r.BusinessID, Number: value(r.Number), BuyerID: value(r.BuyerID), Locale: r.Locale,
		Contact: Contact{Name: r.ContactName, Email: value(r.ContactEmail), Phone: value(r.ContactPhone)},
		State:   r.State, Kind: r.Kind, Method: r.Method, SlotFrom: r.SlotFrom, SlotTo: r.SlotTo, Zone: r.Zone, Note: r.Note,
		Totals: Totals{
			Goods: of(r.Goods), Discount: of(r.Discount), Delivery: of(r.Delivery), TaxAdded: of(r.TaxAdded),
			TaxContained: of(r.TaxContained), Total: of(r.Total),
		},
		AcceptFirst: r.CaptureOn == captureOnAccept, Fee: of(r.Fee), HoldExpiresAt: r.HoldExpiresAt, AcceptBy: r.AcceptBy, SettleBy: r.SettleBy, EndReason: r.EndReason, DeclineReason: r.DeclineReason,
		Flag: r.Flag, CreatedAt: r.CreatedAt, PlacedAt: r.PlacedAt, AcceptedAt: r.AcceptedAt, ReadyAt: r.ReadyAt, DoneAt: r.DoneAt,
		UpdatedAt: r.UpdatedAt, Version: r.Version,
	}
	if r.AddressJSON != nil {
		o.Address = &directory.Address{}
		_ = json.Unmarshal([]byte(*r.AddressJSON), o.Address) // written by us
	}
	for _, l := range lines {
		o.Lines = append(o.Lines, l.line(r.Currency))
	}
	for _, p := range pays { // ascending by attempt; a live one wins over a newer dead one
		if o.Payment == nil || p.State.live() || !o.Payment.State.live() {
			o.Payment = p.payment(r.State)
		}
	}
	for _, f := range refunds {
		refund := Refund{ID: f.ID, Amount: of(f.Amount), Origin: f.Origin, Reason: f.Reason, State: f.State, CreatedAt: f.CreatedAt}
		for _, part := range parts[f.ID] {
			refund.Lines = append(refund.Lines, RefundPart{Line: part.LineN, Quantity: part.Qty, Amount: of(part.Amount), Tax: of(part.Tax)})
		}
		o.Refunds = append(o.Refunds, refund)
	}
	return o
}

func (l lineRow) line(currency string) Line {
	of := func(minor int64) money.Amount { return money.New(minor, currency) }
	out := Line{
		N: l.N, Kind: l.Kind, ProductID: value(l.ProductID), VariantID: value(l.VariantID), Name: l.Name, Quantity: l.Qty, UnitPrice: of(l.UnitPrice),
		Gross: of(l.Gross), Discount: of(l.Discount), Tax: of(l.Tax), TaxMpct: l.TaxMpct, TaxIncluded: l.TaxIncluded, Total: of(l.Total),
		Refunded: of(l.Refunded), QtyAccepted: l.QtyAccepted, QtyCharged: l.QtyCharged, QtyRefunded: l.QtyRefunded, stockID: value(l.StockID),
	}
	_ = json.Unmarshal([]byte(l.OptionsJSON), &out.Options) // written by us
	return out
}

func lineOf(orderID string, l Line) lineRow {
	options := []byte("[]")
	if len(l.Options) > 0 {
		options, _ = json.Marshal(l.Options) // strings cannot fail
	}
	return lineRow{
		OrderID: orderID, N: l.N, Kind: l.Kind, ProductID: pointer(l.ProductID), VariantID: pointer(l.VariantID), StockID: pointer(l.stockID),
		Name: l.Name, OptionsJSON: string(options), Qty: l.Quantity, UnitPrice: l.UnitPrice.Minor, Gross: l.Gross.Minor, Discount: l.Discount.Minor,
		Tax: l.Tax.Minor, TaxMpct: l.TaxMpct, TaxIncluded: l.TaxIncluded, Total: l.Total.Minor, QtyAccepted: l.Quantity, QtyCharged: l.Quantity,
	}
}

// taken is what is to be taken of the payment, and takenFee the operator's
// share of that.
func (p payRow) taken() int64 {
	if p.TakeAmount != nil {
		return *p.TakeAmount
	}
	return p.Amount
}

func (p payRow) takenFee() int64 {
	if p.TakeFee != nil {
		return *p.TakeFee
	}
	return p.Fee
}

func (p payRow) payment(order State) *Payment {
	of := func(minor int64) money.Amount { return money.New(minor, p.Currency) }
	return &Payment{
		ID: p.ID, Attempt: p.Attempt, Method: p.Method, State: p.State, Amount: of(p.taken()), Captured: of(p.Captured), Refunded: of(p.Refunded),
		ProviderFee: of(p.StripeFee), CardBrand: value(p.CardBrand), CardLast4: value(p.CardLast4), ReceiptURL: value(p.ReceiptURL),
		ExpiresAt: p.ExpiresAt, Payable: order == PendingPayment && (p.State == Creating || p.State == Payable || p.State == Failed),
	}
}
