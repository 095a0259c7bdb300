package catalog

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"slices"
	"strings"

	"nearby/internal/account"
	"nearby/internal/audit"
	"nearby/internal/blob"
	"nearby/internal/clock"
	"nearby/internal/database"
	"nearby/internal/directory"
	"nearby/internal/errs"
	"nearby/internal/ident"
	"nearby/internal/job"
	"nearby/internal/money"
	"nearby/internal/text"
)

// Service is the room's door. Every change is made by a member of the business
// with the right to it, in one transaction with its audit entry, and search
// follows after the commit. A business's catalog has one writer at a time.
type Service struct {
	db         *database.DB
	store      store
	stock      *Stock
	accounts   *account.Service
	businesses *directory.Service
	photos     *blob.Store
	audit      *audit.Log
	clock      clock.Clock
	ids        ident.Source
	jobs       *job.Queue // nil: search does not follow the beginning and end of drops
}

// New makes the service.
func New(db *database.DB, accounts *account.Service, businesses *directory.Service, photos *blob.Store,
	log *audit.Log, now clock.Clock, ids ident.Source,
) *Service {
	stock := NewStock(db, now, ids)
	stock.touch, stock.audit = businesses.Touch, log
	return &Service{
		db: db, store: store{db, now}, stock: stock, accounts: accounts, businesses: businesses,
		photos: photos, audit: log, clock: now, ids: ids,
	}
}

// Stock moves the pieces of these products, for orders; search follows what it
// does.
func (s *Service) Stock() *Stock { return s.stock }

// Upload stores a photo for later use in a ProductInput, so that it is there
// even when the form around it was wrong. Errors: NotFound for strangers, else
// those of blob.Store.Add.
func (s *Service) Upload(ctx context.Context, actor audit.Actor, businessID string, r io.Reader) (blob.Photo, error) {
	if err := s.allow(ctx, actor, businessID, account.RightCatalog); err != nil {
		return blob.Photo{}, err
	}
	return s.photos.Add(ctx, r)
}

// Add makes a draft. Errors: NotFound for strangers, Forbidden for members
// without the right, Invalid with every wrong field.
func (s *Service) Add(ctx context.Context, actor audit.Actor, businessID string, in ProductInput) (Product, error) {
	return s.add(ctx, actor, businessID, "", in)
}

// add is Add with the address that the product would like to have.
func (s *Service) add(ctx context.Context, actor audit.Actor, businessID, slug string, in ProductInput) (Product, error) {
	var p Product
	err := s.db.Tx(ctx, func(ctx context.Context) error {
		business, err := s.enter(ctx, actor, businessID, account.RightCatalog)
		if err != nil {
			return err
		}
		now := s.clock()
		p = Product{ID: s.ids(), BusinessID: businessID, State: Draft, Currency: business.Currency, CreatedAt: now, UpdatedAt: now, Version: 1}
		if err := s.fill(ctx, &p, in); err != nil {
			return err
		}
		if slug == "" {
			slug, _ = slugify(p.Title)
		}
		if p.Slug, err = s.freeSlug(ctx, businessID, slug); err != nil {
			return err
		}
		if err := s.store.insert(ctx, p, s.move(actor)); err != nil {
			return err
		}
		return s.changed(ctx, actor, "product.add", p, nil)
	})
	return p, err
}

// Update replaces what is said about a product. version is the one that was
// edited, 0 for any. Errors: as Add, and Precondition "changed_meanwhile".
func (s *Service) Update(ctx context.Context, actor audit.Actor, businessID, productID string, in ProductInput, version int64) (Product, error) {
	return s.change(ctx, actor, businessID, productID, version, "product.update", func(ctx context.Context, p *Product) error {
		if err := s.fill(ctx, p, in); err != nil {
			return err
		}
		if p.State == Active {
			return publishable(*p)
		}
		return nil
	})
}

// SetState moves a product to another state; to the one it has is no change.
// Errors: Conflict "not_allowed" with what is possible; Invalid with the fields
// that publishing still needs.
func (s *Service) SetState(ctx context.Context, actor audit.Actor, businessID, productID string, to State, version int64) (Product, error) {
	events := map[State]Event{Active: Publish, Archived: Archive, Draft: Hide}
	event, known := events[to]
	if !known {
		return Product{}, errs.Fields([]errs.Field{{Name: "state", Code: "unknown", Message: "The state is draft, active or archived."}})
	}
	return s.change(ctx, actor, businessID, productID, version, "product."+string(to), func(ctx context.Context, p *Product) error {
		if p.State == to {
			return nil
		}
		if p.State == Archived && to == Draft {
			event = Restore
		}
		next, err := Life.Next(p.State, event, actor.Role)
		if err != nil {
			return err
		}
		if next == Active {
			if err := publishable(*p); err != nil {
				return err
			}
		}
		p.State = next
		return nil
	})
}

// SetPrice changes the price of one variant. A former price that is not higher
// any more goes.
func (s *Service) SetPrice(ctx context.Context, actor audit.Actor, businessID, variantID string, price Price) (Product, error) {
	productID, err := s.store.productOf(ctx, businessID, variantID)
	if err != nil {
		return Product{}, err
	}
	return s.change(ctx, actor, businessID, productID, 0, "product.price", func(ctx context.Context, p *Product) error {
		amount, err := price.in(p.Currency)
		if err != nil {
			e := errs.Of(err)
			return errs.Fields([]errs.Field{{Name: "price", Code: e.Code, Message: e.Message}})
		}
		return p.edit(variantID, func(v *Variant) {
			v.Price, v.Priced = amount, true
			if v.CompareAt != nil && v.CompareAt.Minor <= amount.Minor {
				v.CompareAt = nil
			}
		})
	})
}

// SetStock counts the pieces of one variant: n are in the house, those of open
// orders included. No number ends the counting, and the variant never runs out.
// Everybody who works orders may do this. Errors: Invalid with the field
// "stock", code "reserved" when open orders need more than n.
func (s *Service) SetStock(ctx context.Context, actor audit.Actor, businessID, variantID string, n Number, reason string) (Product, error) {
	var p Product
	err := s.db.Tx(ctx, func(ctx context.Context) error {
		if _, err := s.enter(ctx, actor, businessID, account.RightOrders); err != nil {
			return err
		}
		productID, err := s.store.productOf(ctx, businessID, variantID)
		if err != nil {
			return err
		}
		detail := map[string]any{"variant": variantID}
		if !n.Empty() {
			pieces, ok := n.within(maxStock)
			if !ok {
				return errs.Fields([]errs.Field{{Name: "stock", Code: "bad_number", Message: "Please give a whole number of pieces."}})
			}
			detail["on_hand"] = pieces
			err := s.stock.Set(ctx, actor.ID, businessID, variantID, pieces, reason)
			if errs.Has(err, "reserved") {
				return errs.Fields([]errs.Field{{Name: "stock", Code: "reserved", Message: errs.Of(err).Message}})
			}
			if err != nil {
				return err
			}
		} else if d, err := s.liveDrop(ctx, variantID); err != nil || d != nil {
			return cmp.Or(err, errInDrop)
		}
		if err := s.store.setCounted(ctx, variantID, !n.Empty()); err != nil {
			return err
		}
		if p, err = s.store.get(ctx, businessID, productID); err != nil {
			return err
		}
		return s.changed(ctx, actor, "product.stock", p, detail)
	})
	return p, err
}

// allow checks that the actor may change the business's catalog.
func (s *Service) allow(ctx context.Context, actor audit.Actor, businessID string, right account.Right) error {
	if !ident.Valid(businessID) {
		return errs.Missing("business")
	}
	if actor.Role == account.System {
		return nil
	}
	_, err := s.accounts.Require(ctx, actor, businessID, right)
	return err
}

// enter checks the actor's right and makes them the only writer of the
// business's catalog until the transaction ends.
func (s *Service) enter(ctx context.Context, actor audit.Actor, businessID string, right account.Right) (directory.Business, error) {
	if err := s.allow(ctx, actor, businessID, right); err != nil {
		return directory.Business{}, err
	}
	if err := s.store.lock(ctx, businessID); err != nil {
		return directory.Business{}, err
	}
	return s.businesses.Get(ctx, businessID)
}

// change loads a product, lets fn change it, and saves what differs with the
// next version. A change of nothing is no change.
func (s *Service) change(ctx context.Context, actor audit.Actor, businessID, productID string, version int64, action string,
	fn func(context.Context, *Product) error,
) (Product, error) {
	var p Product
	err := s.db.Tx(ctx, func(ctx context.Context) error {
		if _, err := s.enter(ctx, actor, businessID, account.RightCatalog); err != nil {
			return err
		}
		before, err := s.store.get(ctx, businessID, productID)
		if err != nil {
			return err
		}
		if version != 0 && version != before.Version {
			return errs.New(errs.Precondition, "changed_meanwhile", "Somebody changed this product in the meantime. Please look at it again.")
		}
		p = before
		p.Options, p.Variants, p.Photos = slices.Clone(p.Options), slices.Clone(p.Variants), slices.Clone(p.Photos)
		if err := fn(ctx, &p); err != nil {
			return err
		}
		fields := differences(before, p)
		if len(fields) == 0 {
			return nil
		}
		p.UpdatedAt, p.Version = s.clock(), before.Version+1
		if err := s.store.save(ctx, before, p, s.move(actor)); err != nil {
			return err
		}
		return s.changed(ctx, actor, action, p, map[string]any{"fields": fields})
	})
	return p, err
}

// changed writes the audit entry and has search follow.
func (s *Service) changed(ctx context.Context, actor audit.Actor, action string, p Product, detail map[string]any) error {
	s.businesses.Touch(ctx, p.BusinessID)
	return s.audit.Add(ctx, audit.Entry{
		Actor: actor, Action: action, Object: "product", ObjectID: p.ID, BusinessID: p.BusinessID, Detail: detail,
	})
}

// move is what stock movements of the actor carry.
func (s *Service) move(actor audit.Actor) mover {
	return mover{actorID: actor.ID, now: s.clock(), ids: s.ids}
}

// fill writes the input into p: every wrong field of it is reported at once,
// those that need the database included.
func (s *Service) fill(ctx context.Context, p *Product, in ProductInput) error {
	var w wrongs
	counted := map[string]*Drop{}
	for _, v := range p.Variants {
		counted[v.ID] = v.Drop
	}
	in.apply(p, &w)
	for i := range p.Variants {
		if v := &p.Variants[i]; counted[v.ID] != nil {
			v.Drop, v.Counted = counted[v.ID], true // as long as the drop lasts
		}
	}
	if in.Photos != nil {
		s.fillPhotos(p, in.Photos, &w)
	}
	taken, err := s.store.takenSKUs(ctx, *p)
	if err != nil {
		return err
	}
	for i := range p.Variants {
		v := &p.Variants[i]
		if v.ID == "" {
			v.ID = s.ids()
		}
		if title, yes := taken[v.SKU]; yes && v.SKU != "" {
			name := "sku"
			if len(in.Variants) > 0 {
				name = fmt.Sprintf("variants.%d.sku", i)
			}
			w.add(name, "sku_taken", "“"+title+"” has this SKU already.")
		}
	}
	return errs.Fields(w)
}

func (s *Service) fillPhotos(p *Product, in []PhotoInput, w *wrongs) {
	if len(in) > maxPhotos {
		w.add("photos", "too_many", fmt.Sprintf("A product has at most %d photos.", maxPhotos))
		return
	}
	p.Photos = nil
	for i, photo := range in {
		alt := checkLine(w, fmt.Sprintf("photos.%d.alt", i), photo.Alt, maxAlt)
		stored, err := s.photos.Find(photo.Hash)
		if err != nil {
			w.addError(fmt.Sprintf("photos.%d.hash", i), err)
			continue
		}
		if p.photo(stored.Hash) >= 0 {
			continue // the same picture twice is once
		}
		p.Photos = append(p.Photos, Photo{Hash: stored.Hash, Alt: alt, Width: stored.Width, Height: stored.Height, Color: stored.Color})
	}
}

// publishable is the error that names what publishing still needs.
func publishable(p Product) error {
	needed, _ := p.Missing()
	var w wrongs
	for _, field := range needed {
		w.add(field, "required", "A product on sale needs this.")
	}
	return errs.Fields(w)
}

// edit changes one variant of p.
func (p *Product) edit(variantID string, fn func(*Variant)) error {
	for i := range p.Variants {
		if p.Variants[i].ID == variantID {
			fn(&p.Variants[i])
			return nil
		}
	}
	return errs.Missing("variant")
}

// maxSlug bounds the part of an address, in bytes.
const maxSlug = 80

// slugify makes the part of an address out of a title: ASCII letters and
// digits, hyphens between; "product" when nothing is left of it. whole says
// that every word is in it.
func slugify(title string) (slug string, whole bool) {
	var kept []string
	length := 0
	words := text.Words(title)
	for _, word := range words {
		if strings.Trim(word, "abcdefghijklmnopqrstuvwxyz0123456789") != "" {
			continue
		}
		if length += len(word) + 1; length > maxSlug {
			break
		}
		kept = append(kept, word)
	}
	if len(kept) == 0 {
		return "product", false
	}
	return strings.Join(kept, "-"), len(kept) == len(words)
}

// reservedSlugs stand where a product's would in the owner's addresses.
var reservedSlugs = []string{"new"}

func (s *Service) freeSlug(ctx context.Context, businessID, slug string) (string, error) {
	taken, err := s.store.slugs(ctx, businessID, slug)
	if err != nil {
		return "", err
	}
	candidate := slug
	for n := 2; taken[candidate] || slices.Contains(reservedSlugs, candidate); n++ {
		candidate = fmt.Sprintf("%s-%d", slug, n)
	}
	return candidate, nil
}

// differences names the fields in which two states of a product differ.
func differences(before, after Product) []string {
	var fields []string
	differs := func(name string, yes bool) {
		if yes {
			fields = append(fields, name)
		}
	}
	differs("title", before.Title != after.Title)
	differs("description", before.Description != after.Description)
	differs("section", before.Section != after.Section)
	differs("state", before.State != after.State)
	differs("tax", before.TaxMpct != after.TaxMpct || before.TaxIncluded != after.TaxIncluded)
	differs("low_stock", before.LowStock != after.LowStock)
	differs("options", !slices.EqualFunc(before.Options, after.Options, func(a, b Option) bool {
		return a.Name == b.Name && slices.Equal(a.Values, b.Values)
	}))
	differs("variants", !slices.EqualFunc(before.Variants, after.Variants, sameVariant))
	differs("photos", !slices.Equal(before.Photos, after.Photos))
	return fields
}

func sameVariant(a, b Variant) bool {
	return sameOffer(a, b) && a.OnHand == b.OnHand
}

// sameOffer compares what the variants' table holds of two variants.
func sameOffer(a, b Variant) bool {
	return a.ID == b.ID && slices.Equal(a.Options, b.Options) && a.SKU == b.SKU && a.Barcode == b.Barcode &&
		a.Priced == b.Priced && (!a.Priced || a.Price == b.Price) && sameAmount(a.CompareAt, b.CompareAt) &&
		a.Weight == b.Weight && a.Counted == b.Counted
}

func sameAmount(a, b *money.Amount) bool {
	return a == nil && b == nil || a != nil && b != nil && *a == *b
}
