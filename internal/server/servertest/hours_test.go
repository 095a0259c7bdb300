package servertest_test

import (
	"bytes"
	"net/http"
	"testing"

	"github.com/emersion/go-ical"

	"nearby/internal/database"
	"nearby/internal/database/dbtest"
	"nearby/internal/server/servertest"
)

// TestHoursAsCalendar: a business page leads to its hours as a calendar file,
// the same for everybody; hours that cannot be one are refused, not made up.
func TestHoursAsCalendar(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		site := servertest.New(t, db)
		shop := site.AddShop(servertest.NewShop{Name: "Quay Clocks", Hours: "Mo-Sa 09:00-18:00"})
		guest := site.Guest()
		page := guest.See("/b/" + shop.Slug)
		has(t, page, "Mon–Sat 09:00–18:00, Sun closed", "Add to calendar")
		file := guest.Get(page.Link("/b/" + shop.Slug + "/hours.ics"))
		if file.Status != http.StatusOK || file.Header.Get("Content-Type") != "text/calendar; charset=utf-8" || file.Header.Get("Cache-Control") != "public, max-age=600" {
			t.Fatalf("%d %v", file.Status, file.Header)
		}
		calendar, err := ical.NewDecoder(bytes.NewReader(file.Body)).Decode()
		if err != nil {
			t.Fatalf("%v\n%s", err, file.Body)
		}
		events := calendar.Events()
		if len(events) == 0 {
			t.Fatalf("no events\n%s", file.Body)
		}
		if name, err := events[0].Props.Text(ical.PropSummary); err != nil || name != "Quay Clocks" {
			t.Errorf("the event is called %q (%v)", name, err)
		}
		never := site.AddShop(servertest.NewShop{Name: "Closed Shutters", Hours: "off"})
		if link := guest.See("/b/" + never.Slug).Link("/b/" + never.Slug + "/hours.ics"); link != "" {
			t.Error("hours without an opening lead to a calendar")
		}
		if refused := guest.Get("/b/" + never.Slug + "/hours.ics"); refused.Status != http.StatusNotFound {
			t.Errorf("hours without an opening: %d", refused.Status)
		}
	})
}
