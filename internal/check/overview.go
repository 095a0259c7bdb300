package check

import (
	"context"
	"time"

	"nearby/internal/account"
	"nearby/internal/directory"
)

// Offer is one method as a business can use it now.
type Offer struct {
	Method Name
	Kind   Kind
	Proves []Proof
	Ready  bool   // there is something to check
	About  string // what it is about, "" while there is nothing
	Open   *Check // a code that waits to be typed
	Passed *Check // what counts now
	Token  string // what to publish, for methods that look for one
	Tries  int    // to type a code
}

// Overview is everything about the checks of a business.
type Overview struct {
	Standing Standing
	Offers   []Offer   // methods of the policy, in the room's order
	DueSince time.Time // since when something is missing of a listed business
	LimitAt  time.Time // when it stops taking orders for that; zero when nothing is missing
	History  []Check   // newest first
}

// Overview is what a member of the business sees of its checks. Errors: NotFound
// for strangers.
func (s *Service) Overview(ctx context.Context, actor account.Actor, slugOrID string) (Overview, error) {
	b, err := s.Directory.Owned(ctx, actor, slugOrID)
	if err != nil {
		return Overview{}, err
	}
	o, err := s.Of(ctx, b, s.newest)
	for i := range o.History {
		o.History[i] = o.History[i].forOwner()
	}
	for i := range o.Standing.Counting {
		o.Standing.Counting[i] = o.Standing.Counting[i].forOwner()
	}
	return o, err
}

// forOwner is the check without what is not the owner's to know.
func (c Check) forOwner() Check {
	c.Note, c.By.ID = "", ""
	return c
}

// Of is the overview of a business by a version of the policy, for verifiers.
func (s *Service) Of(ctx context.Context, b directory.Business, version string) (Overview, error) {
	live, err := s.store.live(ctx, b.ID)
	if err != nil {
		return Overview{}, err
	}
	o := Overview{Standing: s.standing(b, live, version)}
	if o.History, err = s.store.newest(ctx, b.ID, 30); err != nil {
		return o, err
	}
	now, policy := s.Clock(), s.policy(version)
	for _, m := range s.methods {
		rule, counted := policy.Methods[m.Name()]
		if !counted {
			continue
		}
		offer := Offer{Method: m.Name(), Kind: m.Kind(), Proves: rule.Proves, About: m.Subject(b), Tries: m.Terms().Tries}
		offer.Ready = offer.About != ""
		if m.Name() == Phone && len(s.Phones.Senders) == 0 {
			continue // switched off on this site
		}
		for _, c := range live {
			if c.Method != m.Name() || c.Subject != offer.About {
				continue
			}
			if shown := c.forOwner(); c.Counts(offer.About, now) {
				offer.Passed = &shown
			} else if c.State == Requested && now.Before(c.ExpiresAt) {
				offer.Open = &shown
			}
		}
		if d, ok := m.(domain); ok && offer.Ready {
			offer.Token = d.token(b)
		}
		o.Offers = append(o.Offers, offer)
	}
	o.DueSince, o.LimitAt, err = s.deadline(ctx, b.ID)
	return o, err
}
