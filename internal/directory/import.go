package directory

import (
	"context"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"nearby/internal/account"
	"nearby/internal/audit"
	"nearby/internal/directory/category"
	"nearby/internal/errs"
	"nearby/internal/geo"
	"nearby/internal/hours"
	"nearby/internal/places"
)

// ImportOptions say how places become businesses.
type ImportOptions struct {
	Verified bool   // listed at once instead of unclaimed; needs a Reason
	Reason   string // why they may be trusted, for the audit log
	DryRun   bool   // do everything and keep nothing
}

// Imported says what became of one place.
type Imported struct {
	Line     int
	SourceID string
	Action   string // added, updated, unchanged, refused
	Reason   string // with refused: a code
}

// The actions of Imported.
const (
	Added     = "added"
	Updated   = "updated"
	Unchanged = "unchanged"
	Refused   = "refused"
)

// ImportResult counts what became of all places.
type ImportResult struct {
	Added, Updated, Unchanged, Refused int
}

func (r *ImportResult) count(action string) {
	switch action {
	case Added:
		r.Added++
	case Updated:
		r.Updated++
	case Unchanged:
		r.Unchanged++
	case Refused:
		r.Refused++
	}
}

const (
	importBatch   = 500 // businesses a transaction
	maxImportName = 200 // characters; sources are not bound by what we ask of owners
)

// Import makes businesses of the places that read hands on, or updates those it
// made before of the same source and id. It never doubles one and never
// overwrites a field that an owner entered. Every batch is one transaction with
// one audit entry, searchable as soon as it commits; a batch that fails ends
// the import and leaves those before it. told, which may be nil, hears of every
// place. Only operators and the system may. Errors: Forbidden "wrong_role",
// Invalid for options, and those of read.
func (s *Service) Import(ctx context.Context, actor account.Actor, read func(fn func(places.Place) error) error, opts ImportOptions, told func(Imported)) (ImportResult, error) {
	if actor != audit.System {
		operator, err := s.accounts.Has(ctx, actor.ID, account.Operator)
		if err != nil {
			return ImportResult{}, err
		}
		if !operator {
			return ImportResult{}, errs.New(errs.Forbidden, "wrong_role", "Only operators import places.")
		}
	}
	opts.Reason = strings.TrimSpace(opts.Reason)
	if opts.Verified && opts.Reason == "" {
		return ImportResult{}, errs.Fields([]errs.Field{{Name: "reason", Code: "required", Message: "Say why these places count as verified."}})
	}
	i := importer{Service: s, actor: actor, opts: opts, told: told, seen: map[sourceKey]bool{}}
	err := read(func(p places.Place) error {
		key := sourceKey{p.Source, p.SourceID}
		if len(i.batch) == importBatch || i.seen[key] {
			if err := i.flush(ctx); err != nil {
				return err
			}
		}
		i.seen[key] = true
		i.batch = append(i.batch, p)
		return nil
	})
	if err == nil {
		err = i.flush(ctx)
	}
	return i.result, err
}

type sourceKey struct{ source, id string }

// importer is one import under way.
type importer struct {
	*Service
	actor  account.Actor
	opts   ImportOptions
	told   func(Imported)
	batch  []places.Place
	seen   map[sourceKey]bool // in the batch
	result ImportResult
}

// errDryRun rolls a batch back that was only tried.
var errDryRun = errs.New(errs.Conflict, "dry_run", "Nothing was kept.")

// flush imports the waiting places.
func (i *importer) flush(ctx context.Context) error {
	if len(i.batch) == 0 {
		return nil
	}
	// What takes time is done before the transaction.
	outcomes := make([]Imported, len(i.batch))
	wanted := make([]Business, 0, len(i.batch))
	at := make([]int, 0, len(i.batch)) // the outcome of each wanted one
	for n, p := range i.batch {
		outcomes[n] = Imported{Line: p.Line, SourceID: p.SourceID}
		b, err := fromPlace(p)
		if err != nil {
			outcomes[n].Action, outcomes[n].Reason = Refused, errs.Of(err).Code
			continue
		}
		wanted, at = append(wanted, b), append(at, n)
	}
	err := i.db.Tx(ctx, func(ctx context.Context) error {
		if err := i.db.Unhurried(ctx); err != nil {
			return err
		}
		actions, err := i.write(ctx, wanted)
		if err != nil {
			return err
		}
		for n, action := range actions {
			outcomes[at[n]].Action = action
		}
		if i.opts.DryRun {
			return errDryRun
		}
		return nil
	})
	if err != nil && !errs.Has(err, errDryRun.Code) {
		return err
	}
	for _, o := range outcomes {
		i.result.count(o.Action)
		if i.told != nil {
			i.told(o)
		}
	}
	i.batch = i.batch[:0]
	clear(i.seen)
	return nil
}

// write brings the wanted businesses into the database and says of each what
// that meant.
func (i *importer) write(ctx context.Context, wanted []Business) ([]string, error) {
	have, err := i.existing(ctx, wanted)
	if err != nil {
		return nil, err
	}
	now := i.clock()
	actions := make([]string, len(wanted))
	var result ImportResult
	var fresh []Business
	for n, b := range wanted {
		old, known := have[sourceKey{b.Source, b.SourceID}]
		if known {
			actions[n], err = i.update(ctx, old, b, now)
		} else {
			actions[n], err = Added, i.bear(&b, now)
			fresh = append(fresh, b)
		}
		if err != nil {
			return nil, err
		}
		result.count(actions[n])
	}
	if err := i.insert(ctx, fresh); err != nil {
		return nil, err
	}
	if result.Added+result.Updated == 0 {
		return actions, nil
	}
	return actions, i.audit.Add(ctx, audit.Entry{
		Actor: i.actor, Action: "directory.import", Object: "source", ObjectID: wanted[0].Source,
		Detail: map[string]any{
			"added": result.Added, "updated": result.Updated, "unchanged": result.Unchanged,
			"verified": i.opts.Verified, "reason": i.opts.Reason,
		},
	})
}

// existing finds the businesses made of the same sources before.
func (i *importer) existing(ctx context.Context, wanted []Business) (map[sourceKey]Business, error) {
	bySource := map[string][]string{}
	for _, b := range wanted {
		bySource[b.Source] = append(bySource[b.Source], b.SourceID)
	}
	have := make(map[sourceKey]Business, len(wanted))
	for source, ids := range bySource {
		list, err := i.store.bySource(ctx, source, ids)
		if err != nil {
			return nil, err
		}
		for _, b := range list {
			have[sourceKey{b.Source, b.SourceID}] = b
		}
	}
	return have, nil
}

// bear brings a new business to life.
func (i *importer) bear(b *Business, now time.Time) error {
	b.ID, b.CreatedAt, b.UpdatedAt, b.Version = i.ids(), now, now, 1
	return b.Move(i.event(), account.Operator, now)
}

func (i *importer) event() Event {
	if i.opts.Verified {
		return EventImportVerified
	}
	return EventImport
}

// insert writes new businesses with their slugs.
func (i *importer) insert(ctx context.Context, fresh []Business) error {
	if len(fresh) == 0 {
		return nil
	}
	candidates := make([][]string, len(fresh))
	var all []string
	for n, b := range fresh {
		candidates[n] = slugs(b)
		all = append(all, candidates[n]...)
	}
	taken, err := i.store.takenSlugs(ctx, all)
	if err != nil {
		return err
	}
	for n := range fresh {
		fresh[n].Slug = pick(candidates[n], func(slug string) bool { return taken[slug] })
		taken[fresh[n].Slug] = true
	}
	if err := i.store.insertSlugs(ctx, fresh); err != nil {
		return err
	}
	if err := i.store.insert(ctx, fresh, i.ids); err != nil {
		return err
	}
	for _, b := range fresh {
		i.touchIfSeen(ctx, b, b)
	}
	return nil
}

// update lays what the source says over a business it made before.
func (i *importer) update(ctx context.Context, old, wanted Business, now time.Time) (action string, err error) {
	b := overlay(old, wanted)
	if i.opts.Verified && b.State == Unclaimed {
		if err := b.Move(EventImportVerified, account.Operator, now); err != nil {
			return "", err
		}
	}
	if len(given(old, b)) == 0 && b.State == old.State {
		return Unchanged, nil
	}
	b.UpdatedAt, b.Version = now, old.Version+1
	if err := i.store.save(ctx, b); err != nil {
		return "", err
	}
	i.touchIfSeen(ctx, old, b)
	return Updated, nil
}

// overlay is old with every field of wanted that no owner has entered.
func overlay(old, wanted Business) Business {
	b := old
	free := func(field string) bool { return !slices.Contains(old.OwnerFields, field) }
	if free("name") {
		b.Name = wanted.Name
	}
	if free("category") {
		b.Category = wanted.Category
	}
	if free("description") {
		b.Description = wanted.Description
	}
	if free("phone") {
		b.Phone = wanted.Phone
	}
	if free("email") {
		b.Email = wanted.Email
	}
	if free("website") {
		b.Website = wanted.Website
	}
	if free("attributes") {
		b.Attributes = wanted.Attributes
	}
	if free("address") {
		b.Address = wanted.Address
	}
	if free("pin") {
		b.pin(wanted.Point)
	}
	if free("hours") {
		b.Hours, b.HoursText = wanted.Hours.InZone(b.Zone), wanted.HoursText
	}
	return b
}

var errNoName = errs.New(errs.Invalid, "bad_name", "The name shows nothing.")

// fromPlace is what a source says, as far as it is usable: a bad telephone
// number or web address is left out, a place without a usable name or point is
// an error.
func fromPlace(p places.Place) (Business, error) {
	var drop wrongs
	b := Business{Source: p.Source, SourceID: p.SourceID}
	name, ok := account.CleanName(stripHidden(p.Name))
	if !ok {
		return b, errNoName
	}
	if b.Name = name; utf8.RuneCountInString(name) > maxImportName {
		b.Name = string([]rune(name)[:maxImportName])
	}
	point, err := geo.NewPoint(p.Lat, p.Lng)
	if err != nil {
		return b, err
	}
	b.pin(point)
	b.Category = categoryOf(p)
	b.Address = Address{
		Street: stripHidden(p.Street), HouseNumber: stripHidden(p.HouseNumber), Unit: stripHidden(p.Attributes["addr:unit"]),
		Postcode: stripHidden(p.Postcode), District: stripHidden(p.Attributes["addr:suburb"]), City: stripHidden(p.City), Region: stripHidden(p.Region), Country: p.Country,
	}
	if b.Address = checkAddress(&drop, b.Address); !isCountry(b.Address.Country) {
		b.Address.Country = ""
	}
	b.Description = usable(func(w *wrongs) string { return checkText(w, "", p.Attributes["description"], maxDescription) })
	b.Phone = usable(func(w *wrongs) string { return checkPhone(w, first(p.Phone), b.Address.Country) })
	b.Email = usable(func(w *wrongs) string { return checkEmail(w, first(p.Email)) })
	b.Website = usable(func(w *wrongs) string { return checkWebsite(w, first(p.Website)) })
	b.Attributes = attributesOf(p)
	b.Currency = currencyOf(b.Address.Country)
	if p.OpeningHours != "" {
		b.HoursText = p.OpeningHours
		schedule, err := hours.ParseOSM(p.OpeningHours, b.Zone)
		if err != nil {
			schedule = hours.Unknown(p.OpeningHours, b.Zone)
		}
		b.Hours = schedule
	}
	return b, nil
}

// usable is the result of a check that found nothing wrong, else "".
func usable(check func(*wrongs) string) string {
	var w wrongs
	if s := check(&w); len(w) == 0 {
		return s
	}
	return ""
}

// first is the first of several values, which sources separate by semicolons.
func first(s string) string {
	s, _, _ = strings.Cut(s, ";")
	return strings.TrimSpace(s)
}

func stripHidden(s string) string {
	return strings.Map(func(r rune) rune {
		if hidden(r) || r == '\u200e' || r == '\u200f' || r == '\u00ad' {
			return -1
		}
		return r
	}, s)
}

// categoryOf is the nearest category of our tree, or other.
func categoryOf(p places.Place) string {
	for _, kind := range p.Kinds {
		var c category.Category
		var ok bool
		switch kind.System {
		case places.SystemOSM:
			c, ok = category.FromOSM(kind.Value)
			if fine, found := category.FromOSM("cuisine=" + p.Attributes["cuisine"]); ok && found && c.Slug == fine.Parent {
				c = fine
			}
		case places.SystemOverture:
			c, ok = category.FromOverture(kind.Value)
		}
		if ok {
			return c.Slug
		}
	}
	return "other"
}

// attributesOf translates what OpenStreetMap says into our own words.
func attributesOf(p places.Place) []string {
	var list []string
	is := func(word, key string, values ...string) {
		if slices.Contains(values, p.Attributes[key]) {
			list = append(list, word)
		}
	}
	is("wheelchair", "wheelchair", "yes", "designated")
	is("wheelchair_limited", "wheelchair", "limited")
	is("vegan", "diet:vegan", "yes", "only")
	is("vegetarian", "diet:vegetarian", "yes", "only")
	is("halal", "diet:halal", "yes", "only")
	is("kosher", "diet:kosher", "yes", "only")
	is("wifi", "internet_access", "wlan", "yes")
	is("outdoor_seating", "outdoor_seating", "yes", "sidewalk", "terrace", "garden", "patio", "pedestrian_zone")
	is("dogs", "dog", "yes")
	is("toilets", "toilets", "yes")
	is("cash", "payment:cash", "yes", "only")
	is("card", "payment:cards", "yes")
	is("second_hand", "second_hand", "yes", "only")
	is("repair", "service:bicycle:repair", "yes")
	slices.Sort(list)
	return list
}
