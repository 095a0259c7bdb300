package view

import (
	"time"

	"nearby/internal/hours"
	"nearby/internal/server/pages"
)

// Zone is the location of an IANA name; UTC when it is not known.
func Zone(name string) *time.Location {
	if name == "" {
		return time.UTC
	}
	location, err := time.LoadLocation(name)
	if err != nil {
		return time.UTC
	}
	return location
}

// Open is a door sign at the given moment, its times on the place's own clock.
func Open(state hours.State, zone string, now time.Time) pages.Open {
	location := Zone(zone)
	open := pages.Open{Kind: string(state.Kind), Now: now.In(location), Reason: state.Reason, Note: state.Note}
	if !state.NextChange.IsZero() {
		open.Change = state.NextChange.In(location)
	}
	return open
}
