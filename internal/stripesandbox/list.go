package stripesandbox

import (
	"iter"
	"slices"
)

// timespan is the "created" parameter: a moment or a range, in Unix seconds.
type timespan struct{ from, to int64 }

func (p params) timespan(name string) timespan {
	if at := p.number(name, -1); at >= 0 {
		return timespan{at, at}
	}
	const forever = 1 << 60
	return timespan{
		from: max(p.number(name+"[gte]", 0), p.number(name+"[gt]", -1)+1),
		to:   min(p.number(name+"[lte]", forever), p.number(name+"[lt]", forever)-1),
	}
}

func (s timespan) holds(at int64) bool { return s.from <= at && at <= s.to }

// window is the paging parameters of a list: newest first, limit of them,
// after or before the one with that id.
type window struct {
	limit         int
	after, before string
}

func (p params) window() window {
	w := window{int(p.number("limit", 10)), p.text("starting_after"), p.text("ending_before")}
	if w.limit < 1 || w.limit > 100 {
		p.fail(invalid("limit", "This value must be between 1 and 100 (inclusive)."))
	}
	if w.after != "" && w.before != "" {
		p.fail(invalid("ending_before", "You cannot parameterize both starting_after and ending_before.").code("parameters_exclusive"))
	}
	return w
}

// page answers the window of the records that match, in the shape of
// Stripe's lists. It checks the parameters first.
func page[T record](rq *request, w window, match func(T) bool, view func(T) object) (object, error) {
	if err := rq.params.check(); err != nil {
		return nil, err
	}
	edge := w.after + w.before
	if edge != "" {
		if _, err := need[T](rq.tx, rq.account, edge, "starting_after"); err != nil {
			return nil, err
		}
	}
	found, more := cut(all[T](rq.tx, rq.account), w, match)
	data := make([]any, len(found))
	for i, r := range found {
		data[i] = view(r)
	}
	return listOf(rq.http.URL.Path, data, more), nil
}

func listOf(url string, data []any, more bool) object {
	return object{"object": "list", "url": url, "has_more": more, "data": data}
}

// cut takes the window out of the records, newest first, and tells whether
// there are more in its direction.
func cut[T record](newestFirst iter.Seq[T], w window, match func(T) bool) (found []T, more bool) {
	begun := w.after == ""
	for r := range newestFirst {
		_, id := r.ref()
		switch {
		case w.before != "" && id == w.before:
			more = len(found) > w.limit
			return found[max(0, len(found)-w.limit):], more
		case !begun:
			begun = id == w.after
		case match(r):
			found = append(found, r)
		}
		if w.before == "" && len(found) > w.limit {
			return found[:w.limit], true
		}
	}
	return slices.Clip(found), false
}
