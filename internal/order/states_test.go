package order_test

import (
	"slices"
	"testing"

	"nearby/internal/account"
	"nearby/internal/errs"
	"nearby/internal/lifecycle"
	"nearby/internal/order"
)

var everyRole = []account.Role{account.Shopper, account.Owner, account.Staff, account.Verifier, account.Operator, account.System, account.Public}

// walk tries every event in every state by every role: what the table lists
// must work and lead there, everything else must be refused as it says.
func walk[S, E ~string](t *testing.T, table *lifecycle.Table[S, E, account.Role], states []S, events []E) {
	t.Helper()
	reached := map[S]bool{}
	for _, from := range append([]S{""}, states...) {
		for _, event := range events {
			for _, role := range everyRole {
				var to S
				exists, allowed := false, false
				for _, m := range table.Moves() {
					if m.Event == event && slices.Contains(m.From, from) {
						exists, to = true, m.To
						allowed = slices.Contains(m.By, role)
					}
				}
				got, err := table.Next(from, event, role)
				switch {
				case allowed && (err != nil || got != to):
					t.Errorf("%s by %s in %q: %q, %v; want %q", event, role, from, got, err, to)
				case exists && !allowed && !errs.Has(err, "wrong_role"):
					t.Errorf("%s by %s in %q: %v, want wrong_role", event, role, from, err)
				case !exists && !errs.Has(err, "not_allowed"):
					t.Errorf("%s by %s in %q: %v, want not_allowed", event, role, from, err)
				}
				if allowed {
					reached[to] = true
				}
			}
		}
	}
	for _, m := range table.Moves() {
		if !slices.Contains(states, m.To) || !slices.Contains(events, m.Event) {
			t.Errorf("%v is not in the lists", m)
		}
	}
	for _, state := range states {
		if !reached[state] {
			t.Errorf("no move leads to %q", state)
		}
	}
}

func TestLifeOfAnOrder(t *testing.T) { walk(t, order.Life, order.States, order.Events) }

func TestLifeOfAPayment(t *testing.T) {
	walk(t, order.PayLife, order.PayStates, order.PayEvents)
	for _, m := range order.PayLife.Moves() {
		for _, end := range []order.PayState{order.Paid, order.Late, order.Collected, order.Voided, order.Waived} {
			if slices.Contains(m.From, end) {
				t.Errorf("%s leaves %s, which is final", m.Event, end)
			}
		}
	}
}

func TestLifeOfARefund(t *testing.T) {
	walk(t, order.RefundLife, order.RefundStates, order.RefundEvents)
}

// TestWhoMayDoWhat pins down the edges that people would feel first.
func TestWhoMayDoWhat(t *testing.T) {
	tests := []struct {
		from  order.State
		role  account.Role
		event []order.Event
	}{
		{order.PendingPayment, account.Shopper, []order.Event{order.Stop}},
		{order.PendingPayment, account.Owner, nil},
		{order.Placed, account.Shopper, []order.Event{order.Cancel}},
		{order.Placed, account.Owner, []order.Event{order.Accept, order.Decline}},
		{order.Accepted, account.Shopper, nil},
		{order.Ready, account.Staff, []order.Event{order.Cancel, order.TakeOff, order.HandOver, order.MissPickup}},
		{order.Completed, account.Owner, nil},
		{order.Review, account.Owner, nil},
		{order.Review, account.Operator, []order.Event{order.Clear, order.Refuse}},
		{order.Expired, account.System, []order.Event{order.Settle, order.SettleAccept}},
		{order.Cancelled, account.System, nil},
	}
	for _, tt := range tests {
		if got := order.Life.Allowed(tt.from, tt.role); !slices.Equal(got, tt.event) {
			t.Errorf("%s in %s may %v, want %v", tt.role, tt.from, got, tt.event)
		}
	}
}
