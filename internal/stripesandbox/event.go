package stripesandbox

import (
	"encoding/json"
	"slices"
)

// event is one thing that happened, as webhooks tell it. Its object is what
// it was at that moment.
type event struct {
	scope
	Type      string          `json:"type"`
	Created   int64           `json:"created"`
	Object    json.RawMessage `json:"object"`
	RequestID string          `json:"request_id,omitempty"`
	Key       string          `json:"idempotency_key,omitempty"`
}

func (event) kind() string { return "event" }

// emit records an event of the account ("" = the operator) and puts it on its
// way to every endpoint that listens.
func (t *tx) emit(account, typ string, about object) {
	body, err := json.Marshal(about)
	if err != nil {
		panic(err) // views are plain data
	}
	e := event{scope: scope{account, t.s.newID("evt_")}, Type: typ, Created: t.now.Unix(), Object: body}
	if t.cause != nil {
		e.RequestID, e.Key = t.cause.RequestID, t.cause.Key
	}
	put(t, e)
	t.dispatch(e)
}

func (e event) view(t *tx) object {
	request := object{"id": orNull(e.RequestID), "idempotency_key": orNull(e.Key)}
	v := object{
		"id": e.ID, "object": "event", "api_version": APIVersion, "created": e.Created,
		"data": object{"object": e.Object}, "livemode": false,
		"pending_webhooks": t.pendingDeliveries(e), "request": request, "type": e.Type,
	}
	if e.Account != "" {
		v["account"] = e.Account
	}
	return v
}

func getEvent(rq *request) (object, error) {
	if err := rq.params.check(); err != nil {
		return nil, err
	}
	e, err := need[event](rq.tx, rq.account, rq.id("id"), "id")
	if err != nil {
		return nil, err
	}
	return e.view(rq.tx), nil
}

func listEvents(rq *request) (object, error) {
	w, created := rq.params.window(), rq.params.timespan("created")
	types := rq.params.list("types")
	if typ := rq.params.text("type"); typ != "" {
		types = append(types, typ)
	}
	return page(rq, w,
		func(e event) bool {
			return created.holds(e.Created) && (len(types) == 0 || slices.Contains(types, e.Type))
		},
		func(e event) object { return e.view(rq.tx) })
}

// orNull is v, or JSON's null when v is empty.
func orNull[T comparable](v T) any {
	var zero T
	if v == zero {
		return nil
	}
	return v
}
