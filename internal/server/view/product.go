package view

import (
	"nearby/internal/catalog"
	"nearby/internal/server/pages"
)

// fewLeft is from how many pieces on a shopper is told the number; the owner
// may set another one.
const fewLeft = 3

// Stock tells the truth about what is left of a product, all its variants
// together.
func Stock(p catalog.Product) pages.Stock {
	left, counted, ahead := int64(0), true, false
	for _, v := range p.Variants {
		if !v.Priced {
			continue
		}
		ahead = ahead || v.Phase == catalog.DropAhead
		n := v.Available()
		if n == nil {
			counted = false
			continue
		}
		left += max(0, *n)
	}
	if ahead && counted && left == 0 {
		return pages.Stock{Kind: "ahead"}
	}
	return stockOf(left, counted, p.LowStock)
}

// StockOf is the truth about one variant.
func StockOf(v catalog.Variant, low int64) pages.Stock {
	if v.Phase == catalog.DropAhead {
		return pages.Stock{Kind: "ahead"}
	}
	if n := v.Available(); n != nil {
		return stockOf(max(0, *n), true, low)
	}
	return stockOf(0, false, low)
}

// StockOfFind is the truth about a product in a list of businesses.
func StockOfFind(f catalog.Find) pages.Stock {
	switch {
	case !f.InStock:
		return pages.Stock{Kind: "out"}
	case f.Available == nil:
		return pages.Stock{Kind: "in"}
	}
	return stockOf(*f.Available, true, 0)
}

func stockOf(left int64, counted bool, low int64) pages.Stock {
	if low <= 0 {
		low = fewLeft
	}
	switch {
	case !counted:
		return pages.Stock{Kind: "in"}
	case left == 0:
		return pages.Stock{Kind: "out"}
	case left <= low:
		return pages.Stock{Kind: "low", N: int(left)}
	}
	return pages.Stock{Kind: "in"}
}

// ProductCard is a product on the shelf of its business.
func ProductCard(p catalog.Product, businessSlug string, hue int, orderable bool, inCart map[string]int) pages.ProductCard {
	low, high, _ := p.Prices()
	card := pages.ProductCard{
		Name: p.Title, URL: "/b/" + businessSlug + "/p/" + p.Slug, Hue: hue, Price: low, From: low.Minor != high.Minor,
		Stock: Stock(p), Orderable: orderable,
	}
	if len(p.Variants) == 1 {
		v := p.Variants[0]
		card.Variant, card.Compare, card.InCart = v.ID, v.CompareAt, inCart[v.ID]
	}
	if len(p.Photos) > 0 {
		card.Photo = Thumb(p.Photos[0].Hash, "")
	}
	return card
}
