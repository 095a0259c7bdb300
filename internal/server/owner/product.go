package owner

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"nearby/internal/account"
	"nearby/internal/catalog"
	"nearby/internal/errs"
	"nearby/internal/ident"
	"nearby/internal/money"
	"nearby/internal/server/pages"
	"nearby/internal/server/route"
	"nearby/internal/server/view"
)

func (h *Handlers) newProduct(r *route.Request, p place) (route.Answer, error) {
	typed := pages.ProductForm{State: string(catalog.Active), Counted: true}
	page, err := h.productPage(r, p, catalog.Product{}, typed)
	return route.HTML{Name: "owner/product", Page: page}, err
}

func (h *Handlers) product(r *route.Request, p place) (route.Answer, error) {
	product, err := h.Catalog.Get(r.Req().Context(), p.ID, r.Param("product"))
	if err != nil {
		return nil, err
	}
	page, err := h.productPage(r, p, product, formOf(product))
	return route.HTML{Name: "owner/product", Page: page}, err
}

// productPage is the form of a product, a new one when it has no id, with what
// was typed so far.
func (h *Handlers) productPage(r *route.Request, p place, product catalog.Product, typed pages.ProductForm) (*pages.ProductPage, error) {
	page := &pages.ProductPage{
		New: product.ID == "", State: string(product.State), Form: typed, Currency: p.Currency, Symbol: p.Currency, Token: ident.Token(),
		Action: p.path("/catalog/" + cmp.Or(product.ID, "new")),
	}
	if c, ok := money.Lookup(p.Currency); ok {
		page.Symbol = c.Symbol
	}
	head(r, &page.Base, "catalog.add")
	var err error
	if page.Desk, err = h.desk(r, p, "catalog"); err != nil {
		return nil, err
	}
	if page.Sections, err = h.Catalog.Sections(r.Req().Context(), p.ID); err != nil {
		return nil, err
	}
	page.Photos = h.photosOf(typed.Photos)
	if page.New {
		return page, nil
	}
	page.Title, page.DropURL = product.Title, page.Action+"/drop"
	if product.State == catalog.Active && p.Listed() {
		page.ShopURL = "/b/" + p.Slug + "/p/" + product.Slug
	}
	if product.State != catalog.Active {
		page.Missing, _ = product.Missing()
	}
	return page, nil
}

// photosOf shows stored photos; one that is gone is left out.
func (h *Handlers) photosOf(typed []pages.PhotoForm) []pages.OwnerPhoto {
	var list []pages.OwnerPhoto
	for _, t := range typed {
		if stored, err := h.Photos.Find(t.Hash); err == nil {
			list = append(list, pages.OwnerPhoto{
				ID: t.Hash, Photo: *view.Picture(t.Hash, t.Alt, stored.Width, stored.Height), Alt: t.Alt, First: len(list) == 0,
			})
		}
	}
	return list
}

// formOf is the form as a stored product fills it.
func formOf(p catalog.Product) pages.ProductForm {
	f := pages.ProductForm{
		Title: p.Title, Section: p.Section, Text: p.Description, State: string(p.State), Version: strconv.FormatInt(p.Version, 10),
	}
	for i, o := range p.Options[:min(len(p.Options), len(f.Options))] {
		f.Options[i] = pages.OptionForm{Name: o.Name, Values: strings.Join(o.Values, ", ")}
	}
	for _, photo := range p.Photos {
		f.Photos = append(f.Photos, pages.PhotoForm{Hash: photo.Hash, Alt: photo.Alt})
	}
	if len(p.Options) == 0 && len(p.Variants) == 1 {
		v := variantForm(p.Variants[0])
		f.Price, f.Compare, f.SKU, f.Stock, f.StockWas, f.Counted = v.Price, v.Compare, v.SKU, v.Stock, v.Stock, v.Counted
		return f
	}
	if low, _, ok := p.Prices(); ok {
		f.Price = low.Decimal()
	}
	for _, v := range p.Variants {
		f.Variants = append(f.Variants, variantForm(v))
		f.Counted = f.Counted || v.Counted
	}
	return f
}

func variantForm(v catalog.Variant) pages.VariantForm {
	f := pages.VariantForm{ID: v.ID, Title: v.Title(), SKU: v.SKU, Counted: v.Counted}
	if v.Priced {
		f.Price = v.Price.Decimal()
	}
	if v.CompareAt != nil {
		f.Compare = v.CompareAt.Decimal()
	}
	if v.Counted {
		f.Stock = strconv.FormatInt(v.OnHand, 10)
		f.StockWas = f.Stock
	}
	return f
}

// typedProduct is the form as it was sent.
func typedProduct(f form, before catalog.Product) pages.ProductForm {
	t := pages.ProductForm{
		Title: f.Get("title"), Section: f.Get("section"), Text: f.Get("description"), Price: f.Get("price"), Compare: f.Get("compare_at"),
		SKU: f.Get("sku"), Stock: f.Get("stock"), StockWas: f.Get("stock_was"), Counted: f.Get("counted") != "",
		State: f.Get("state"), Version: f.Get("version"),
	}
	n := 0
	for i := range t.Options {
		o := pages.OptionForm{Name: f.Get(fmt.Sprintf("options.%d.name", i)), Values: f.Get(fmt.Sprintf("options.%d.values", i))}
		if strings.TrimSpace(o.Name+o.Values) != "" { // rows left empty between others close up
			t.Options[n] = o
			n++
		}
	}
	for i := 0; f.Has(fmt.Sprintf("variants.%d.id", i)); i++ {
		get := func(name string) string { return f.Get(fmt.Sprintf("variants.%d.%s", i, name)) }
		v, known := before.Variant(get("id"))
		if !known {
			continue // retired by somebody else meanwhile
		}
		t.Variants = append(t.Variants, pages.VariantForm{
			ID: v.ID, Title: v.Title(), SKU: get("sku"), Price: get("price"), Compare: get("compare_at"), Stock: get("stock"),
			StockWas: get("stock_was"), Counted: strings.TrimSpace(get("stock")) != "",
		})
	}
	t.Photos = typedPhotos(f)
	return t
}

// typedPhotos are the photos of the form in their new order: the chosen cover
// first, those to be removed left out, the new ones last.
func typedPhotos(f form) []pages.PhotoForm {
	var list []pages.PhotoForm
	for i := 0; i < mostPhotos && f.Has(fmt.Sprintf("photos.%d.hash", i)); i++ {
		get := func(name string) string { return f.Get(fmt.Sprintf("photos.%d.%s", i, name)) }
		if get("remove") != "" {
			continue
		}
		photo := pages.PhotoForm{Hash: get("hash"), Alt: get("alt")}
		if f.Get("cover") == photo.Hash {
			list = slices.Insert(list, 0, photo)
		} else {
			list = append(list, photo)
		}
	}
	for _, photo := range f.photos {
		if !slices.ContainsFunc(list, func(p pages.PhotoForm) bool { return p.Hash == photo.Hash }) {
			list = append(list, pages.PhotoForm{Hash: photo.Hash, Alt: f.Get("alt")})
		}
	}
	return list
}

// productInput is what the form says, for the room.
func productInput(t pages.ProductForm, before catalog.Product) catalog.ProductInput {
	in := catalog.ProductInput{
		Title: t.Title, Description: t.Text, Section: t.Section, TaxMpct: before.TaxMpct, TaxExcluded: before.ID != "" && !before.TaxIncluded,
		Offer: catalog.Offer{
			SKU: t.SKU, Price: catalog.Typed(t.Price), CompareAt: catalog.Typed(t.Compare), Counted: t.Counted,
			Stock: catalog.TypedNumber(t.Stock), StockWas: catalog.TypedNumber(t.StockWas),
		},
		Photos: []catalog.PhotoInput{},
	}
	if before.LowStock > 0 {
		in.LowStock = catalog.Count(before.LowStock)
	}
	for _, photo := range t.Photos {
		in.Photos = append(in.Photos, catalog.PhotoInput{Hash: photo.Hash, Alt: photo.Alt})
	}
	for _, o := range t.Options {
		if strings.TrimSpace(o.Name+o.Values) != "" {
			in.Options = append(in.Options, catalog.Option{Name: strings.TrimSpace(o.Name), Values: values(o.Values)})
		}
	}
	if len(before.Variants) == 1 { // what the form does not ask for stays
		v := before.Variants[0]
		in.Barcode, in.Weight = v.Barcode, weight(v)
	}
	if len(in.Options) == 0 {
		return in
	}
	in.Fill = true
	in.Variants = fit(before, in, t.Variants)
	return in
}

func weight(v catalog.Variant) catalog.Number {
	if v.Weight == 0 {
		return catalog.Number{}
	}
	return catalog.Count(v.Weight)
}

// values are the values of an option as typed: parted by commas.
func values(text string) []string {
	var list []string
	for value := range strings.FieldsFuncSeq(text, func(r rune) bool { return r == ',' || r == ';' || r == '،' || r == '\n' }) {
		if value = strings.Join(strings.Fields(value), " "); value != "" {
			list = append(list, value)
		}
	}
	return list
}

// fit gives the variants of a product their place among the options as they are
// now: one whose value is gone is left out, and takes the first value of an
// option that is new.
func fit(before catalog.Product, in catalog.ProductInput, typed []pages.VariantForm) []catalog.VariantInput {
	var list []catalog.VariantInput
	taken := map[string]bool{}
	for _, v := range before.Variants {
		fitted, ok := refit(before.Options, v.Options, in.Options)
		key := strings.Join(fitted, "\x00")
		if !ok || taken[key] {
			continue
		}
		taken[key] = true
		vi := catalog.VariantInput{ID: v.ID, Options: fitted, Offer: in.Offer}
		vi.Barcode, vi.Weight = v.Barcode, weight(v)
		if at := slices.IndexFunc(typed, func(t pages.VariantForm) bool { return t.ID == v.ID }); at >= 0 {
			t := typed[at]
			vi.SKU, vi.Price, vi.CompareAt = t.SKU, catalog.Typed(t.Price), catalog.Typed(t.Compare)
			vi.Counted, vi.Stock, vi.StockWas = t.Counted, catalog.TypedNumber(t.Stock), catalog.TypedNumber(t.StockWas)
		}
		list = append(list, vi)
	}
	return list
}

// refit is a variant's values for other options; false when one of its values
// is offered no more.
func refit(old []catalog.Option, was []string, now []catalog.Option) ([]string, bool) {
	fitted := make([]string, len(now))
	for i, o := range now {
		if len(o.Values) == 0 {
			return nil, false
		}
		at := slices.IndexFunc(old, func(x catalog.Option) bool { return strings.EqualFold(x.Name, o.Name) })
		if at < 0 && len(old) == len(now) {
			at = i // renamed
		}
		switch {
		case at < 0 || at >= len(was):
			fitted[i] = o.Values[0]
		case slices.Contains(o.Values, was[at]):
			fitted[i] = was[at]
		default:
			return nil, false
		}
	}
	return fitted, true
}

func (h *Handlers) addProduct(r *route.Request, p place) (route.Answer, error) {
	f, err := h.readForm(r, p)
	if err != nil {
		return nil, err
	}
	typed := typedProduct(f, catalog.Product{})
	if len(f.wrong) > 0 {
		return h.wrongProduct(r, p, catalog.Product{}, typed, f, f.wrong)
	}
	path, err := h.once.do(r.User().ID+f.Get("token"), func() (string, error) {
		product, err := h.Catalog.Add(r.Req().Context(), r.As(account.Owner), p.ID, productInput(typed, catalog.Product{}))
		if err != nil {
			return "", err
		}
		return p.path("/catalog/" + product.ID), nil
	})
	if wrong, ok := view.Errors(err); ok {
		return h.wrongProduct(r, p, catalog.Product{}, typed, f, wrong)
	}
	if err != nil {
		return nil, err
	}
	product, err := h.Catalog.Get(r.Req().Context(), p.ID, strings.TrimPrefix(path, p.path("/catalog/")))
	if err != nil {
		return nil, err
	}
	return h.turnProduct(r, p, product, typed, f)
}

func (h *Handlers) saveProduct(r *route.Request, p place) (route.Answer, error) {
	ctx := r.Req().Context()
	product, err := h.Catalog.Get(ctx, p.ID, r.Param("product"))
	if err != nil {
		return nil, err
	}
	f, err := h.readForm(r, p)
	if err != nil {
		return nil, err
	}
	typed := typedProduct(f, product)
	if len(f.wrong) > 0 {
		return h.wrongProduct(r, p, product, typed, f, f.wrong)
	}
	version, err := strconv.ParseInt(typed.Version, 10, 64)
	if err != nil {
		return nil, malformed(err)
	}
	saved, err := h.Catalog.Update(ctx, r.As(account.Owner), p.ID, product.ID, productInput(typed, product), version)
	if errs.Has(err, "changed_meanwhile") {
		return h.changedMeanwhile(r, p, product, typed, f)
	}
	if wrong, ok := view.Errors(err); ok {
		return h.wrongProduct(r, p, product, typed, f, wrong)
	}
	if err != nil {
		return nil, err
	}
	return h.turnProduct(r, p, saved, typed, f)
}

// savedAs are the messages after saving.
var savedAs = map[catalog.State]string{
	catalog.Draft: "catalog.saved_draft", catalog.Active: "catalog.saved_active", catalog.Archived: "catalog.saved_archived",
}

// turnProduct brings a saved product into the state that was chosen. When
// something is missing for that, it stays saved as it was.
func (h *Handlers) turnProduct(r *route.Request, p place, product catalog.Product, typed pages.ProductForm, f form) (route.Answer, error) {
	to := catalog.State(cmp.Or(typed.State, string(product.State)))
	turned, err := h.Catalog.SetState(r.Req().Context(), r.As(account.Owner), p.ID, product.ID, to, 0)
	if wrong, ok := view.Errors(err); ok {
		kept := formOf(product)
		kept.State = typed.State
		return h.wrongProduct(r, p, product, kept, f, wrong)
	}
	if err != nil {
		return nil, err
	}
	r.Flash(savedAs[turned.State])
	return route.See{Path: p.path("/catalog/" + turned.ID)}, nil
}

// wrongProduct shows the form again as it was typed.
func (h *Handlers) wrongProduct(r *route.Request, p place, product catalog.Product, typed pages.ProductForm, f form, wrong pages.Errors) (route.Answer, error) {
	page, err := h.productPage(r, p, product, typed)
	if err != nil {
		return nil, err
	}
	page.Errors, page.NewAlt = wrong, f.Get("alt")
	if token := f.Get("token"); token != "" && product.ID == "" {
		page.Token = token
	}
	return route.Wrong("owner/product", page), nil
}

// changedMeanwhile shows what was typed beside a link to what somebody else has
// saved. Saving again is a decision for one's own.
func (h *Handlers) changedMeanwhile(r *route.Request, p place, product catalog.Product, typed pages.ProductForm, f form) (route.Answer, error) {
	typed.Version = strconv.FormatInt(product.Version, 10)
	page, err := h.productPage(r, p, product, typed)
	if err != nil {
		return nil, err
	}
	page.Changed, page.NewAlt, page.Failed = true, f.Get("alt"), true
	return route.HTML{Name: "owner/product", Page: page, Status: errs.Precondition.Status()}, nil
}
