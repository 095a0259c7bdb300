package demo

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"golang.org/x/sync/errgroup"

	"nearby/internal/account"
	"nearby/internal/audit"
	"nearby/internal/blob"
	"nearby/internal/catalog"
	"nearby/internal/clock"
	"nearby/internal/database"
	"nearby/internal/directory"
	"nearby/internal/errs"
	"nearby/internal/measure"
	"nearby/internal/order"
	"nearby/internal/payout"
	"nearby/internal/verification"
)

// Rooms are what the town is made through.
type Rooms struct {
	DB           *database.DB
	Clock        clock.Clock
	Account      *account.Service
	Directory    *directory.Service
	Verification *verification.Service
	Measure      *measure.Service
	Catalog      *catalog.Service
	Photos       *blob.Store
	Order        *order.Service
	Payout       *payout.Service // without its gateway nobody pays by card
	// NoCards leaves the payment provider alone although there is one. It must be
	// set for any provider but the sandbox, whose forms a program may fill in.
	NoCards bool
}

// SignIn is somebody to sign in as and look around.
type SignIn struct {
	Role     account.Role
	Name     string
	Email    string
	Password string
}

// password is everybody's in Portmere. The town exists in demo mode only.
const password = "portmere-demo" //nolint:gosec // printed on the sign-in page

// signIns are the people to sign in as, by the roles they show.
var signIns = []account.Role{account.Shopper, account.Owner, account.Verifier, account.Operator}

// last is the person who comes last: where there is one, the town is complete.
const last = "operator"

// Fill makes the town, unless it is there. What an interrupted Fill has made
// stays and the rest follows. progress is told how many steps of how many are
// done; it may be nil.
func Fill(ctx context.Context, rooms Rooms, progress func(done, total int)) ([]SignIn, error) {
	people, err := readPeople(peopleText)
	if err != nil {
		return nil, err
	}
	switch _, err := rooms.Account.ByEmail(ctx, person(people, last).Email); {
	case err == nil:
		return signInsOf(people), nil
	case !errs.Is(err, errs.NotFound):
		return nil, err
	}
	town := NewTown()
	plan, err := NewPlan(town, rooms.Clock())
	if err != nil {
		return nil, err
	}
	f := &filler{
		Rooms: rooms, plan: plan, progress: progress,
		people: map[string]account.User{}, photos: map[string]string{}, known: map[string]map[string]string{},
	}
	f.total = len(Pictures()) + len(plan.People) + len(plan.Businesses) + len(plan.Orders)
	if err := f.fill(ctx, town); err != nil {
		return nil, fmt.Errorf("demo town: %w", err)
	}
	return signInsOf(people), nil
}

func person(people []Person, key string) Person {
	return people[slices.IndexFunc(people, func(p Person) bool { return p.Key == key })]
}

func signInsOf(people []Person) []SignIn {
	var list []SignIn
	for _, role := range signIns {
		who := person(people, role)
		list = append(list, SignIn{Role: role, Name: who.Name, Email: who.Email, Password: password})
	}
	return list
}

type filler struct {
	Rooms
	plan   Plan
	people map[string]account.User      // by key
	photos map[string]string            // picture -> content hash
	known  map[string]map[string]string // owner -> name -> id of the businesses made before

	mu       sync.Mutex
	done     int
	total    int
	progress func(done, total int)
}

// step counts one step.
func (f *filler) step() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.done++
	if f.progress != nil {
		f.progress(f.done, f.total)
	}
}

func (f *filler) fill(ctx context.Context, town Town) error {
	if err := f.prepare(ctx); err != nil {
		return err
	}
	if err := f.addPlaces(ctx, town); err != nil {
		return err
	}
	if err := f.addBusinesses(ctx); err != nil {
		return err
	}
	if err := f.addOrders(ctx); err != nil {
		return err
	}
	return f.addPerson(ctx, person(f.plan.People, last))
}

// prepare makes the people and stores the pictures: the work that keeps a
// processor busy, so several at once.
func (f *filler) prepare(ctx context.Context) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(4)
	for _, name := range Pictures() {
		group.Go(func() error { return f.addPicture(ctx, name) })
	}
	for _, p := range f.plan.People {
		if p.Key != last {
			group.Go(func() error { return f.addPerson(ctx, p) })
		}
	}
	return group.Wait()
}

func (f *filler) addPicture(ctx context.Context, name string) error {
	content, err := Picture(name)
	if err != nil {
		return err
	}
	photo, err := f.Photos.Add(ctx, bytes.NewReader(content))
	if err != nil {
		return fmt.Errorf("picture %s: %w", name, err)
	}
	f.mu.Lock()
	f.photos[name] = photo.Hash
	f.mu.Unlock()
	f.step()
	return nil
}

// roles are what people may do besides shopping; owners become owners by
// making a business.
var roles = map[string][]account.Role{
	"verifier": {account.Verifier}, "verifier2": {account.Verifier}, "operator": {account.Operator},
}

func (f *filler) addPerson(ctx context.Context, p Person) error {
	user, err := f.Account.ByEmail(ctx, p.Email)
	if errs.Is(err, errs.NotFound) {
		user, err = f.Account.Add(ctx, audit.System, account.NewUser{
			Email: p.Email, Name: p.Name, Locale: "en", Password: password, Roles: roles[p.Key],
		})
	}
	if err != nil {
		return fmt.Errorf("%s: %w", p.Name, err)
	}
	f.mu.Lock()
	f.people[p.Key] = user
	f.mu.Unlock()
	f.step()
	return nil
}

func (f *filler) addPlaces(ctx context.Context, town Town) error {
	var places []directory.GazetteerPlace
	for _, p := range town.Places() {
		places = append(places, directory.GazetteerPlace{Name: p.Name, Kind: p.Kind, Context: p.Context, Point: p.Point, Weight: p.Weight})
	}
	return f.Directory.AddPlaces(ctx, places)
}

// addBusinesses makes the businesses one after the other. Meanwhile the owners
// of those that are made fill in the payment provider's forms.
func (f *filler) addBusinesses(ctx context.Context) error {
	tills, waiting := errgroup.WithContext(ctx)
	tills.SetLimit(4)
	for _, b := range f.plan.Businesses {
		id, err := f.addBusiness(ctx, b)
		if err != nil {
			return errors.Join(fmt.Errorf("%s: %w", b.Name, err), tills.Wait())
		}
		if !f.takesCards() || !b.sells() {
			f.step()
			continue
		}
		tills.Go(func() error {
			if err := f.openTill(waiting, f.people[b.Owner].As(account.Owner), id); err != nil {
				return fmt.Errorf("%s: %w", b.Name, err)
			}
			f.step()
			return nil
		})
	}
	return tills.Wait()
}

// made gives the id of a business that an earlier, interrupted Fill made, or "".
func (f *filler) made(ctx context.Context, b Business) (string, error) {
	if f.known[b.Owner] == nil {
		owned, err := f.Directory.OwnedBy(ctx, f.people[b.Owner].ID)
		if err != nil {
			return "", err
		}
		f.known[b.Owner] = map[string]string{}
		for _, o := range owned {
			f.known[b.Owner][o.Name] = o.ID
		}
	}
	return f.known[b.Owner][b.Name], nil
}
