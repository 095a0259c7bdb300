package api

import (
	"context"
	"net/http"
	"time"

	"nearby/internal/catalog"
)

// Drop is a limited sale of a variant as everybody sees it.
type Drop struct {
	Phase     string           `json:"phase" enum:"ahead,running,held,sold_out,over" doc:"held: every piece is taken and not every one is paid, so that some may come back."`
	Cap       int64            `json:"cap" doc:"Pieces in all."`
	Left      int64            `json:"left" doc:"Pieces that nobody has taken."`
	PerBuyer  int64            `json:"per_buyer" doc:"Pieces for each account."`
	StartsAt  time.Time        `json:"starts_at"`
	EndsAt    Maybe[time.Time] `json:"ends_at" doc:"null: until it is sold out or ended."`
	AtPickup  bool             `json:"at_pickup" doc:"May be paid at pickup where the business takes that."`
	GoneAfter *int64           `json:"sold_out_after_s" doc:"Seconds from the beginning until the last piece was taken; null until every piece is sold."`
}

func dropView(v catalog.Variant) *Drop {
	d := v.Drop
	if d == nil {
		return nil
	}
	shown := &Drop{
		Phase: string(v.Phase), Cap: d.Cap, Left: d.Left(), PerBuyer: d.PerBuyer, StartsAt: d.StartsAt.UTC(), EndsAt: maybe(d.EndsAt), AtPickup: d.AtPickup,
	}
	if after, told := d.GoneAfter(); told {
		seconds := int64(after.Seconds())
		shown.GoneAfter = &seconds
	}
	return shown
}

func (a *api) drops(tag string) {
	const path = "/businesses/{id}/variants/{variant_id}/drop"
	add(a, operation{
		id: "set-drop", method: http.MethodPost, path: path, tag: tag, who: holder, scope: "catalog:write", limit: "token", repeat: joined,
		summary: "Sell a variant as a limited drop",
		about: "So many pieces in all and for each account, from a moment on. Caps count when pieces are held. Called again it changes the drop; " +
			"once it has begun its beginning stays.",
		example: map[string]any{"cap": 40, "per_buyer": 2, "starts_at": "2026-09-04T16:00:00Z", "ends_at": "2026-09-04T20:00:00Z"},
	}, a.setDrop)
	add(a, operation{
		id: "end-drop", method: http.MethodDelete, path: path, tag: tag, who: holder, scope: "catalog:write", limit: "token", status: http.StatusNoContent,
		summary: "End the drop of a variant", about: "It is sold like any other from then on; orders stay.",
	}, a.endDrop)
}

// DropPath names the drop of a variant.
type DropPath struct {
	BusinessPath
	VariantID string `path:"variant_id"`
}

type dropInput struct {
	DropPath
	Body struct {
		Cap      int64      `json:"cap" minimum:"1" maximum:"999999"`
		PerBuyer int64      `json:"per_buyer" minimum:"1" maximum:"999999"`
		StartsAt time.Time  `json:"starts_at"`
		EndsAt   *time.Time `json:"ends_at,omitempty"`
		AtPickup bool       `json:"at_pickup,omitempty"`
	}
}

func (a *api) setDrop(ctx context.Context, c *caller, in *dropInput) (answer[Product], error) {
	b, err := a.owned(ctx, c, in.ID)
	if err != nil {
		return answer[Product]{}, err
	}
	if err := known("variant", in.VariantID); err != nil {
		return answer[Product]{}, err
	}
	input := catalog.DropInput{Cap: catalog.Count(in.Body.Cap), PerBuyer: catalog.Count(in.Body.PerBuyer), StartsAt: in.Body.StartsAt, AtPickup: in.Body.AtPickup}
	put(&input.EndsAt, in.Body.EndsAt)
	p, err := a.Catalog.SetDrop(ctx, c.owner(), b.ID, in.VariantID, input)
	if err != nil {
		return answer[Product]{}, err
	}
	return a.shown(b, p), nil
}

func (a *api) endDrop(ctx context.Context, c *caller, in *DropPath) (answer[struct{}], error) {
	b, err := a.owned(ctx, c, in.ID)
	if err != nil {
		return answer[struct{}]{}, err
	}
	if err := known("variant", in.VariantID); err != nil {
		return answer[struct{}]{}, err
	}
	_, err = a.Catalog.EndDrop(ctx, c.owner(), b.ID, in.VariantID)
	return answer[struct{}]{}, err
}
