package desk

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"nearby/internal/directory"
	"nearby/internal/server/pages"
	"nearby/internal/server/route"
)

// shownDoubles is how many possible duplicates a case names.
const shownDoubles = 10

// likenessChecks say which businesses may be the same one, with what agrees, and
// what is odd about the name and the door.
func likenessChecks(r *route.Request, l directory.Likeness) []pages.Check {
	var doubles []string
	for _, d := range l.Duplicates[:min(shownDoubles, len(l.Duplicates))] {
		same := make([]string, len(d.Same))
		for i, field := range d.Same {
			same[i] = r.Word("likeness.same", field)
		}
		where := r.Word("business.state", string(d.State))
		if d.DistanceM > 0 || slices.Contains(d.Same, "pin") { // both have a pin
			where += fmt.Sprintf(", %.0f m", d.DistanceM)
		}
		doubles = append(doubles, r.Text("likeness.double", "Name", d.Name, "Where", where, "Percent", fmt.Sprintf("%.0f", math.Floor(100*d.Score)), "Same", strings.Join(same, ", ")))
	}
	list := []pages.Check{{Word: "duplicate", OK: len(l.Duplicates) == 0, Note: strings.Join(doubles, "; ")}}
	for _, f := range l.Flags {
		list = append(list, pages.Check{Word: "odd_" + string(f.Reason), Note: f.About})
	}
	if len(l.Flags) == 0 {
		list = append(list, pages.Check{Word: "odd", OK: true})
	}
	return list
}
