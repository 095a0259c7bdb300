package api

import (
	"context"
	"errors"
	"time"

	"nearby/internal/errs"
	"nearby/internal/geo"
	"nearby/internal/hours"
)

type tryHoursInput struct {
	Hours    string `query:"hours" required:"true" minLength:"1" maxLength:"1000" doc:"OpenStreetMap opening_hours notation." example:"Mo-Fr 09:00-17:00; PH off"`
	TimeZone string `query:"time_zone" required:"true" maxLength:"64" doc:"IANA name." example:"Europe/Berlin"`
	Region   string `query:"region" maxLength:"6" doc:"ISO 3166 country or part of one, for holidays; a French department is FR-67." example:"DE-BE"`
	Cell     string `query:"cell" maxLength:"16" doc:"H3 cell of the place, in hexadecimal, for sunrise and sunset."`
	At       string `query:"at" maxLength:"40" doc:"An instant in RFC 3339; now where it is left out." example:"2026-12-25T10:00:00+01:00"`
}

// TriedHours is whether a place with some hours is open at an instant, and why.
type TriedHours struct {
	OpenNow
	At             time.Time `json:"at"`
	OSM            string    `json:"osm" doc:"The hours in the one form we write them in."`
	Said           Sentences `json:"said" doc:"By language: the hours in a sentence."`
	Day            string    `json:"day" format:"date" doc:"The day at the place that the rule was asked about: the day before, in a night that runs on."`
	Rule           string    `json:"rule" doc:"The rule that decides; empty where none speaks of the day."`
	Holiday        string    `json:"holiday" doc:"Name of the public holiday that the day is; empty on other days."`
	HolidayInDoubt bool      `json:"holiday_in_doubt" doc:"It is one only for some of the region."`
	MayDiffer      bool      `json:"may_differ" doc:"The hours speak of holidays, and those of the region are not known."`
}

func (a *api) tryHours(_ context.Context, _ *caller, in *tryHoursInput) (answer[TriedHours], error) {
	var none answer[TriedHours]
	var wrong []errs.Field
	at := a.Clock()
	if in.At != "" {
		var ok bool
		if at, ok = instant(in.At); !ok {
			wrong = append(wrong, errs.Field{Name: "at", Code: "bad_time", Message: "A time looks like 2026-05-04T09:00:00Z."})
		}
	}
	if _, err := time.LoadLocation(in.TimeZone); err != nil || in.TimeZone == "Local" {
		wrong = append(wrong, errs.Field{Name: "time_zone", Code: "bad_format", Message: "The value does not have the form it needs."})
	}
	place := hours.Place{Region: in.Region}
	if in.Cell != "" {
		cell, err := geo.ParseCell(in.Cell)
		if err != nil {
			wrong = append(wrong, errs.Field{Name: "cell", Code: "bad_cell", Message: "This is not a cell of the H3 grid."})
		} else {
			center := cell.Center()
			place.Lat, place.Lng, place.Pinned = center.Lat, center.Lng, true
		}
	}
	if err := errs.Fields(wrong); err != nil {
		return none, err
	}
	schedule, err := hours.ParseOSM(in.Hours, in.TimeZone)
	if err != nil {
		message := "These hours cannot be read. They look like “Mo-Fr 09:00-18:00; Sa 10:00-14:00”."
		var syntax *hours.SyntaxError
		if errors.As(err, &syntax) {
			message = "These hours cannot be read: " + syntax.Error() + "."
		}
		return none, errs.Fields([]errs.Field{{Name: "hours", Code: "bad_hours", Message: message}})
	}
	schedule = schedule.InPlace(place)
	why := schedule.Why(at)
	return answer[TriedHours]{Body: TriedHours{
		OpenNow: OpenNow{OpenState: openState(why.State), Note: why.Note},
		At:      at.UTC(), OSM: schedule.OSM(), Said: a.said(schedule, at), Day: why.Day.String(), Rule: why.Rule,
		Holiday: why.Holiday, HolidayInDoubt: why.HolidayInDoubt, MayDiffer: schedule.MayDiffer(),
	}}, nil
}
