// Package transparency counts in public what the directory decides: a report is a
// question to the rooms that decided, asked when somebody reads it, so it cannot
// say anything else than their own rows.
package transparency

import (
	"bytes"
	"context"
	"encoding/csv"
	"maps"
	"slices"
	"strconv"
	"time"

	"nearby/internal/clock"
	"nearby/internal/complaint"
	"nearby/internal/directory"
	"nearby/internal/measure"
	"nearby/internal/notice"
	"nearby/internal/verification"
)

// Period is how far back the figures of decisions go.
const Period = 90 * 24 * time.Hour

// Report is what anybody may know.
type Report struct {
	Since, At    time.Time
	Listed       int // businesses that are listed now
	Applications verification.Figures
	Measures     map[measure.Kind]int // that began
	Notices      []notice.Figures     // by kind
	Complaints   complaint.Figures
}

// Service writes reports.
type Service struct {
	clock        clock.Clock
	directory    *directory.Service
	verification *verification.Service
	measures     *measure.Service
	notices      *notice.Service
	complaints   *complaint.Service
}

// New puts the room over the rooms that decide.
func New(now clock.Clock, d *directory.Service, v *verification.Service, m *measure.Service, n *notice.Service, c *complaint.Service) *Service {
	return &Service{now, d, v, m, n, c}
}

// Report counts the last Period, as it stands now.
func (s *Service) Report(ctx context.Context) (r Report, err error) {
	r.At = s.clock().UTC()
	r.Since = r.At.Add(-Period)
	r.Listed, _ = s.directory.Indexed()
	if r.Applications, err = s.verification.Figures(ctx, r.Since); err != nil {
		return r, err
	}
	if r.Measures, err = s.measures.Imposed(ctx, r.Since); err != nil {
		return r, err
	}
	if r.Notices, err = s.notices.Figures(ctx, r.Since); err != nil {
		return r, err
	}
	r.Complaints, err = s.complaints.Figures(ctx, r.Since)
	return r, err
}

// Count is how many there are of something.
type Count struct {
	Code string
	N    int
}

// Rejections are the reasons of rejections, those that were given.
func (r Report) Rejections() []Count { return counts(verification.RejectCodes, r.Applications.Reasons) }

// Imposed are the measures that began, by kind, those that did.
func (r Report) Imposed() []Count { return counts(measure.Kinds, r.Measures) }

// counts are those that are not zero, in the order of all.
func counts[K ~string](all []K, of map[K]int) (list []Count) {
	for _, k := range all {
		if n := of[k]; n > 0 {
			list = append(list, Count{string(k), n})
		}
	}
	return list
}

// CSV is the report as a table of three columns, a figure in each line: what it
// is about, which of them, and how many (seconds, where the figure is a time).
func (r Report) CSV() ([]byte, error) {
	var text bytes.Buffer
	table := csv.NewWriter(&text)
	line := func(about, which, value string) { _ = table.Write([]string{about, which, value}) } // Error says what failed
	count := func(about, which string, n int) { line(about, which, strconv.Itoa(n)) }
	line("about", "figure", "value")
	line("period", "from", r.Since.Format(time.RFC3339))
	line("period", "to", r.At.Format(time.RFC3339))
	count("businesses", "listed_now", r.Listed)
	a := r.Applications
	count("applications", "waiting_now", a.Waiting)
	count("applications", "filed", a.Applications)
	count("applications", "approved", a.Approved)
	count("applications", "asked", a.Asked)
	count("applications", "rejected", a.Rejected)
	count("applications", "median_seconds", int(a.Median.Seconds()))
	count("applications", "p90_seconds", int(a.NineOfTen.Seconds()))
	for _, code := range slices.Sorted(maps.Keys(a.Reasons)) {
		count("rejections", code, a.Reasons[code])
	}
	for _, kind := range measure.Kinds {
		count("measures", string(kind), r.Measures[kind])
	}
	for _, n := range r.Notices {
		about := "reports_" + string(n.Kind)
		count(about, "filed", n.Filed)
		count(about, "open", n.Open)
		count(about, string(notice.OutcomeNone), n.NoAction)
		count(about, string(notice.OutcomeMeasure), n.Measure)
		count(about, string(notice.OutcomePassed), n.PassedOn)
	}
	count("appeals", "filed", r.Complaints.Filed)
	count("appeals", "upheld", r.Complaints.Upheld)
	count("appeals", "overturned", r.Complaints.Overturned)
	table.Flush()
	return text.Bytes(), table.Error()
}
