package stripesandbox

import "strings"

// expansion says what stands behind a field that may be expanded: what kind
// of object, and how to get it from the object that holds the field.
type expansion struct {
	to   string
	load func(rq *request, parent object, field string) any
}

// expandable lists, by kind of object, the fields that may be expanded.
var expandable = map[string]map[string]expansion{
	"checkout.session": {
		"payment_intent": byID("payment_intent", intent.view),
		"line_items":     {"", sessionItems},
	},
	"payment_intent": {
		"latest_charge": byID("charge", charge.view),
	},
	"charge": {
		"balance_transaction":         byID("balance_transaction", movement.view),
		"failure_balance_transaction": byID("balance_transaction", movement.view),
		"payment_intent":              byID("payment_intent", intent.view),
		"refunds":                     {"", chargeRefunds},
	},
	"refund": {
		"balance_transaction":         byID("balance_transaction", movement.view),
		"failure_balance_transaction": byID("balance_transaction", movement.view),
		"charge":                      byID("charge", charge.view),
		"payment_intent":              byID("payment_intent", intent.view),
	},
	"dispute": {
		"charge":         byID("charge", charge.view),
		"payment_intent": byID("payment_intent", intent.view),
	},
	"payout": {
		"balance_transaction":         byID("balance_transaction", movement.view),
		"failure_balance_transaction": byID("balance_transaction", movement.view),
	},
	"balance_transaction": {"source": {"", movementSource}},
	"application_fee":     {"balance_transaction": byID("balance_transaction", movement.view)},
	"fee_refund": {
		"balance_transaction": byID("balance_transaction", movement.view),
		"fee":                 byID("application_fee", applicationFee.view),
	},
}

// byID expands a field that holds the id of a T of the same account.
func byID[T record](to string, view func(T, *tx) object) expansion {
	return expansion{to, func(rq *request, parent object, field string) any {
		id, _ := parent[field].(string)
		r, ok := find[T](rq.tx, rq.account, id)
		if !ok {
			return parent[field] // null, or an object of another account
		}
		return view(r, rq.tx)
	}}
}

// checkExpand refuses paths that lead nowhere, before any work is done. Kind
// is what the route answers; "[]kind" is a list of it.
func checkExpand(kind string, paths []string) error {
	for _, path := range paths {
		at, steps := kind, strings.Split(path, ".")
		if list, ok := strings.CutPrefix(kind, "[]"); ok {
			if steps[0] != "data" {
				return invalid("expand", "This property cannot be expanded (%s). You may want to try expanding 'data.%s' instead.", path, path)
			}
			at, steps = list, steps[1:]
		}
		if len(steps) > 4 {
			return invalid("expand", "You cannot expand more than 4 levels of a property: %s", path)
		}
		for _, step := range steps {
			e, ok := expandable[at][step]
			if !ok {
				return invalid("expand", "This property cannot be expanded (%s).", path)
			}
			at = e.to
		}
	}
	return nil
}

// expand fills the paths of an answer, which checkExpand has let pass.
func expand(rq *request, kind string, answer object, paths []string) {
	for _, path := range paths {
		steps := strings.Split(path, ".")
		if list, ok := strings.CutPrefix(kind, "[]"); ok {
			for _, element := range answer["data"].([]any) {
				follow(rq, list, element.(object), steps[1:])
			}
			continue
		}
		follow(rq, kind, answer, steps)
	}
}

func follow(rq *request, kind string, o object, steps []string) {
	for _, step := range steps {
		e := expandable[kind][step]
		inner, done := o[step].(object)
		if !done {
			o[step] = e.load(rq, o, step)
			inner, _ = o[step].(object)
		}
		if inner == nil {
			return
		}
		kind, o = e.to, inner
	}
}
