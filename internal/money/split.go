package money

import "slices"

// Allocate spreads a over the weights in steps of the currency: each share is
// floor(a·w/Σw) cut to the step, and the steps left over go one each to the
// largest remainders, ties to the smaller index. The shares sum to a exactly.
// a must be a multiple of the step and no more than Σ weights in steps may be
// asked of it; with all weights 0 every share is 0.
func (a Amount) Allocate(weights []int64) []Amount {
	step := a.step()
	steps := a.Minor / step
	var sum int64
	for _, w := range weights {
		sum += w
	}
	shares := make([]Amount, len(weights))
	for i := range shares {
		shares[i].Currency = a.Currency
	}
	if sum == 0 || steps == 0 {
		return shares
	}
	type rest struct {
		index int
		over  int64
	}
	rests := make([]rest, len(weights))
	left := steps
	for i, w := range weights {
		share := mulDiv(steps, w, sum)
		shares[i].Minor = share * step
		rests[i] = rest{i, steps*w - share*sum}
		left -= share
	}
	slices.SortStableFunc(rests, func(x, y rest) int {
		switch {
		case x.over > y.over:
			return -1
		case x.over < y.over:
			return 1
		}
		return 0
	})
	for i := int64(0); i < left; i++ {
		shares[rests[i].index].Minor += step
	}
	return shares
}

// TaxWithin is the tax contained in a at a rate in thousandths of a per cent
// (19 % = 19000): round half up of a·r/(100000+r), to the minor unit.
func (a Amount) TaxWithin(mpct int64) Amount {
	return Amount{halfUp(a.Minor, mpct, 100_000+mpct), a.Currency}
}

// TaxUpon is the tax to add to a at a rate in thousandths of a per cent: round
// half up of a·r/100000, then to the nearest step, because it is charged.
func (a Amount) TaxUpon(mpct int64) Amount {
	step := a.step()
	return Amount{halfUp(a.Minor, mpct, 100_000*step) * step, a.Currency}
}

// Part is what the first i of q equal units of a total a cost, in steps:
// floor((a/step)·i/q)·step. Part(q, q) is a, so that the differences between
// successive parts give a in any grouping.
func (a Amount) Part(i, q int64) Amount {
	step := a.step()
	return Amount{mulDiv(a.Minor/step, i, q) * step, a.Currency}
}

// PartExact is Part to the minor unit, for amounts that only inform (the tax
// within a refund).
func (a Amount) PartExact(i, q int64) Amount {
	return Amount{mulDiv(a.Minor, i, q), a.Currency}
}

// Fee is the operator's fee on base: bps hundredths of a per cent of it and a
// fixed part (minor units), cut down to the step and clamped to 0..total.
func Fee(base Amount, bps, fixed int64, total Amount) Amount {
	base.mustMatch(total)
	step := base.step()
	fee := mulDiv(base.Minor*bps+fixed*10_000, 1, 10_000*step) * step
	return Amount{max(0, min(fee, total.Minor)), base.Currency}
}

// halfUp is a·b/d rounded half up, for a, b ≥ 0.
func halfUp(a, b, d int64) int64 { return (2*mulDiv(a, b, 1) + d) / (2 * d) }
