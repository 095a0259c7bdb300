package demo

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"nearby/internal/directory/category"
)

// stock fills the shelves of a business: with its own block of products.txt,
// else with most of its category's, at prices of its own.
func (p *planner) stock(b *Business) error {
	own, has := p.offers[b.Name]
	shelf, level := own, 1.0
	if !has {
		shelf = p.selection(p.offers[b.Category])
		level = 0.9 + 0.05*float64(p.random.IntN(6))
	}
	for i, o := range shelf {
		product, err := p.product(*b, o, i, level)
		if err != nil {
			return fmt.Errorf("%s: %w", o.title, err)
		}
		if !has {
			product.State = p.productState()
		}
		b.Products = append(b.Products, product)
	}
	return nil
}

// selection leaves out about one offer in eight, and never more than a third.
func (p *planner) selection(all []offer) []offer {
	var kept []offer
	for i, o := range all {
		left := len(all) - i - 1
		if p.random.IntN(8) == 0 && 3*(len(kept)+left) >= 2*len(all) {
			continue
		}
		kept = append(kept, o)
	}
	return kept
}

func (p *planner) productState() string {
	switch n := p.random.IntN(60); {
	case n < 2:
		return "draft"
	case n < 3:
		return "archived"
	default:
		return "active"
	}
}

func (p *planner) product(b Business, o offer, index int, level float64) (Product, error) {
	product := Product{
		Section: o.section, Title: o.title, Description: o.description,
		TaxMpct: tax(b.Category), State: "active",
	}
	if o.picture != "-" {
		product.Picture = o.picture
	}
	price, err := cents(o.price)
	if err != nil {
		return Product{}, err
	}
	price = shopPrice(price, level)
	choices, err := parseOptions(o.options)
	if err != nil {
		return Product{}, err
	}
	for _, c := range choices {
		product.Options = append(product.Options, c.Option)
	}
	counted := o.stock != "-"
	for n, combination := range combinations(choices) {
		v := Variant{SKU: sku(b.Name, o.title, index, n, len(choices) > 0), Price: price, Counted: counted}
		for _, value := range combination {
			v.Values = append(v.Values, value.name)
			v.Price += value.extra
		}
		if counted {
			pieces, err := strconv.ParseInt(o.stock, 10, 64)
			if err != nil {
				return Product{}, err
			}
			v.Stock = p.pieces(b, pieces, len(choices) > 0)
		}
		product.Variants = append(product.Variants, v)
	}
	return product, nil
}

// pieces varies a number of pieces from shop to shop. Few stay few, none stay
// none, and those of the shops with a shelf of their own stay as written.
func (p *planner) pieces(b Business, n int64, split bool) int64 {
	_, own := p.offers[b.Name]
	switch {
	case n <= 3 || own && !split:
		return n
	case split && p.random.IntN(12) == 0:
		return int64(p.random.IntN(3)) // one size is always gone first
	case split:
		return max(1, n/3+p.random.Int64N(n/2+1))
	default:
		return n*7/10 + p.random.Int64N(n*6/10+1)
	}
}

// tax is the Irish value added tax of what a business mostly sells, in
// thousandths of a per cent: food and books nil, meals and services 13.5, the
// rest 23.
func tax(slug string) int64 {
	root := category.Path(slug)[0].Slug
	switch {
	case root == "food" || slug == "books":
		return 0
	case root == "eat" || root == "beauty" || root == "sport" || root == "culture":
		return 13_500
	default:
		return 23_000
	}
}

// cents reads a price such as "24.00".
func cents(text string) (int64, error) {
	value, err := strconv.ParseFloat(text, 64)
	if err != nil || value < 0 {
		return 0, fmt.Errorf("price %q", text)
	}
	return int64(math.Round(value * 100)), nil
}

// shopPrice raises or lowers a price to the level of a shop and rounds it to
// what people write on price tags.
func shopPrice(price int64, level float64) int64 {
	if level == 1 {
		return price
	}
	step := int64(10)
	switch {
	case price >= 100_00:
		step = 100
	case price >= 10_00:
		step = 50
	}
	return max(step, int64(math.Round(float64(price)*level/float64(step)))*step)
}

type choice struct {
	Option
	values []value
}

type value struct {
	name  string
	extra int64
}

// parseOptions reads "Size: 250 g, 500 g +9.00; Grind: beans, filter".
func parseOptions(text string) ([]choice, error) {
	if text == "" {
		return nil, nil
	}
	var choices []choice
	for part := range strings.SplitSeq(text, ";") {
		name, list, ok := strings.Cut(part, ":")
		if !ok {
			return nil, fmt.Errorf("option %q has no values", part)
		}
		c := choice{Option: Option{Name: strings.TrimSpace(name)}}
		for word := range strings.SplitSeq(list, ",") {
			v, err := parseValue(strings.TrimSpace(word))
			if err != nil {
				return nil, err
			}
			c.Values, c.values = append(c.Values, v.name), append(c.values, v)
		}
		choices = append(choices, c)
	}
	return choices, nil
}

// parseValue reads "500 g +9.00" or "child -4.50".
func parseValue(word string) (value, error) {
	at := max(strings.LastIndex(word, " +"), strings.LastIndex(word, " -"))
	if at < 0 {
		return value{name: word}, nil
	}
	extra, err := cents(word[at+2:])
	if word[at+1] == '-' {
		extra = -extra
	}
	return value{strings.TrimSpace(word[:at]), extra}, err
}

func combinations(choices []choice) [][]value {
	all := [][]value{nil}
	for _, c := range choices {
		var longer [][]value
		for _, begun := range all {
			for _, v := range c.values {
				longer = append(longer, append(slices.Clone(begun), v))
			}
		}
		all = longer
	}
	return all
}

// sku is a code like KQ-MUG-01 or KQ-MUG-01-B.
func sku(shop, title string, index, variant int, split bool) string {
	initials := ""
	for _, word := range strings.Split(webName(shop), "-") {
		if word != "and" && word != "the" && len(initials) < 3 {
			initials += word[:1]
		}
	}
	words := strings.Split(webName(title), "-")
	last := words[len(words)-1]
	for i := len(words) - 1; i > 0 && len(last) < 3; i-- {
		last = words[i-1]
	}
	code := fmt.Sprintf("%s-%s-%02d", initials, last[:min(3, len(last))], index+1)
	if split {
		code += fmt.Sprintf("-%c", 'A'+variant)
	}
	return strings.ToUpper(code)
}
