package view

import (
	"time"

	"nearby/internal/catalog"
	"nearby/internal/directory"
	"nearby/internal/server/pages"
)

// Drop is a drop of a business as it stands now.
func Drop(d catalog.Drop, b directory.Business, now time.Time) pages.Drop {
	zone := Zone(b.Zone)
	shown := pages.Drop{
		Phase: string(d.Phase(now)), Cap: int(d.Cap), Left: int(d.Left()), PerBuyer: int(d.PerBuyer), StartsAt: d.StartsAt.In(zone),
		City: b.Address.City,
	}
	shown.Today = shown.StartsAt.Format(time.DateOnly) == now.In(zone).Format(time.DateOnly)
	if d.EndsAt != nil {
		shown.EndsAt = d.EndsAt.In(zone)
	}
	shown.GoneAfter, _ = d.GoneAfter()
	return shown
}

// DropTone is the colour of a phase.
func DropTone(phase string) string {
	switch catalog.Phase(phase) {
	case catalog.DropRunning:
		return "open"
	case catalog.DropAhead, catalog.DropHeld:
		return "soon"
	}
	return ""
}
