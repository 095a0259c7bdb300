package directory

import (
	"context"
	"strings"
	"time"

	"nearby/internal/account"
	"nearby/internal/errs"
	"nearby/internal/geo"
)

// Guarded are fields that a verifier has checked, as they are or as they are to
// be; nil is a field that it is not about.
type Guarded struct {
	Name           *string    `json:"name,omitempty"`
	Category       *string    `json:"category,omitempty"`
	LegalName      *string    `json:"legal_name,omitempty"`
	RegisterNumber *string    `json:"register_number,omitempty"`
	Website        *string    `json:"website,omitempty"`
	Address        *Address   `json:"address,omitempty"`
	Pin            *geo.Point `json:"pin,omitempty"`
}

// Empty reports whether it is about no field.
func (g Guarded) Empty() bool { return g == Guarded{} }

// Over is g, with what it is not about taken from below.
func (g Guarded) Over(below Guarded) Guarded {
	return Guarded{
		Name: either(g.Name, below.Name), Category: either(g.Category, below.Category), LegalName: either(g.LegalName, below.LegalName),
		RegisterNumber: either(g.RegisterNumber, below.RegisterNumber), Website: either(g.Website, below.Website),
		Address: either(g.Address, below.Address), Pin: either(g.Pin, below.Pin),
	}
}

// Equal reports whether both are about the same fields with the same values.
func (g Guarded) Equal(other Guarded) bool {
	return same(g.Name, other.Name) && same(g.Category, other.Category) && same(g.LegalName, other.LegalName) &&
		same(g.RegisterNumber, other.RegisterNumber) && same(g.Website, other.Website) && same(g.Address, other.Address) && same(g.Pin, other.Pin)
}

func either[T any](first, second *T) *T {
	if first != nil {
		return first
	}
	return second
}

func same[T comparable](a, b *T) bool {
	return a == nil && b == nil || a != nil && b != nil && *a == *b
}

// Guarded are the present values of the fields that like is about.
func (b Business) Guarded(like Guarded) Guarded {
	return Guarded{
		Name: present(like.Name, b.Name), Category: present(like.Category, b.Category), LegalName: present(like.LegalName, b.LegalName),
		RegisterNumber: present(like.RegisterNumber, b.RegisterNumber), Website: present(like.Website, b.Website),
		Address: present(like.Address, b.Address), Pin: present(like.Pin, b.Point),
	}
}

func present[T any](asked *T, value T) *T {
	if asked == nil {
		return nil
	}
	return &value
}

// Put writes the fields into the business. A verifier has seen the pin then.
func (b *Business) Put(g Guarded) {
	put(&b.Name, g.Name)
	put(&b.Category, g.Category)
	put(&b.LegalName, g.LegalName)
	put(&b.RegisterNumber, g.RegisterNumber)
	put(&b.Website, g.Website)
	put(&b.Address, g.Address)
	if g.Pin != nil {
		b.pin(*g.Pin)
		b.checked = *g.Pin
	}
}

func put[T any](into, value *T) {
	if value != nil {
		*into = *value
	}
}

// trivialMove is how far a pin may be from where a verifier saw it, in metres.
const trivialMove = 50

// guarded are the fields that differ between before and after and must be seen
// by a verifier first. Letter case and small corrections of the pin are free.
func guarded(before, after Business) Guarded {
	var g Guarded
	if !strings.EqualFold(before.Name, after.Name) {
		g.Name = &after.Name
	}
	if before.Category != after.Category {
		g.Category = &after.Category
	}
	if before.LegalName != after.LegalName {
		g.LegalName = &after.LegalName
	}
	if before.RegisterNumber != after.RegisterNumber {
		g.RegisterNumber = &after.RegisterNumber
	}
	if before.Website != after.Website {
		g.Website = &after.Website
	}
	if len(movedParts(before.Address, after.Address)) > 0 {
		g.Address = &after.Address
	}
	if after.Located() && geo.Distance(before.checked, after.Point) > trivialMove {
		g.Pin = &after.Point
	}
	return g
}

// movedParts are the parts of an address that lead to another door.
func movedParts(was, is Address) []string {
	var parts []string
	for _, part := range []struct{ field, was, is string }{
		{"street", was.Street, is.Street},
		{"house_number", was.HouseNumber, is.HouseNumber},
		{"unit", was.Unit, is.Unit},
		{"postcode", was.Postcode, is.Postcode},
		{"city", was.City, is.City},
		{"country", was.Country, is.Country},
	} {
		if !strings.EqualFold(part.was, part.is) {
			parts = append(parts, part.field)
		}
	}
	return parts
}

// protected names the guarded fields that were changed although somebody
// verified, or is verifying, them.
func protected(before, after Business) error {
	if before.State.editable() {
		return nil
	}
	var w wrongs
	refuse := func(field string) {
		w.add(field, "protected", "This was checked, or is being checked. It cannot be changed now.")
	}
	g := guarded(before, after)
	for _, one := range []struct {
		field   string
		changed bool
	}{
		{"name", g.Name != nil},
		{"category", g.Category != nil},
		{"legal_name", g.LegalName != nil},
		{"register_number", g.RegisterNumber != nil},
		{"website", g.Website != nil},
		{"certified", before.CertifiedAt != nil && after.CertifiedAt == nil},
	} {
		if one.changed {
			refuse(one.field)
		}
	}
	if g.Address != nil {
		for _, part := range movedParts(before.Address, after.Address) {
			refuse("address." + part)
		}
	}
	if g.Pin != nil || !after.Located() {
		refuse("lat")
	}
	return errs.Fields(w)
}

// UpdateHolding is Update for a business that may be listed: what a verifier
// has checked keeps its public value and is given back in held, as it was
// wanted; the rest is written at once. held is empty where everything could be
// written. Errors as Update; "protected" for what cannot even be proposed: the
// certification and the pin of a listed business cannot be taken away, and
// nothing can while somebody looks at the business.
func (s *Service) UpdateHolding(ctx context.Context, actor account.Actor, slugOrID string, version int64, p Profile) (b Business, held Guarded, err error) {
	b, err = s.edit(ctx, actor, slugOrID, version, "business.update", func(b *Business) error {
		before := *b
		if err := p.apply(b, s.clock()); err != nil {
			return err
		}
		if before.Listed() {
			if err := b.locked(before, *b); err != nil {
				return err
			}
			held = guarded(before, *b)
			b.putBack(before, held)
		}
		return protected(before, *b)
	})
	return b, held, err
}

// putBack gives the fields that g is about their values of before.
func (b *Business) putBack(before Business, g Guarded) {
	b.Put(before.Guarded(g))
	b.checked = before.checked
}

// stampChanges notes when the public saw a field of a business that was once
// approved become another.
func (b *Business) stampChanges(before Business, now time.Time) {
	if before.VerifiedAt == nil {
		return
	}
	if !strings.EqualFold(before.Name, b.Name) {
		b.NameChangedAt = &now
	}
	if before.Category != b.Category {
		b.CategoryChangedAt = &now
	}
	if len(movedParts(before.Address, b.Address)) > 0 {
		b.AddressChangedAt = &now
	}
	if before.Website != b.Website {
		b.WebsiteChangedAt = &now
	}
}
