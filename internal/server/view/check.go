package view

import (
	"time"

	"nearby/internal/check"
	"nearby/internal/server/pages"
)

// Proofs are the checks of a business, in the time of its place.
func Proofs(o check.Overview, zone *time.Location) *pages.Proofs {
	s := o.Standing
	p := &pages.Proofs{Policy: s.Policy, Need: s.Need, Passed: len(s.Counting), Missing: s.Codes(), Met: s.Met()}
	if !o.DueSince.IsZero() {
		p.DueSince, p.LimitAt = o.DueSince.In(zone), o.LimitAt.In(zone)
	}
	for _, offer := range o.Offers {
		one := pages.Proof{
			Method: string(offer.Method), Kind: string(offer.Kind), Ready: offer.Ready, Token: offer.Token, WantTarget: offer.Method == check.DomainMail,
		}
		if offer.Method == check.Domain || offer.Method == check.DomainMail {
			one.About = offer.About
		}
		for _, proof := range offer.Proves {
			one.Proves = append(one.Proves, string(proof))
		}
		if c := offer.Passed; c != nil {
			one.Passed, one.Until, one.Way = c.PassedAt.In(zone), c.ValidUntil.In(zone), c.Way
		}
		if c := offer.Open; c != nil {
			one.Open, one.Target, one.Tries = c.ExpiresAt.In(zone), c.Target, offer.Tries-c.Tries
		}
		p.Offers = append(p.Offers, one)
	}
	return p
}

// PinGroups is a code as it is read aloud: in two groups.
func PinGroups(code string) string {
	if half := len(code) / 2; half > 1 {
		return code[:half] + " " + code[half:]
	}
	return code
}
