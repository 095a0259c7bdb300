package owner

import (
	"strconv"
	"strings"
	"time"

	"nearby/internal/account"
	"nearby/internal/catalog"
	"nearby/internal/errs"
	"nearby/internal/server/pages"
	"nearby/internal/server/route"
	"nearby/internal/server/view"
)

// drop is the page on which the drops of a product are planned. ?variant= names
// the one whose drop is in the form.
func (h *Handlers) drop(r *route.Request, p place) (route.Answer, error) {
	product, err := h.Catalog.Get(r.Req().Context(), p.ID, r.Param("product"))
	if err != nil {
		return nil, err
	}
	chosen := product.Variants[0]
	if v, ok := product.Variant(r.QueryParam("variant")); ok {
		chosen = v
	}
	page, err := h.dropPage(r, p, product, dropForm(chosen, p))
	return route.HTML{Name: "owner/drop", Page: page}, err
}

func (h *Handlers) dropPage(r *route.Request, p place, product catalog.Product, typed pages.DropForm) (*pages.DropPage, error) {
	page := &pages.DropPage{
		Product: product.Title, BackURL: p.path("/catalog/" + product.ID), Action: p.path("/catalog/" + product.ID + "/drop"), Form: typed,
		City: p.Address.City, Counter: p.PayAtPickup,
	}
	head(r, &page.Base, "drop.title")
	var err error
	if page.Desk, err = h.desk(r, p, "catalog"); err != nil {
		return nil, err
	}
	for _, v := range product.Variants {
		if len(product.Variants) > 1 {
			page.Variants = append(page.Variants, pages.Option{Value: v.ID, Label: v.Title(), Selected: v.ID == typed.Variant})
		}
		if v.Drop == nil {
			continue
		}
		shown := pages.OwnerDrop{
			Drop: view.Drop(*v.Drop, p.Business, r.Now()), Variant: v.ID, Title: v.Title(), Sold: int(v.Drop.Sold), Waiting: int(v.Drop.Taken - v.Drop.Sold),
		}
		shown.Tone = view.DropTone(shown.Phase)
		if v.ID != typed.Variant {
			shown.EditURL = page.Action + "?variant=" + v.ID
		}
		page.Drops = append(page.Drops, shown)
	}
	return page, nil
}

// dropForm is the form of a variant, filled in with its drop.
func dropForm(v catalog.Variant, p place) pages.DropForm {
	f := pages.DropForm{Variant: v.ID}
	if v.Drop == nil {
		return f
	}
	zone := view.Zone(p.Zone)
	f.Cap, f.PerBuyer = strconv.FormatInt(v.Drop.Cap, 10), strconv.FormatInt(v.Drop.PerBuyer, 10)
	f.StartsAt, f.AtPickup = typedTime(v.Drop.StartsAt, zone), v.Drop.AtPickup
	if v.Drop.EndsAt != nil {
		f.EndsAt = typedTime(*v.Drop.EndsAt, zone)
	}
	return f
}

// typedTime is a time as its field shows it, with the seconds that it has.
func typedTime(at time.Time, zone *time.Location) string {
	if at = at.In(zone); at.Second() > 0 {
		return at.Format(localTime + ":05")
	}
	return at.Format(localTime)
}

// timeOf reads a time field in the zone of the business; an empty one is zero.
func timeOf(typed string, zone *time.Location) (time.Time, error) {
	typed = strings.Replace(strings.TrimSpace(typed), " ", "T", 1)
	if typed == "" {
		return time.Time{}, nil
	}
	if at, err := time.ParseInLocation(localTime, typed, zone); err == nil {
		return at, nil
	}
	return time.ParseInLocation(localTime+":05", typed, zone)
}

// saveDrop plans or changes a drop, or ends it with the other button.
func (h *Handlers) saveDrop(r *route.Request, p place) (route.Answer, error) {
	ctx, actor := r.Req().Context(), r.As(account.Owner)
	product, err := h.Catalog.Get(ctx, p.ID, r.Param("product"))
	if err != nil {
		return nil, err
	}
	typed := pages.DropForm{
		Variant: r.FormValue("variant"), Cap: r.FormValue("cap"), PerBuyer: r.FormValue("per_buyer"), StartsAt: r.FormValue("starts_at"),
		EndsAt: r.FormValue("ends_at"), AtPickup: r.FormValue("at_pickup") != "",
	}
	if _, ok := product.Variant(typed.Variant); !ok {
		return nil, errs.Missing("variant")
	}
	done := "drop.saved"
	if r.FormValue("action") == "end" {
		done = "drop.ended"
		_, err = h.Catalog.EndDrop(ctx, actor, p.ID, typed.Variant)
	} else {
		err = h.setDrop(r, p, typed)
	}
	if wrong, ok := view.Errors(err); ok {
		page, err := h.dropPage(r, p, product, typed)
		if err != nil {
			return nil, err
		}
		page.Errors = wrong
		return route.Wrong("owner/drop", page), nil
	}
	if err != nil {
		return nil, err
	}
	r.Flash(done)
	return route.See{Path: p.path("/catalog/" + product.ID + "/drop?variant=" + typed.Variant)}, nil
}

func (h *Handlers) setDrop(r *route.Request, p place, typed pages.DropForm) error {
	zone := view.Zone(p.Zone)
	in := catalog.DropInput{Cap: catalog.TypedNumber(typed.Cap), PerBuyer: catalog.TypedNumber(typed.PerBuyer), AtPickup: typed.AtPickup}
	var wrong []errs.Field
	for _, field := range []struct {
		name, typed string
		to          *time.Time
	}{{"starts_at", typed.StartsAt, &in.StartsAt}, {"ends_at", typed.EndsAt, &in.EndsAt}} {
		var err error
		if *field.to, err = timeOf(field.typed, zone); err != nil {
			wrong = append(wrong, errs.Field{Name: field.name, Code: "bad_time", Message: r.Text("hours.try_bad")})
		}
	}
	if err := errs.Fields(wrong); err != nil {
		return err
	}
	_, err := h.Catalog.SetDrop(r.Req().Context(), r.As(account.Owner), p.ID, typed.Variant, in)
	return err
}
