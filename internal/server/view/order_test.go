package view_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"nearby/internal/order"
	"nearby/internal/server/view"
)

// TestOrderSteps: what happened stands in the order of time, and what is still
// to come last, also when money went back in between.
func TestOrderSteps(t *testing.T) {
	at := func(minute int) *time.Time {
		moment := time.Date(2026, 5, 4, 9, minute, 0, 0, time.UTC)
		return &moment
	}
	refunded := func(minute int) []order.Refund {
		return []order.Refund{{State: order.RefundFailed, CreatedAt: *at(1)}, {State: order.RefundSucceeded, CreatedAt: *at(minute)}}
	}
	for name, tt := range map[string]struct {
		order order.Order
		want  []string
	}{
		"waiting": {order.Order{State: order.Placed, Method: order.Card, PlacedAt: at(1)}, []string{"created", "paid", "accepted now"}},
		"refunded before it is ready": {
			order.Order{State: order.Accepted, Method: order.Card, PlacedAt: at(1), AcceptedAt: at(2), Refunds: refunded(3)},
			[]string{"created", "paid", "accepted", "refunded", "preparing now"},
		},
		"refunded on the way": {
			order.Order{State: order.Completed, Method: order.Card, PlacedAt: at(1), AcceptedAt: at(2), ReadyAt: at(4), DoneAt: at(5), Refunds: refunded(3)},
			[]string{"created", "paid", "accepted", "refunded", "ready", "completed"},
		},
		"refunded at the end": {
			order.Order{State: order.Declined, Method: order.Card, PlacedAt: at(1), DoneAt: at(2), Refunds: refunded(3)},
			[]string{"created", "paid", "declined", "refunded"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			tt.order.CreatedAt, tt.order.UpdatedAt = *at(0), *at(9)
			var got []string
			for _, step := range view.OrderSteps(tt.order) {
				word := step.Word
				if step.Now {
					word += " now"
				}
				got = append(got, word)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
