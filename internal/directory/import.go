package directory

import (
	"context"
	"slices"
	"strings"
	"time"

	"nearby/internal/account"
	"nearby/internal/audit"
	"nearby/internal/errs"
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
	read, wrong := fromPlaces(i.batch)
	outcomes := make([]Imported, len(i.batch))
	wanted := make([]Business, 0, len(i.batch))
	at := make([]int, 0, len(i.batch)) // the outcome of each wanted one
	for n, p := range i.batch {
		outcomes[n] = Imported{Line: p.Line, SourceID: p.SourceID}
		if wrong[n] != nil {
			outcomes[n].Action, outcomes[n].Reason = Refused, errs.Of(wrong[n]).Code
			continue
		}
		wanted, at = append(wanted, read[n]), append(at, n)
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
	b.stampChanges(old, now)
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
		b.Hours, b.HoursText = wanted.Hours, wanted.HoursText
	}
	b.settleHours()
	return b
}
