package directory

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"nearby/internal/account"
	"nearby/internal/audit"
	"nearby/internal/clock"
	"nearby/internal/database"
	"nearby/internal/directory/category"
	"nearby/internal/errs"
	"nearby/internal/hours"
	"nearby/internal/ident"
	"nearby/internal/likeness"
	"nearby/internal/nearby"
	"nearby/internal/text"
)

// Service is the room's door.
type Service struct {
	db       *database.DB
	store    store
	accounts *account.Service
	audit    *audit.Log
	clock    clock.Clock
	ids      ident.Source
	cursors  cursors
	follower follower

	brands       likeness.Brands
	paidTogether func(ctx context.Context, businessID string) ([]string, error)
}

// New makes the service with an empty index; call Load before the first
// search. key is secret, at least 32 bytes, and seals the cursors of pages.
func New(db *database.DB, accounts *account.Service, log *audit.Log, now clock.Clock, ids ident.Source, key []byte) *Service {
	s := &Service{
		db: db, store: store{db, now}, accounts: accounts, audit: log, clock: now, ids: ids, cursors: newCursors(key),
	}
	s.follower.start(s.store, nearby.New(), now)
	return s
}

// Create makes a draft of the actor's own with what the profile says so far;
// only the name is needed. The actor becomes its first owner. Errors: Invalid
// with every wrong field, Unauthenticated without a user.
func (s *Service) Create(ctx context.Context, actor account.Actor, p Profile) (Business, error) {
	if actor.ID == "" {
		return Business{}, errs.New(errs.Unauthenticated, "sign_in", "Please sign in.")
	}
	now := s.clock()
	b, err := created(EventCreate, account.Owner, now)
	if err != nil {
		return Business{}, err
	}
	b.ID, b.OwnerID = s.ids(), actor.ID
	if err := p.apply(&b, now); err != nil {
		return Business{}, err
	}
	b.OwnerFields = merge(nil, given(Business{}, b))
	b.Currency, b.Pickup = currencyOf(b.Address.Country), true
	err = s.db.Tx(ctx, func(ctx context.Context) error {
		if b.Slug, err = s.claimSlug(ctx, b); err != nil {
			return err
		}
		if err := s.store.insert(ctx, []Business{b}, s.ids); err != nil {
			return err
		}
		if err := s.accounts.Join(ctx, actor, b.ID, actor.ID, account.MemberOwner); err != nil {
			return err
		}
		return s.audit.Add(ctx, audit.Entry{
			Actor: actor, Action: "business.create", Object: "business", ObjectID: b.ID, BusinessID: b.ID,
		})
	})
	return b, err
}

// Get reads a business in whatever state, or NotFound.
func (s *Service) Get(ctx context.Context, id string) (Business, error) {
	return s.store.get(ctx, id, false)
}

// BySlug reads a business by its slug or by one it had before: when Slug of the
// result differs, the page has moved there. NotFound otherwise.
func (s *Service) BySlug(ctx context.Context, slug string) (Business, error) {
	id, err := s.store.idOfSlug(ctx, slug)
	if err != nil {
		return Business{}, err
	}
	return s.store.get(ctx, id, false)
}

// Find reads a business by id or slug in whatever state, or NotFound.
func (s *Service) Find(ctx context.Context, slugOrID string) (Business, error) {
	if ident.Valid(slugOrID) {
		return s.Get(ctx, slugOrID)
	}
	return s.BySlug(ctx, slugOrID)
}

// Public reads a business that the public may see. One that is missing, not
// yet verified or suspended is NotFound without a difference.
func (s *Service) Public(ctx context.Context, slugOrID string) (Business, error) {
	b, err := s.Find(ctx, slugOrID)
	if err != nil {
		return Business{}, err
	}
	if !s.follower.seen(b) {
		return Business{}, errMissing
	}
	return b, nil
}

// Owned reads a business the actor is a member of; any other is NotFound.
func (s *Service) Owned(ctx context.Context, actor account.Actor, slugOrID string) (Business, error) {
	return s.ownedFor(ctx, actor, slugOrID, account.RightOrders)
}

func (s *Service) ownedFor(ctx context.Context, actor account.Actor, slugOrID string, right account.Right) (Business, error) {
	b, err := s.Find(ctx, slugOrID)
	if err != nil {
		return Business{}, err
	}
	if _, err := s.accounts.Require(ctx, actor, b.ID, right); err != nil {
		return Business{}, err
	}
	return b, nil
}

// OwnedBy lists the businesses the user is a member of, by name.
func (s *Service) OwnedBy(ctx context.Context, userID string) ([]Business, error) {
	members, err := s.accounts.Memberships(ctx, userID)
	if err != nil || len(members) == 0 {
		return nil, err
	}
	ids := make([]string, len(members))
	for i, m := range members {
		ids[i] = m.BusinessID
	}
	list, err := s.store.list(ctx, ids)
	slices.SortFunc(list, compareNames)
	return list, err
}

// Locked reads a business and holds it until the transaction of ctx ends.
func (s *Service) Locked(ctx context.Context, id string) (Business, error) {
	return s.store.get(ctx, id, true)
}

// ByID reads businesses in whatever state; those that are missing are left out.
func (s *Service) ByID(ctx context.Context, ids []string) (map[string]Business, error) {
	list, err := s.store.list(ctx, ids)
	known := make(map[string]Business, len(list))
	for _, b := range list {
		known[b.ID] = b
	}
	return known, err
}

// Change loads a business under a lock, lets fn change it and saves it with the
// next version. The nearby index follows before the outermost transaction
// returns. When fn fails nothing is changed.
func (s *Service) Change(ctx context.Context, id string, fn func(*Business) error) error {
	return s.db.Tx(ctx, func(ctx context.Context) error {
		b, err := s.store.get(ctx, id, true)
		if err != nil {
			return err
		}
		before := b
		if err := fn(&b); err != nil {
			return err
		}
		if b.Name != before.Name && slugify(b.Name) != slugify(before.Name) {
			if b.Slug, err = s.claimSlug(ctx, b); err != nil {
				return err
			}
		}
		b.UpdatedAt, b.Version = s.clock(), before.Version+1
		b.stampChanges(before, b.UpdatedAt)
		if err := s.store.save(ctx, b); err != nil {
			return err
		}
		s.touchIfSeen(ctx, before, b)
		return nil
	})
}

// Update writes what an owner or manager says of a business. version is the one
// that was edited, 0 for any. Errors: NotFound for strangers, Forbidden for
// staff, Precondition "changed_meanwhile", Invalid with every wrong field, code
// "protected" for those that a verifier has checked; see UpdateHolding.
func (s *Service) Update(ctx context.Context, actor account.Actor, slugOrID string, version int64, p Profile) (Business, error) {
	return s.edit(ctx, actor, slugOrID, version, "business.update", func(b *Business) error {
		before := *b
		if err := p.apply(b, s.clock()); err != nil {
			return err
		}
		return protected(before, *b)
	})
}

// SetHours replaces weekly hours and special days; see Update for the errors.
func (s *Service) SetHours(ctx context.Context, actor account.Actor, slugOrID string, version int64, schedule hours.Schedule) (Business, error) {
	return s.edit(ctx, actor, slugOrID, version, "business.hours", func(b *Business) error {
		b.Hours = schedule
		b.settleHours()
		b.HoursText = b.Hours.OSM()
		return nil
	})
}

// SetSelling changes how a business takes orders; see Update for the errors.
func (s *Service) SetSelling(ctx context.Context, actor account.Actor, slugOrID string, version int64, in Selling) (Business, error) {
	return s.edit(ctx, actor, slugOrID, version, "business.selling", func(b *Business) error { return in.apply(b, s.clock()) })
}

// SetPhoto makes the stored photo of a content hash the business's own, or
// takes it away with "".
func (s *Service) SetPhoto(ctx context.Context, actor account.Actor, slugOrID, hash string) (Business, error) {
	return s.edit(ctx, actor, slugOrID, 0, "business.photo", func(b *Business) error {
		b.PhotoHash = hash
		return nil
	})
}

// Close takes a business of the owner's out of the directory; Reopen makes it a
// draft again, free to be edited and submitted anew.
func (s *Service) Close(ctx context.Context, actor account.Actor, slugOrID string) (Business, error) {
	return s.turn(ctx, actor, slugOrID, EventClose)
}

// Reopen makes a closed business a draft again; see Close.
func (s *Service) Reopen(ctx context.Context, actor account.Actor, slugOrID string) (Business, error) {
	return s.turn(ctx, actor, slugOrID, EventReopen)
}

func (s *Service) turn(ctx context.Context, actor account.Actor, slugOrID string, event Event) (changed Business, err error) {
	err = s.db.Tx(ctx, func(ctx context.Context) error {
		b, err := s.ownedFor(ctx, actor, slugOrID, account.RightClose)
		if err != nil {
			return err
		}
		err = s.Change(ctx, b.ID, func(b *Business) error {
			err := b.Move(event, account.Owner, s.clock())
			changed = *b
			return err
		})
		if err != nil {
			return err
		}
		return s.audit.Add(ctx, audit.Entry{
			Actor: actor, Action: "business." + string(event), Object: "business", ObjectID: b.ID, BusinessID: b.ID,
			Detail: map[string]any{"from": b.State, "to": changed.State},
		})
	})
	return changed, err
}

// edit is one change by a member who may change the profile: checked, saved,
// noted as the owner's word, and audited with the names of the fields.
func (s *Service) edit(ctx context.Context, actor account.Actor, slugOrID string, version int64, action string, fn func(*Business) error) (changed Business, err error) {
	err = s.db.Tx(ctx, func(ctx context.Context) error {
		found, err := s.ownedFor(ctx, actor, slugOrID, account.RightProfile)
		if err != nil {
			return err
		}
		err = s.Change(ctx, found.ID, func(b *Business) error {
			if version != 0 && version != b.Version {
				return errs.New(errs.Precondition, "changed_meanwhile", "Somebody changed this in the meantime. Please look at it again.")
			}
			before := *b
			if err := fn(b); err != nil {
				return err
			}
			if err := b.locked(before, *b); err != nil {
				return err
			}
			fields := given(before, *b)
			b.OwnerFields = merge(b.OwnerFields, fields)
			return s.audit.Add(ctx, audit.Entry{
				Actor: actor, Action: action, Object: "business", ObjectID: b.ID, BusinessID: b.ID,
				Detail: map[string]any{"fields": fields},
			})
		})
		if err != nil {
			return err
		}
		changed, err = s.store.get(ctx, found.ID, false)
		return err
	})
	return changed, err
}

// compareNames orders by folded name, then id.
func compareNames(a, b Business) int {
	return cmp.Or(strings.Compare(text.Fold(a.Name), text.Fold(b.Name)), strings.Compare(a.ID, b.ID))
}

// claimSlug gives b the nicest address that is free or was its own before.
func (s *Service) claimSlug(ctx context.Context, b Business) (string, error) {
	for _, slug := range slugs(b) {
		mine, err := s.store.claimSlug(ctx, slug, b.ID)
		if err != nil || mine {
			return slug, err
		}
	}
	return "", errs.New(errs.Conflict, "no_slug", "No address is left for this name.")
}

// Categories is the whole tree, parents before children.
func (s *Service) Categories() []category.Category { return category.All() }

// Category finds a category by its slug, or NotFound.
func (s *Service) Category(slug string) (category.Category, error) {
	c, ok := category.BySlug(slug)
	if !ok {
		return category.Category{}, errs.Missing("category")
	}
	return c, nil
}

// given names the fields that differ between two states of a business.
func given(before, after Business) []string {
	var fields []string
	differs := func(name string, yes bool) {
		if yes {
			fields = append(fields, name)
		}
	}
	differs("name", before.Name != after.Name)
	differs("category", before.Category != after.Category)
	differs("description", before.Description != after.Description)
	differs("phone", before.Phone != after.Phone)
	differs("email", before.Email != after.Email)
	differs("website", before.Website != after.Website)
	differs("attributes", !slices.Equal(before.Attributes, after.Attributes))
	differs("address", before.Address != after.Address)
	differs("pin", before.Point != after.Point || before.Located() != after.Located())
	before.Hours = before.Hours.InZone(after.Zone).InPlace(after.place()) // moving is no change of hours
	differs("hours", !before.Hours.Equal(after.Hours.InZone(after.Zone).InPlace(after.place())) || before.HoursText != after.HoursText)
	differs("further_hours", before.Further != after.Further)
	differs("photo", before.PhotoHash != after.PhotoHash)
	differs("legal", before.LegalName != after.LegalName || before.RegisterNumber != after.RegisterNumber || !sameTime(before.CertifiedAt, after.CertifiedAt))
	differs("selling", before.Selling() != after.Selling())
	return fields
}

func sameTime(a, b *time.Time) bool {
	return a == nil && b == nil || a != nil && b != nil && a.Equal(*b)
}

func merge(a, b []string) []string {
	return slices.Compact(slices.Sorted(slices.Values(append(slices.Clone(a), b...))))
}
