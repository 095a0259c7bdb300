package catalog

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"nearby/internal/account"
	"nearby/internal/errs"
	"nearby/internal/money"
	"nearby/internal/text"
)

// ProductInput is what an owner may say about a product. A product without
// options has its price and stock here; one with options has them in Variants.
type ProductInput struct {
	Title       string `form:"title" json:"title"`
	Description string `form:"description" json:"description"`
	Section     string `form:"section" json:"section"`
	TaxMpct     int64  `form:"tax_mpct" json:"tax_mpct"`         // thousandths of a per cent
	TaxExcluded bool   `form:"tax_excluded" json:"tax_excluded"` // prices come without the tax
	LowStock    Number `form:"low_stock" json:"low_stock"`       // none: DefaultLowStock
	Offer
	Options  []Option       `form:"options" json:"options"`
	Variants []VariantInput `form:"variants" json:"variants"`
	// Fill adds a variant for each combination of values that Variants lacks,
	// with the product's own Offer.
	Fill bool `form:"fill" json:"fill"`
	// Photos replaces all photos; nil leaves them as they are.
	Photos []PhotoInput `form:"photos" json:"photos"`
}

// Offer is how one variant is sold.
type Offer struct {
	SKU       string `form:"sku" json:"sku"`
	Barcode   string `form:"barcode" json:"barcode"`
	Price     Price  `form:"price" json:"price"`
	CompareAt Price  `form:"compare_at" json:"compare_at"`
	Weight    Number `form:"weight" json:"weight"` // grams
	Counted   bool   `form:"counted" json:"counted"`
	// Stock is the number of pieces in the house, those of open orders
	// included. None leaves the number as it is, as does one equal to StockWas,
	// which a form shows and sends back: so that saving a title does not undo
	// sales of the last minutes.
	Stock    Number `form:"stock" json:"stock"`
	StockWas Number `form:"stock_was" json:"-"`
}

// VariantInput is one variant. It is the variant with the given ID, else the
// one with the same option values, else a new one.
type VariantInput struct {
	ID      string   `form:"id" json:"id"`
	Options []string `form:"options" json:"options"`
	Offer
}

// PhotoInput names a stored photo.
type PhotoInput struct {
	Hash string `form:"hash" json:"hash"`
	Alt  string `form:"alt" json:"alt"`
}

// wrongs collects every wrong field of an input.
type wrongs []errs.Field

func (w *wrongs) add(name, code, message string) {
	*w = append(*w, errs.Field{Name: name, Code: code, Message: message})
}

func (w *wrongs) addError(name string, err error) {
	e := errs.Of(err)
	w.add(name, e.Code, e.Message)
}

// apply writes the input into p, cleaned, and reports every wrong field. The
// ids of new variants are left empty, photos are checked elsewhere.
func (in ProductInput) apply(p *Product, w *wrongs) {
	title, ok := account.CleanName(in.Title)
	switch {
	case strings.TrimSpace(in.Title) == "":
		w.add("title", "required", "Please give the product a name.")
	case !ok:
		w.add("title", "bad_text", "A name has visible letters and no hidden characters.")
	case utf8.RuneCountInString(title) > maxTitle:
		w.add("title", "too_long", "A name has at most 120 characters.")
	}
	p.Title = title
	p.Description = checkText(w, "description", in.Description, maxDescription)
	p.Section = checkLine(w, "section", in.Section, maxSection)
	p.TaxMpct, p.TaxIncluded = in.TaxMpct, !in.TaxExcluded
	if in.TaxMpct < 0 || in.TaxMpct > maxTax {
		w.add("tax_mpct", "out_of_range", "The tax lies between 0 and 100 per cent.")
	}
	p.LowStock = DefaultLowStock
	if !in.LowStock.Empty() {
		if p.LowStock, ok = in.LowStock.within(maxStock); !ok {
			w.add("low_stock", "bad_number", "Please give a whole number.")
		}
	}
	p.Options = checkOptions(w, in.Options)
	before := p.Variants
	p.Variants = nil
	if len(p.Options) == 0 && len(in.Variants) == 0 {
		v := match(before, VariantInput{})
		in.Offer.apply(&v, "", p.Currency, w)
		p.Variants = []Variant{v}
		return
	}
	in.applyVariants(p, before, w)
}

func (in ProductInput) applyVariants(p *Product, before []Variant, w *wrongs) {
	if len(in.Variants) > maxVariants {
		w.add("variants", "too_many", fmt.Sprintf("A product has at most %d variants.", maxVariants))
		return
	}
	known := map[string]bool{}
	skus := map[string]bool{}
	for i, vi := range in.Variants {
		prefix := fmt.Sprintf("variants.%d.", i)
		for j := range vi.Options {
			vi.Options[j] = cleanLine(vi.Options[j])
		}
		v := match(before, vi)
		if vi.ID != "" && v.ID == "" {
			w.add(prefix+"id", "unknown", "This variant is not one of the product's.")
		}
		v.Options = vi.Options
		if !offered(p.Options, vi.Options) {
			w.add(prefix+"options", "unknown_value", "Choose one value of each option.")
		}
		key := strings.Join(v.Options, "\x00")
		if known[key] {
			w.add(prefix+"options", "twice", "These values are taken by another variant.")
		}
		known[key] = true
		vi.Offer.apply(&v, prefix, p.Currency, w)
		if v.SKU != "" && skus[v.SKU] {
			w.add(prefix+"sku", "sku_taken", "Another variant has this SKU.")
		}
		skus[v.SKU] = true
		if v.ID != "" {
			before = slices.DeleteFunc(slices.Clone(before), func(b Variant) bool { return b.ID == v.ID })
		}
		p.Variants = append(p.Variants, v)
	}
	if in.Fill {
		in.fill(p, before, known, w)
	}
	if len(p.Variants) == 0 {
		w.add("variants", "required", "Please add at least one variant.")
	}
}

// fill adds the combinations of values that are not known yet.
func (in ProductInput) fill(p *Product, before []Variant, known map[string]bool, w *wrongs) {
	combinations := [][]string{nil}
	for _, o := range p.Options {
		var longer [][]string
		for _, c := range combinations {
			for _, value := range o.Values {
				longer = append(longer, append(slices.Clone(c), value))
			}
		}
		combinations = longer
	}
	if len(p.Variants)+len(combinations) > maxVariants+len(known) {
		w.add("options", "too_many", fmt.Sprintf("These options make %d variants; a product has at most %d.", len(combinations), maxVariants))
		return
	}
	var template Variant
	checked := false
	for _, c := range combinations {
		if known[strings.Join(c, "\x00")] {
			continue
		}
		v := match(before, VariantInput{Options: c})
		if v.ID == "" {
			if !checked {
				in.Offer.apply(&template, "", p.Currency, w)
				checked = true
			}
			v = template
			v.SKU, v.Barcode = "", "" // belong to one variant only
		}
		v.Options = c
		p.Variants = append(p.Variants, v)
	}
}

// match finds the variant that an input is about; a new one when there is none.
func match(before []Variant, in VariantInput) Variant {
	for _, v := range before {
		if in.ID != "" && v.ID == in.ID || in.ID == "" && slices.Equal(v.Options, in.Options) {
			return v
		}
	}
	return Variant{}
}

// apply writes the offer into v. Field names get the prefix.
func (in Offer) apply(v *Variant, prefix, currency string, w *wrongs) {
	v.SKU = checkLine(w, prefix+"sku", in.SKU, maxWord)
	v.Barcode = strings.Map(func(r rune) rune {
		if r == ' ' || r == '-' {
			return -1
		}
		return r
	}, in.Barcode)
	if v.Barcode != "" && !validGTIN(v.Barcode) {
		w.add(prefix+"barcode", "bad_barcode", "This is not a valid EAN, UPC or GTIN.")
	}
	v.Price, v.Priced, v.CompareAt = money.New(0, currency), !in.Price.Empty(), nil
	if v.Priced {
		price, err := in.Price.in(currency)
		if err != nil {
			w.addError(prefix+"price", err)
		}
		v.Price = price
	}
	if !in.CompareAt.Empty() {
		compare, err := in.CompareAt.in(currency)
		switch {
		case err != nil:
			w.addError(prefix+"compare_at", err)
		case !v.Priced || compare.Minor <= v.Price.Minor:
			w.add(prefix+"compare_at", "not_higher", "The former price must be higher than the price.")
		}
		v.CompareAt = &compare
	}
	v.Weight = 0
	if !in.Weight.Empty() {
		var ok bool
		if v.Weight, ok = in.Weight.within(maxWeight); !ok {
			w.add(prefix+"weight", "bad_number", "Please give the weight in whole grams, at most a tonne.")
		}
	}
	v.Counted = in.Counted
	if v.Counted && !in.Stock.Empty() && in.Stock.String() != in.StockWas.String() {
		n, ok := in.Stock.within(maxStock)
		switch {
		case !ok:
			w.add(prefix+"stock", "bad_number", "Please give a whole number of pieces.")
		case n < v.Held+v.Committed:
			w.add(prefix+"stock", "reserved", fmt.Sprintf("Open orders need %d pieces.", v.Held+v.Committed))
		default:
			v.OnHand = n
		}
	}
}

// validGTIN checks the length and the check digit (GS1 General Specifications,
// 7.9).
func validGTIN(code string) bool {
	switch len(code) {
	case 8, 12, 13, 14:
	default:
		return false
	}
	sum := 0
	for i := range len(code) {
		digit := int(code[len(code)-1-i]) - '0'
		if digit < 0 || digit > 9 {
			return false
		}
		if i%2 == 1 {
			digit *= 3
		}
		sum += digit
	}
	return sum%10 == 0
}

func checkOptions(w *wrongs, in []Option) []Option {
	if len(in) > maxOptions {
		w.add("options", "too_many", "A product has at most three options.")
		return nil
	}
	var options []Option
	names := map[string]bool{}
	for i, o := range in {
		prefix := fmt.Sprintf("options.%d.", i)
		clean := Option{Name: checkLine(w, prefix+"name", o.Name, maxWord)}
		if clean.Name == "" {
			w.add(prefix+"name", "required", "Please name the option, as in \"Size\".")
		} else if key := text.Fold(clean.Name); names[key] {
			w.add(prefix+"name", "twice", "Another option has this name.")
		} else {
			names[key] = true
		}
		values := map[string]bool{}
		for _, value := range o.Values {
			value = checkLine(w, prefix+"values", value, maxWord)
			if value == "" {
				continue
			}
			if key := text.Fold(value); values[key] {
				w.add(prefix+"values", "twice", "A value is there twice.")
			} else {
				values[key] = true
			}
			clean.Values = append(clean.Values, value)
		}
		if len(clean.Values) == 0 || len(clean.Values) > maxValues {
			w.add(prefix+"values", "bad_count", "An option has 1 to 20 values.")
		}
		options = append(options, clean)
	}
	return options
}

// offered reports whether values holds one value of each option.
func offered(options []Option, values []string) bool {
	if len(options) != len(values) {
		return false
	}
	for i, o := range options {
		if !slices.Contains(o.Values, values[i]) {
			return false
		}
	}
	return true
}

func cleanLine(s string) string { return strings.Join(strings.Fields(norm.NFC.String(s)), " ") }

func checkLine(w *wrongs, field, s string, most int) string {
	s = cleanLine(s)
	checkRunes(w, field, s, most)
	return s
}

func checkText(w *wrongs, field, s string, most int) string {
	s = strings.TrimSpace(strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(norm.NFC.String(s)))
	checkRunes(w, field, s, most)
	return s
}

func checkRunes(w *wrongs, field, s string, most int) {
	switch {
	case !utf8.ValidString(s) || strings.ContainsFunc(s, hidden):
		w.add(field, "bad_text", "This text holds characters that cannot be shown.")
	case utf8.RuneCountInString(s) > most:
		w.add(field, "too_long", fmt.Sprintf("This has at most %d characters.", most))
	}
}

// hidden reports characters that show nothing or turn the text around them.
// Joiners and marks that several scripts are written with are none of them.
func hidden(r rune) bool {
	switch r {
	case '\n', '\t', '\u200c', '\u200d', '\u200e', '\u200f', '\u00ad':
		return false
	}
	return unicode.IsControl(r) || unicode.In(r, unicode.Cf, unicode.Co, unicode.Zl, unicode.Zp)
}
