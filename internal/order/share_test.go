package order

import (
	"math/rand/v2"
	"testing"
)

// TestSharesOfTheWorkedExample refunds the first lines of the worked example of
// the money rules piece by piece.
func TestSharesOfTheWorkedExample(t *testing.T) {
	for _, c := range []struct {
		currency   string
		total, tax int64
		parts      [3][2]int64 // amount, tax in it
	}{
		{"EUR", 752, 49, [3][2]int64{{250, 16}, {251, 16}, {251, 17}}},
		{"JPY", 959, 71, [3][2]int64{{319, 23}, {320, 24}, {320, 24}}},
		{"KWD", 3500, 0, [3][2]int64{{1160, 0}, {1170, 0}, {1170, 0}}},
	} {
		l := lineRow{Qty: 3, QtyCharged: 3, Total: c.total, Tax: c.tax}
		for i, want := range c.parts {
			part := l.share(1, c.currency)
			if got := [2]int64{part.Amount, part.Tax}; got != want {
				t.Errorf("%s, piece %d: %v, want %v", c.currency, i+1, got, want)
			}
			l.QtyRefunded, l.Refunded = l.QtyRefunded+1, l.Refunded+part.Amount
		}
	}
}

// TestSharesGiveTheWholeLine claims pieces, lets some refunds fail and others be
// made outside, in random order: the last piece always gives exactly the rest.
func TestSharesGiveTheWholeLine(t *testing.T) {
	for seed := range uint64(3000) {
		rng := rand.New(rand.NewPCG(seed, 1))
		currency := []string{"EUR", "JPY", "KWD"}[rng.IntN(3)]
		step := map[string]int64{"EUR": 1, "JPY": 1, "KWD": 10}[currency]
		l := lineRow{Qty: 1 + rng.Int64N(9), Total: rng.Int64N(2000) * step, Tax: 0}
		l.QtyCharged = 1 + rng.Int64N(l.Qty)
		charged := l.share(l.QtyCharged, currency).Amount
		var standing []refundLineRow
		claim := func(part refundLineRow) {
			l.QtyRefunded, l.Refunded = l.QtyRefunded+part.Qty, l.Refunded+part.Amount
			standing = append(standing, part)
		}
		for range 12 {
			left := charged - l.Refunded
			switch n := l.QtyCharged - l.QtyRefunded; {
			case rng.IntN(3) == 0 && len(standing) > 0: // the bank sends one back
				i := rng.IntN(len(standing))
				l.QtyRefunded, l.Refunded = l.QtyRefunded-standing[i].Qty, l.Refunded-standing[i].Amount
				standing = append(standing[:i], standing[i+1:]...)
			case rng.IntN(5) == 0 && left >= step:
				claim(l.part(step*(1+rng.Int64N(left/step)), 0, currency))
			case n > 0:
				claim(l.share(1+rng.Int64N(n), currency))
			}
			if l.Refunded < 0 || l.Refunded > charged {
				t.Fatalf("seed %d: %d of %d refunded", seed, l.Refunded, charged)
			}
		}
		claim(l.share(l.QtyCharged-l.QtyRefunded, currency))
		if l.Refunded != charged {
			t.Fatalf("seed %d: %d of %d refunded in the end", seed, l.Refunded, charged)
		}
	}
}
