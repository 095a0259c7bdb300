package pagestest

import (
	"time"

	"nearby/internal/server/pages"
)

// dropPage is a product of two variants, one in a drop that runs, one sold out.
func dropPage(base pages.Base) pages.DropPage {
	return pages.DropPage{
		Base: base, Desk: theDesk("catalog"), Product: "Speckled mug", BackURL: "/manage/kiln-quay/catalog/1", Action: "/manage/kiln-quay/catalog/1/drop",
		Form:     pages.DropForm{Variant: "v1", Cap: "2000", PerBuyer: "x", StartsAt: "2026-11-21T18:00", EndsAt: "2026-11-21T20:00", AtPickup: true},
		Variants: []pages.Option{{Value: "v1", Label: "Oat", Selected: true}, {Value: "v2", Label: "Ink"}}, City: "Portmere", Counter: true,
		Drops: []pages.OwnerDrop{
			{Drop: pages.Drop{Phase: "running", Cap: 2000, Left: 317, PerBuyer: 2, StartsAt: Now, EndsAt: Now.Add(2 * time.Hour)}, Variant: "v1", Title: "Oat", Sold: 1600, Waiting: 83, Tone: "open"},
			{Drop: pages.Drop{Phase: "sold_out", Cap: 50, PerBuyer: 1, StartsAt: Now, GoneAfter: 2*time.Hour + 6*time.Minute}, Variant: "v2", Title: "Ink", Sold: 50, EditURL: "/manage/kiln-quay/catalog/1/drop?variant=v2"},
		},
		Errors: pages.Errors{{Name: "per_buyer", Message: "Each person may have between 1 piece and all of them."}, {Name: "variant", Message: "Count the pieces of this first, then it can be a drop."}},
	}
}
