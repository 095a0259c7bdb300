package directory

import (
	"cmp"
	"context"
	"slices"
	"strconv"

	"nearby/internal/geo"
	"nearby/internal/likeness"
	"nearby/internal/text"
)

// Duplicate is a business that may be the same one as another.
type Duplicate struct {
	ID        string
	Slug      string
	Name      string
	State     State
	DistanceM float64
	Score     float64  // how likely both are one, from 0 to 1
	Same      []string // what agrees, as likeness.Result has it
}

// Likeness is what a verifier should know of how a business resembles others.
type Likeness struct {
	Duplicates []Duplicate     // the most alike first
	Flags      []likeness.Flag // for a second look; none of them refuses anything
}

const (
	// duplicateWithin is how far apart, in metres, two entries of one business are
	// looked for by their names.
	duplicateWithin = 300
	// crowded is how many others at one door are worth a word.
	crowded = 5
)

// Protect has names looked for that the operator keeps for their owners.
func (s *Service) Protect(brands likeness.Brands) { s.brands = brands }

// SetPaidTogether tells the room how to find the businesses whose money goes to
// the account of another.
func (s *Service) SetPaidTogether(of func(ctx context.Context, businessID string) ([]string, error)) {
	s.paidTogether = of
}

// FillKeys computes what businesses are compared by for those that were stored
// before it was kept.
func (s *Service) FillKeys(ctx context.Context) error { return s.store.fillKeys(ctx) }

// Duplicates lists what Likeness has of them.
func (s *Service) Duplicates(ctx context.Context, b Business) ([]Duplicate, error) {
	found, err := s.Likeness(ctx, b)
	return found.Duplicates, err
}

// Likeness compares b with the businesses around its pin and with those that
// have its telephone, web host, look of the name or payout account, in whatever
// state but closed. Close by, one name or one telephone is enough to be listed as
// a duplicate; anywhere else the score decides.
func (s *Service) Likeness(ctx context.Context, b Business) (Likeness, error) {
	found := Likeness{Flags: likeness.Look(b.Name)}
	if brand := s.brands.In(b.Name); brand != "" {
		found.Flags = append(found.Flags, likeness.Flag{Reason: likeness.Brand, About: brand})
	}
	others, together, err := s.candidates(ctx, b)
	if err != nil {
		return Likeness{}, err
	}
	door, here := 0, entryOf(b)
	for _, other := range others {
		if other.ID == b.ID || other.State == Withdrawn || other.State == Terminated {
			continue
		}
		metres := float64(likeness.Unplaced)
		if b.Located() && other.Located() {
			metres = geo.Distance(b.Point, other.Point)
		}
		near := metres != likeness.Unplaced && metres <= duplicateWithin
		there := entryOf(other)
		here.Payout, there.Payout = "", ""
		if slices.Contains(together, other.ID) {
			here.Payout, there.Payout = b.ID, b.ID // the same one, whichever it is
		}
		r := likeness.Compare(here, there, metres)
		has := func(field string) bool { return slices.Contains(r.Same, field) }
		if near && oneDoor(b.Address, other.Address) {
			door++
		}
		double := r.Likely() || near && (has("name") || has("look") || has("phone"))
		if double {
			found.Duplicates = append(found.Duplicates, Duplicate{
				ID: other.ID, Slug: other.Slug, Name: other.Name, State: other.State, DistanceM: max(metres, 0), Score: r.Score, Same: r.Same,
			})
		}
		if has("look") && other.State.Listed() {
			found.flag(likeness.Double, other.Name)
		}
		if has("phone") && !double && other.OwnerID != b.OwnerID {
			found.flag(likeness.Number, other.Name)
		}
	}
	if door >= crowded {
		found.flag(likeness.Door, strconv.Itoa(door))
	}
	slices.SortFunc(found.Duplicates, func(a, b Duplicate) int {
		return cmp.Or(cmp.Compare(b.Score, a.Score), cmp.Compare(a.DistanceM, b.DistanceM), cmp.Compare(a.ID, b.ID))
	})
	return found, nil
}

// flag adds a reason once, about the first business that gave it.
func (l *Likeness) flag(reason likeness.Reason, about string) {
	if !slices.ContainsFunc(l.Flags, func(f likeness.Flag) bool { return f.Reason == reason }) {
		l.Flags = append(l.Flags, likeness.Flag{Reason: reason, About: about})
	}
}

// candidates are the businesses worth comparing, each once, in the order of
// their ids, and the ids of those that are paid to the same account.
func (s *Service) candidates(ctx context.Context, b Business) (list []Business, together []string, err error) {
	if s.paidTogether != nil {
		if together, err = s.paidTogether(ctx, b.ID); err != nil {
			return nil, nil, err
		}
	}
	if list, err = s.store.alike(ctx, b, slices.Clone(together)); err != nil {
		return nil, nil, err
	}
	if b.Located() {
		// Two rings of cells of about 300 m cover more than the distance looked for.
		around, err := s.store.within(ctx, b.Cell.Parent(9).Disk(2))
		if err != nil {
			return nil, nil, err
		}
		list = append(list, around...)
	}
	slices.SortFunc(list, func(a, b Business) int { return cmp.Compare(a.ID, b.ID) })
	return slices.CompactFunc(list, func(a, b Business) bool { return a.ID == b.ID }), together, nil
}

func entryOf(b Business) likeness.Entry {
	a := b.Address
	return likeness.Entry{
		Name: b.Name, Phone: b.Phone, Website: b.Website, Street: a.Street, HouseNumber: a.HouseNumber, Unit: a.Unit, Postcode: a.Postcode, City: a.City,
	}
}

// oneDoor reports whether two addresses of one neighbourhood have one street and
// number.
func oneDoor(a, b Address) bool {
	return a.HouseNumber != "" && text.Fold(a.HouseNumber) == text.Fold(b.HouseNumber) && text.Fold(a.Street) == text.Fold(b.Street)
}
