package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"nearby/internal/clock"
	"nearby/internal/hours"
)

type hoursCommand struct {
	Value  string `arg:"" help:"Hours in OpenStreetMap notation."`
	Zone   string `required:"" help:"The place's IANA time zone." placeholder:"Europe/Berlin"`
	Region string `help:"ISO 3166 country or part of one, for holidays." placeholder:"DE-BE"`
	Pin    string `help:"Latitude and longitude, for sunrise and sunset." placeholder:"52.52,13.40"`
	At     string `help:"When, by the place's clock; now where it is left out." placeholder:"2026-12-25T10:00"`
	JSON   bool   `name:"json" help:"Answer as JSON."`
}

// Help is the long text of nearby hours --help.
func (*hoursCommand) Help() string {
	return `Tells whether a place with these hours is open, when that changes next, and why.

Example: nearby hours 'Mo-Fr 09:00-17:00; PH off' --zone Europe/Berlin --region DE-BE --at 2026-12-25T10:00`
}

func (c *hoursCommand) Run(p *program) error {
	zone, err := time.LoadLocation(c.Zone)
	if err != nil || c.Zone == "" || c.Zone == "Local" {
		return usageError{fmt.Errorf("%q is no IANA time zone", c.Zone)}
	}
	at := clock.System().In(zone).Truncate(time.Minute)
	if c.At != "" {
		if at, err = time.ParseInLocation("2006-01-02T15:04", c.At, zone); err != nil {
			return usageError{fmt.Errorf("--at is %q, not a time like 2026-12-25T10:00", c.At)}
		}
	}
	place := hours.Place{Region: c.Region}
	if c.Pin != "" {
		if place.Lat, place.Lng, err = pin(c.Pin); err != nil {
			return usageError{err}
		}
		place.Pinned = true
	}
	schedule, err := hours.ParseOSM(c.Value, c.Zone)
	var syntax *hours.SyntaxError
	if errors.As(err, &syntax) {
		return fmt.Errorf("%w\n  %s\n  %s^", err, c.Value, strings.Repeat(" ", len([]rune(c.Value[:syntax.Pos]))))
	} else if err != nil {
		return err
	}
	schedule = schedule.InPlace(place)
	why := schedule.Why(at)
	if c.JSON {
		return json.NewEncoder(p.stdout).Encode(why)
	}
	const moment = "Mon 2006-01-02 15:04 MST"
	fmt.Fprintf(p.stdout, "at    %s (%s)\nstate %s\n", at.Format(moment), c.Zone, stateWords[why.Kind])
	if why.NextChange.IsZero() {
		fmt.Fprintln(p.stdout, "next  no change that is known")
	} else {
		next := schedule.At(why.NextChange)
		fmt.Fprintf(p.stdout, "next  %s from %s\n", stateWords[next.Kind], why.NextChange.In(zone).Format(moment))
	}
	fmt.Fprintf(p.stdout, "why   %s\n", reasonText(why))
	if schedule.MayDiffer() {
		fmt.Fprintln(p.stdout, "note  the holidays of the region are not known; they count as ordinary days")
	}
	return nil
}

var stateWords = map[hours.Kind]string{hours.Open: "open", hours.ClosingSoon: "open, closing soon", hours.Closed: "closed", hours.Doubtful: "unknown"}

// reasonText says in a line what a state follows from.
func reasonText(why hours.Why) string {
	var parts []string
	switch {
	case why.Special:
		parts = append(parts, "a special day")
	case why.Rule != "":
		parts = append(parts, "the rule “"+why.Rule+"”")
	default:
		parts = append(parts, "no rule speaks of "+why.Day.String())
	}
	if why.Special || why.Rule != "" {
		parts = append(parts, "asked for "+why.Day.String())
	}
	switch {
	case why.HolidayInDoubt:
		parts = append(parts, "which is a holiday for some ("+why.Holiday+")")
	case why.Holiday != "":
		parts = append(parts, "which is a holiday ("+why.Holiday+")")
	}
	if why.Reason != "" {
		parts = append(parts, "reason "+why.Reason)
	}
	if why.Note != "" {
		parts = append(parts, "note “"+why.Note+"”")
	}
	return strings.Join(parts, ", ")
}

// pin reads "52.52,13.40".
func pin(text string) (lat, lng float64, err error) {
	a, b, ok := strings.Cut(text, ",")
	lat, err1 := strconv.ParseFloat(strings.TrimSpace(a), 64)
	lng, err2 := strconv.ParseFloat(strings.TrimSpace(b), 64)
	if !ok || err1 != nil || err2 != nil || !(lat >= -90 && lat <= 90 && lng >= -180 && lng <= 180) {
		return 0, 0, errors.New("--pin is not latitude and longitude like 52.52,13.40")
	}
	return lat, lng, nil
}
