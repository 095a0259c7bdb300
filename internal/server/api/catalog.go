package api

import (
	"bytes"
	"context"
	"net/http"
	"strings"

	"nearby/internal/account"
	"nearby/internal/blob"
	"nearby/internal/catalog"
	"nearby/internal/directory"
	"nearby/internal/errs"
)

// maxImport is the largest product file in bytes.
const maxImport = 4 << 20

func (a *api) products() {
	const tag, one = "Catalog", "/businesses/{id}/products/{product_id}"
	add(a, operation{
		id: "get-own-product", method: http.MethodGet, path: one, tag: tag, who: holder, scope: "catalog:read", limit: "token",
		summary: "A product of your business, in whatever state",
	}, a.ownProduct)
	add(a, operation{
		id: "add-product", method: http.MethodPost, path: "/businesses/{id}/products", tag: tag, who: holder, scope: "catalog:write", limit: "token",
		status: http.StatusCreated, repeat: joined,
		summary: "Add a product",
		about:   "It is a draft, or on sale at once with state active. Without options it has one variant.",
		example: map[string]any{
			"title": "Rye loaf", "description": "Baked this morning.", "section": "Bread", "tax_mpct": 7000, "state": "active",
			"variants": []any{map[string]any{"sku": "RYE-1", "price": map[string]any{"amount": 480, "currency": "EUR"}, "counted": true, "on_hand": 12}},
		},
	}, a.addProduct)
	add(a, operation{
		id: "edit-product", method: http.MethodPatch, path: one, tag: tag, who: holder, scope: "catalog:write", limit: "token", edit: true,
		summary: "Change a product",
		about:   "What is left out stays as it is. A list of variants replaces the present one; a variant with an id stays itself.",
		example: map[string]any{"title": "Dark rye loaf", "description": "Baked this morning, with malt."},
		header:  map[string]any{"If-Match": "*"},
	}, a.editProduct)
	add(a, operation{
		id: "archive-product", method: http.MethodDelete, path: one, tag: tag, who: holder, scope: "catalog:write", limit: "token", status: http.StatusNoContent,
		summary: "Put a product into the archive", about: "Its orders keep it; state draft or active brings it back.",
	}, a.archiveProduct)
	add(a, operation{
		id: "set-stock", method: http.MethodPost, path: "/businesses/{id}/variants/{variant_id}/stock", tag: tag, who: holder, scope: "catalog:write",
		limit: "token", repeat: joined,
		summary: "Count the pieces of a variant",
		about:   "on_hand is what is in the house, the pieces of open orders included; null ends the counting.",
		example: map[string]any{"on_hand": 24, "reason": "Morning bake"},
	}, a.setStock)
	a.drops(tag)
	add(a, operation{
		id: "add-photo", method: http.MethodPost, path: "/businesses/{id}/photos", tag: tag, who: holder, scope: "catalog:write", limit: "upload",
		status: http.StatusCreated, body: blob.MaxUpload, accepts: "image/*",
		summary: "Upload a photo",
		about:   "JPEG, PNG, GIF or WebP, told by its content. It is encoded anew without its metadata. Name its hash in a product or a business.",
	}, a.addPhoto)
	add(a, operation{
		id: "import-products", method: http.MethodPost, path: "/businesses/{id}/products/import", tag: tag, who: holder, scope: "catalog:write",
		limit: "upload", body: maxImport, repeat: apart, accepts: "text/csv",
		summary: "Import a Shopify product file",
		about:   "Both generations of columns. Known handles are updated, others added; nothing is fetched from the network. One line that is wrong keeps no other out.",
		query:   map[string]any{"dry_run": true},
		example: "Handle,Title,Body (HTML),Variant Price,Variant SKU\nsea-salt,Sea salt,From the bay,3.20,SALT-1\n",
	}, a.importProducts)
}

// VariantBody is how one variant is to be sold.
type VariantBody struct {
	ID        string   `json:"id,omitempty" maxLength:"36" doc:"Of a variant that is there already."`
	Options   []string `json:"options,omitempty" maxItems:"3" doc:"One value for each option."`
	SKU       string   `json:"sku,omitempty" maxLength:"200"`
	Barcode   string   `json:"barcode,omitempty" maxLength:"40"`
	Price     *Amount  `json:"price,omitempty"`
	CompareAt *Amount  `json:"compare_at,omitempty"`
	WeightG   *int64   `json:"weight_g,omitempty"`
	Counted   bool     `json:"counted,omitempty" doc:"Its pieces are counted; otherwise it never runs out."`
	OnHand    *int64   `json:"on_hand,omitempty" doc:"Pieces in the house; left out they stay."`
}

func (v VariantBody) input() catalog.VariantInput {
	return catalog.VariantInput{ID: v.ID, Options: v.Options, Offer: catalog.Offer{
		SKU: v.SKU, Barcode: v.Barcode, Price: price(v.Price), CompareAt: price(v.CompareAt), Weight: number(v.WeightG), Counted: v.Counted,
		Stock: number(v.OnHand),
	}}
}

func price(a *Amount) catalog.Price {
	if a == nil {
		return catalog.Price{}
	}
	return catalog.Exact(a.money())
}

func number(n *int64) catalog.Number {
	if n == nil {
		return catalog.Number{}
	}
	return catalog.Count(*n)
}

// PhotoRef names an uploaded photo.
type PhotoRef struct {
	Hash string `json:"hash" maxLength:"64"`
	Alt  string `json:"alt,omitempty" maxLength:"1000" doc:"What it shows, for those who do not see it."`
}

// ProductRest is what may be said of a product besides its title.
type ProductRest struct {
	Description *string        `json:"description,omitempty" maxLength:"20000"`
	Section     *string        `json:"section,omitempty" maxLength:"400"`
	TaxMpct     *int64         `json:"tax_mpct,omitempty" doc:"Thousandths of a per cent."`
	TaxIncluded *bool          `json:"tax_included,omitempty" doc:"Prices contain the tax; so they do unless told otherwise."`
	LowStock    *int64         `json:"low_stock,omitempty" doc:"From so many pieces on it is nearly gone."`
	Options     *[]Option      `json:"options,omitempty" maxItems:"3"`
	Variants    *[]VariantBody `json:"variants,omitempty" maxItems:"200"`
	Photos      *[]PhotoRef    `json:"photos,omitempty" maxItems:"20" doc:"In their order; replaces all."`
	State       *string        `json:"state,omitempty" enum:"draft,active,archived"`
}

// over lays what was given over what is there.
func (in ProductRest) over(p catalog.ProductInput) catalog.ProductInput {
	put(&p.Description, in.Description)
	put(&p.Section, in.Section)
	put(&p.TaxMpct, in.TaxMpct)
	if in.TaxIncluded != nil {
		p.TaxExcluded = !*in.TaxIncluded
	}
	if in.LowStock != nil {
		p.LowStock = catalog.Count(*in.LowStock)
	}
	if in.Options != nil {
		p.Options = each(*in.Options, func(o Option) catalog.Option { return catalog.Option{Name: o.Name, Values: o.Values} })
	}
	if in.Variants != nil {
		p.Variants = each(*in.Variants, VariantBody.input)
	}
	if in.Photos != nil {
		p.Photos = each(*in.Photos, func(r PhotoRef) catalog.PhotoInput { return catalog.PhotoInput{Hash: r.Hash, Alt: r.Alt} })
	}
	return p
}

// says reports whether anything but the state was given.
func (in ProductRest) says() bool {
	in.State = nil
	return in != ProductRest{}
}

// inputOf is a product as an edit that changes nothing.
func inputOf(p catalog.Product) catalog.ProductInput {
	in := catalog.ProductInput{
		Title: p.Title, Description: p.Description, Section: p.Section, TaxMpct: p.TaxMpct, TaxExcluded: !p.TaxIncluded,
		LowStock: catalog.Count(p.LowStock), Options: p.Options,
	}
	for _, v := range p.Variants {
		offer := catalog.Offer{SKU: v.SKU, Barcode: v.Barcode, Counted: v.Counted}
		if v.Priced {
			offer.Price = catalog.Exact(v.Price)
		}
		if v.CompareAt != nil {
			offer.CompareAt = catalog.Exact(*v.CompareAt)
		}
		if v.Weight > 0 {
			offer.Weight = catalog.Count(v.Weight)
		}
		in.Variants = append(in.Variants, catalog.VariantInput{ID: v.ID, Options: v.Options, Offer: offer})
	}
	return in
}

// ProductPath names a product of a business.
type ProductPath struct {
	BusinessPath
	ProductID string `path:"product_id"`
}

// keep is the caller's business and a product of it.
func (a *api) keep(ctx context.Context, c *caller, in ProductPath) (directory.Business, catalog.Product, error) {
	b, err := a.owned(ctx, c, in.ID)
	if err != nil {
		return b, catalog.Product{}, err
	}
	if err := known("product", in.ProductID); err != nil {
		return b, catalog.Product{}, err
	}
	p, err := a.Catalog.Get(ctx, b.ID, in.ProductID)
	return b, p, err
}

func (a *api) shown(b directory.Business, p catalog.Product) answer[Product] {
	return answer[Product]{Body: a.ownProductView(p, b.Slug), Version: p.Version}
}

func (a *api) ownProduct(ctx context.Context, c *caller, in *ProductPath) (answer[Product], error) {
	b, p, err := a.keep(ctx, c, *in)
	if err != nil {
		return answer[Product]{}, err
	}
	return a.shown(b, p), nil
}

type addProductInput struct {
	BusinessPath
	Body struct {
		Title string `json:"title" minLength:"1" maxLength:"1000"`
		ProductRest
	}
}

// addProduct writes the product and its state, or nothing.
func (a *api) addProduct(ctx context.Context, c *caller, in *addProductInput) (answer[Product], error) {
	b, err := a.owned(ctx, c, in.ID)
	if err != nil {
		return answer[Product]{}, err
	}
	var p catalog.Product
	err = a.DB.Tx(ctx, func(ctx context.Context) error {
		var err error
		p, err = a.Catalog.Add(ctx, c.owner(), b.ID, in.Body.over(catalog.ProductInput{Title: in.Body.Title}))
		if err != nil || in.Body.State == nil {
			return err
		}
		p, err = a.Catalog.SetState(ctx, c.owner(), b.ID, p.ID, catalog.State(*in.Body.State), 0)
		return err
	})
	if err != nil {
		return answer[Product]{}, err
	}
	out := a.shown(b, p)
	out.Location = prefix + "/businesses/" + b.Slug + "/products/" + p.ID
	return out, nil
}

type editProductInput struct {
	ProductPath
	Body struct {
		Title *string `json:"title,omitempty" maxLength:"1000"`
		ProductRest
	}
}

// editProduct writes everything that was sent, or nothing.
func (a *api) editProduct(ctx context.Context, c *caller, in *editProductInput) (answer[Product], error) {
	var out answer[Product]
	err := a.DB.Tx(ctx, func(ctx context.Context) error {
		b, p, err := a.keep(ctx, c, in.ProductPath)
		if err != nil {
			return err
		}
		version, err := c.version(p.Version)
		if err != nil {
			return err
		}
		current := p.Version
		if in.Body.Title != nil || in.Body.says() {
			input := in.Body.over(inputOf(p))
			put(&input.Title, in.Body.Title)
			p, err = a.Catalog.Update(ctx, c.owner(), b.ID, p.ID, input, version)
			version = 0
		}
		if err == nil && in.Body.State != nil {
			p, err = a.Catalog.SetState(ctx, c.owner(), b.ID, in.ProductID, catalog.State(*in.Body.State), version)
		}
		if errs.Is(err, errs.Precondition) {
			return stale(c.match, current)
		}
		out = a.shown(b, p)
		return err
	})
	return out, err
}

func (a *api) archiveProduct(ctx context.Context, c *caller, in *ProductPath) (answer[struct{}], error) {
	b, p, err := a.keep(ctx, c, *in)
	if err != nil {
		return answer[struct{}]{}, err
	}
	_, err = a.Catalog.SetState(ctx, c.owner(), b.ID, p.ID, catalog.Archived, 0)
	return answer[struct{}]{}, err
}

type stockInput struct {
	BusinessPath
	VariantID string `path:"variant_id"`
	Body      struct {
		OnHand *int64 `json:"on_hand" doc:"null: not counted any more."`
		Reason string `json:"reason,omitempty" maxLength:"200"`
	}
}

func (a *api) setStock(ctx context.Context, c *caller, in *stockInput) (answer[Product], error) {
	b, err := a.owned(ctx, c, in.ID)
	if err != nil {
		return answer[Product]{}, err
	}
	if err := known("variant", in.VariantID); err != nil {
		return answer[Product]{}, err
	}
	p, err := a.Catalog.SetStock(ctx, c.owner(), b.ID, in.VariantID, number(in.Body.OnHand), in.Body.Reason)
	if err != nil {
		return answer[Product]{}, err
	}
	return a.shown(b, p), nil
}

type photoInput struct {
	BusinessPath
	RawBody []byte `contentType:"image/*"`
}

// Uploaded is a stored photo.
type Uploaded struct {
	Hash   string `json:"hash"`
	URL    string `json:"url"`
	Width  int    `json:"width"`
	Height int    `json:"height"`
	Color  string `json:"color"`
}

func (a *api) addPhoto(ctx context.Context, c *caller, in *photoInput) (answer[Uploaded], error) {
	b, err := a.owned(ctx, c, in.ID)
	if err != nil {
		return answer[Uploaded]{}, err
	}
	p, err := a.Catalog.Upload(ctx, c.owner(), b.ID, bytes.NewReader(in.RawBody))
	if err != nil {
		return answer[Uploaded]{}, err
	}
	return answer[Uploaded]{Body: Uploaded{Hash: p.Hash, URL: *photoURL(a.base, p.Hash, "page"), Width: p.Width, Height: p.Height, Color: p.Color}}, nil
}

// photoKnown checks that a hash is that of a stored photo, or none.
func (a *api) photoKnown(hash string) error {
	if hash == "" {
		return nil
	}
	_, err := a.Photos.Find(hash)
	if errs.Is(err, errs.NotFound) {
		return errs.Fields([]errs.Field{{Name: "photo", Code: "unknown_photo", Message: "Upload the photo first."}})
	}
	return err
}

type importInput struct {
	BusinessPath
	DryRun      bool   `query:"dry_run" doc:"Report only, change nothing."`
	ContentType string `header:"Content-Type" hidden:"true"`
	RawBody     []byte `contentType:"text/csv"`
}

// ImportReport is what became of the products of a file.
type ImportReport struct {
	DryRun    bool            `json:"dry_run"`
	Added     int             `json:"added"`
	Updated   int             `json:"updated"`
	Unchanged int             `json:"unchanged"`
	Failed    int             `json:"failed"`
	Problems  []ImportProblem `json:"problems" doc:"In the order of the lines."`
}

// ImportProblem is something wrong in an imported file.
type ImportProblem struct {
	Line    int    `json:"line" doc:"From 1."`
	Column  string `json:"column" doc:"Its heading; empty for the whole line."`
	Code    string `json:"code"`
	Message string `json:"message"`
	Warning bool   `json:"warning" doc:"It did not keep the product out."`
}

func (a *api) importProducts(ctx context.Context, c *caller, in *importInput) (answer[ImportReport], error) {
	if kind, _, _ := strings.Cut(in.ContentType, ";"); kind != "" && !strings.EqualFold(strings.TrimSpace(kind), "text/csv") {
		return answer[ImportReport]{}, &failure{errs.New(errs.Malformed, "unsupported_type", "Send the file as text/csv."), http.StatusUnsupportedMediaType}
	}
	b, err := a.employer(ctx, c, in.ID, account.RightCatalog)
	if err != nil {
		return answer[ImportReport]{}, err
	}
	report, err := a.Catalog.Import(ctx, c.owner(), b.ID, bytes.NewReader(in.RawBody), catalog.ImportOptions{DryRun: in.DryRun})
	return answer[ImportReport]{Body: ImportReport{
		DryRun: in.DryRun, Added: report.Added, Updated: report.Updated, Unchanged: report.Unchanged, Failed: report.Failed,
		Problems: each(report.Problems, func(p catalog.Problem) ImportProblem { return ImportProblem(p) }),
	}}, err
}
