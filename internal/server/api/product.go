package api

import (
	"context"
	"slices"
	"time"

	"nearby/internal/catalog"
	"nearby/internal/errs"
)

// Product is a thing on sale, in one or more variants.
type Product struct {
	ID          string    `json:"id"`
	BusinessID  string    `json:"business_id"`
	Slug        string    `json:"slug"`
	Title       string    `json:"title"`
	Description string    `json:"description"`
	Section     string    `json:"section"`
	Options     []Option  `json:"options"`
	Photos      []Photo   `json:"photos"`
	Variants    []Variant `json:"variants"`
	TaxMpct     int64     `json:"tax_mpct" doc:"Thousandths of a per cent: 19000 is 19 %."`
	TaxIncluded bool      `json:"tax_included"`
	URL         string    `json:"url"`
	UpdatedAt   time.Time `json:"updated_at"`
	Own         *OwnStock `json:"own,omitempty" doc:"What only the people of the business see."`
}

// OwnStock is what only the people of a business see of a product.
type OwnStock struct {
	State    string       `json:"state" enum:"draft,active,archived"`
	LowStock int64        `json:"low_stock"`
	Version  int64        `json:"version" doc:"The number in the ETag."`
	Missing  []string     `json:"missing" doc:"What publishing still needs."`
	Stock    []StockLevel `json:"stock" doc:"Of the variants whose pieces are counted."`
}

// StockLevel is how many pieces of a variant there are.
type StockLevel struct {
	VariantID string `json:"variant_id"`
	OnHand    int64  `json:"on_hand"`
	Held      int64  `json:"held" doc:"By orders that wait for payment."`
	Committed int64  `json:"committed" doc:"To placed orders."`
}

// Option is one choice to make and what there is to choose from.
type Option struct {
	Name   string   `json:"name" minLength:"1" maxLength:"100"`
	Values []string `json:"values" minItems:"1" maxItems:"200"`
}

// Photo is a picture in its sizes.
type Photo struct {
	Hash    string `json:"hash"`
	URL     string `json:"url"`
	ListURL string `json:"list_url" doc:"A small copy."`
	Alt     string `json:"alt"`
	Width   int    `json:"width"`
	Height  int    `json:"height"`
	Color   string `json:"color" doc:"Its mean colour, until it is there."`
}

// Variant is one thing that can be ordered.
type Variant struct {
	ID        string        `json:"id"`
	SKU       string        `json:"sku"`
	Barcode   string        `json:"barcode" doc:"GTIN."`
	Title     string        `json:"title" doc:"Within its product; empty for the only one."`
	Options   []string      `json:"options" doc:"One value for each option of the product."`
	Price     Maybe[Amount] `json:"price" doc:"null only in a draft."`
	CompareAt Maybe[Amount] `json:"compare_at" doc:"What it cost before."`
	Available *int64        `json:"available" doc:"The number that checkout uses; null when pieces are not counted."`
	WeightG   int64         `json:"weight_g" doc:"0 is unknown."`
	Drop      *Drop         `json:"drop,omitempty" doc:"The limited sale by which alone it is sold; left out when there is none."`
}

func (a *api) productView(p catalog.Product, businessSlug string) Product {
	return Product{
		ID: p.ID, BusinessID: p.BusinessID, Slug: p.Slug, Title: p.Title, Description: p.Description, Section: p.Section,
		Options:  each(p.Options, func(o catalog.Option) Option { return Option{Name: o.Name, Values: words(o.Values)} }),
		Photos:   each(p.Photos, a.photoView),
		Variants: each(p.Variants, variantView), TaxMpct: p.TaxMpct, TaxIncluded: p.TaxIncluded,
		URL: a.base + "/b/" + businessSlug + "/p/" + p.Slug, UpdatedAt: p.UpdatedAt.UTC(),
	}
}

func (a *api) photoView(p catalog.Photo) Photo {
	return Photo{
		Hash: p.Hash, URL: *photoURL(a.base, p.Hash, "page"), ListURL: *photoURL(a.base, p.Hash, "list"), Alt: p.Alt, Width: p.Width,
		Height: p.Height, Color: p.Color,
	}
}

func variantView(v catalog.Variant) Variant {
	view := Variant{ID: v.ID, SKU: v.SKU, Barcode: v.Barcode, Title: v.Title(), Options: words(v.Options), Available: v.Available(), WeightG: v.Weight, Drop: dropView(v)}
	if v.Priced {
		price := amount(v.Price)
		view.Price = maybe(&price)
	}
	if v.CompareAt != nil {
		before := amount(*v.CompareAt)
		view.CompareAt = maybe(&before)
	}
	return view
}

// ownProductView is a product as the people of its business see it.
func (a *api) ownProductView(p catalog.Product, businessSlug string) Product {
	v := a.productView(p, businessSlug)
	missing, _ := p.Missing()
	v.Own = &OwnStock{State: string(p.State), LowStock: p.LowStock, Version: p.Version, Missing: words(missing), Stock: []StockLevel{}}
	for _, variant := range p.Variants {
		if variant.Counted {
			v.Own.Stock = append(v.Own.Stock, StockLevel{VariantID: variant.ID, OnHand: variant.OnHand, Held: variant.Held, Committed: variant.Committed})
		}
	}
	return v
}

type productInput struct {
	ProductID string `path:"product_id"`
}

func (a *api) product(ctx context.Context, _ *caller, in *productInput) (answer[Product], error) {
	if err := known("product", in.ProductID); err != nil {
		return answer[Product]{}, err
	}
	p, err := a.Catalog.Public(ctx, in.ProductID)
	if err != nil {
		return answer[Product]{}, err
	}
	b, err := a.Directory.Public(ctx, p.BusinessID)
	if errs.Is(err, errs.NotFound) {
		err = errs.Missing("product")
	}
	if err != nil {
		return answer[Product]{}, err
	}
	return answer[Product]{Body: a.productView(p, b.Slug)}, nil
}

type productsInput struct {
	BusinessPath
	State  string `query:"state" enum:"draft,active,archived,all" doc:"For the people of the business; all leaves archived ones out."`
	Q      string `query:"q" maxLength:"200" doc:"With state: words of title, section or SKU."`
	Limit  int    `query:"limit" minimum:"1" maximum:"100" default:"50"`
	Cursor string `query:"cursor" maxLength:"400"`
}

// productsOf are the public products of a business or, with a state, all that
// its people may see.
func (a *api) productsOf(ctx context.Context, c *caller, in *productsInput) (answer[List[Product]], error) {
	if err := named("business", in.ID); err != nil {
		return answer[List[Product]]{}, err
	}
	if in.State != "" {
		return a.ownProducts(ctx, c, in)
	}
	b, err := a.Directory.Public(ctx, in.ID)
	if err != nil {
		return answer[List[Product]]{}, err
	}
	shelves, err := a.Catalog.ListPublic(ctx, b.ID)
	if err != nil {
		return answer[List[Product]]{}, err
	}
	var all []catalog.Product
	for _, shelf := range shelves {
		all = append(all, shelf.Products...)
	}
	if in.Cursor != "" {
		at := slices.IndexFunc(all, func(p catalog.Product) bool { return p.ID == in.Cursor })
		if at < 0 {
			return answer[List[Product]]{}, errs.Fields([]errs.Field{{Name: "cursor", Code: "bad_cursor", Message: "Start again without the cursor."}})
		}
		all = all[at+1:]
	}
	next := ""
	if len(all) > in.Limit {
		all, next = all[:in.Limit], all[in.Limit-1].ID
	}
	return listOf(each(all, func(p catalog.Product) Product { return a.productView(p, b.Slug) }), next), nil
}

func (a *api) ownProducts(ctx context.Context, c *caller, in *productsInput) (answer[List[Product]], error) {
	if !c.known {
		return answer[List[Product]]{}, errNoToken
	}
	b, err := a.owned(ctx, c, in.ID)
	if err != nil {
		return answer[List[Product]]{}, err
	}
	filter := catalog.Filter{State: catalog.State(in.State), Text: in.Q}
	if in.State == "all" {
		filter.State = ""
	}
	page, err := a.Catalog.List(ctx, b.ID, filter, in.Cursor)
	out := listOf(each(page.Products, func(p catalog.Product) Product { return a.ownProductView(p, b.Slug) }), page.Next)
	out.Private = true
	return out, err
}
