package directory

import (
	"context"
	"encoding/json"
	"strings"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"nearby/internal/clock"
	"nearby/internal/database"
	"nearby/internal/errs"
	"nearby/internal/geo"
	"nearby/internal/hours"
	"nearby/internal/ident"
	"nearby/internal/likeness"
	"nearby/internal/text"
)

// businessRow is a row of businesses.
type businessRow struct {
	ID              string
	Slug            string
	OwnerID         *string
	Name            string
	NameKey         string
	Skeleton        string
	Category        string
	Description     string
	Phone           string
	Email           string
	Website         string
	Host            string
	Attributes      string
	LegalName       string
	RegisterNumber  string
	CertifiedAt     *time.Time
	State           State
	StateBefore     string
	Restrictions    string
	Currency        string
	Pickup          bool
	Delivery        bool
	PayAtPickup     bool
	AcceptFirst     bool
	Paused          bool
	PausedUntil     *time.Time
	PrepMinutes     int
	DeliveryRadius  int
	DeliveryFee     int64
	DeliveryMinimum int64
	PhotoHash       string
	Source          string
	SourceID        string
	OwnerFields     string
	VerifiedAt      *time.Time

	NameChangedAt     *time.Time
	CategoryChangedAt *time.Time
	AddressChangedAt  *time.Time
	WebsiteChangedAt  *time.Time

	CreatedAt time.Time
	UpdatedAt time.Time
	Version   int64
}

func (businessRow) TableName() string { return "businesses" }

// locationRow is a row of locations.
type locationRow struct {
	ID                                       string
	BusinessID                               string
	Lat                                      float64
	Lng                                      float64
	Cell                                     geo.Cell
	CheckedLat                               float64
	CheckedLng                               float64
	Zone                                     string
	Hours                                    string
	HoursText                                string
	PickupHours, DeliveryHours, KitchenHours string
	Street                                   string
	HouseNumber                              string
	Unit                                     string
	Postcode                                 string
	District                                 string
	City                                     string
	Region                                   string
	Country                                  string
}

func (locationRow) TableName() string { return "locations" }

// fullRow is a business with its location.
type fullRow struct {
	Business businessRow `gorm:"embedded"`
	Location locationRow `gorm:"embedded;embeddedPrefix:l_"`
}

// fullColumns selects a fullRow.
var fullColumns = func() string {
	business := `id slug owner_id name name_key category description phone email website attributes legal_name register_number
		certified_at state state_before restrictions currency pickup delivery pay_at_pickup accept_first paused paused_until prep_minutes delivery_radius
		delivery_fee delivery_minimum photo_hash source source_id owner_fields verified_at
		name_changed_at category_changed_at address_changed_at website_changed_at created_at updated_at version`
	location := `id business_id lat lng cell checked_lat checked_lng zone hours hours_text pickup_hours delivery_hours kitchen_hours street house_number unit postcode
		district city region country`
	var columns []string
	for _, c := range strings.Fields(business) {
		columns = append(columns, "b."+c)
	}
	for _, c := range strings.Fields(location) {
		columns = append(columns, "l."+c+" AS l_"+c)
	}
	return strings.Join(columns, ", ")
}()

func toRows(b Business) (businessRow, locationRow) {
	business := businessRow{
		ID: b.ID, Slug: b.Slug, Name: b.Name, NameKey: text.Fold(b.Name), Skeleton: skeleton(b.Name), Host: likeness.Host(b.Website), Category: b.Category, Description: b.Description,
		Phone: b.Phone, Email: b.Email, Website: b.Website, Attributes: joinWords(b.Attributes), LegalName: b.LegalName,
		RegisterNumber: b.RegisterNumber, CertifiedAt: b.CertifiedAt, State: b.State, StateBefore: b.stateBefore,
		Restrictions: restrictionsText(b.Restrictions),
		Currency:     b.Currency, Pickup: b.Pickup, Delivery: b.Delivery, PayAtPickup: b.PayAtPickup, AcceptFirst: b.AcceptFirst,
		Paused: b.Paused, PrepMinutes: b.PrepMinutes, DeliveryRadius: b.DeliveryRadiusM, DeliveryFee: b.DeliveryFee,
		DeliveryMinimum: b.DeliveryMinimum, PhotoHash: b.PhotoHash, Source: b.Source, SourceID: b.SourceID,
		OwnerFields: joinWords(b.OwnerFields), VerifiedAt: b.VerifiedAt, CreatedAt: b.CreatedAt, UpdatedAt: b.UpdatedAt,
		Version: b.Version, NameChangedAt: b.NameChangedAt, CategoryChangedAt: b.CategoryChangedAt,
		AddressChangedAt: b.AddressChangedAt, WebsiteChangedAt: b.WebsiteChangedAt,
	}
	if !b.PausedUntil.IsZero() {
		business.PausedUntil = &b.PausedUntil
	}
	if b.OwnerID != "" {
		business.OwnerID = &b.OwnerID
	}
	a := b.Address
	return business, locationRow{
		BusinessID: b.ID, Lat: b.Point.Lat, Lng: b.Point.Lng, Cell: b.Cell, CheckedLat: b.checked.Lat, CheckedLng: b.checked.Lng,
		Zone: b.Zone, Hours: b.Hours.Key(), HoursText: b.HoursText, PickupHours: b.Further.Pickup, DeliveryHours: b.Further.Delivery, KitchenHours: b.Further.Kitchen, Street: a.Street, HouseNumber: a.HouseNumber, Unit: a.Unit,
		Postcode: a.Postcode, District: a.District, City: a.City, Region: a.Region, Country: a.Country,
	}
}

// schedules turns stored hours into schedules, each distinct text once.
type schedules map[string]hours.Schedule

func (known schedules) read(text string) (hours.Schedule, error) {
	if s, ok := known[text]; ok {
		return s, nil
	}
	var s hours.Schedule
	if err := json.Unmarshal([]byte(text), &s); err != nil {
		return s, errs.New(errs.Internal, "bad_hours", "Stored hours cannot be read.").Because(err)
	}
	known[text] = s
	return s, nil
}

// inPlace puts a schedule where the business is: rows may be older than the
// calendar, or say so in the words of another one. Equal ones are shared.
func (known schedules) inPlace(s hours.Schedule, place hours.Place) hours.Schedule {
	s = s.InPlace(place)
	if same, ok := known[s.Key()]; ok {
		return same
	}
	known[s.Key()] = s
	return s
}

// business is the row as it stands at a moment: without the measures that are
// over by then.
func (r *fullRow) business(known schedules, now time.Time) (Business, error) {
	schedule, err := known.read(r.Location.Hours)
	if err != nil {
		return Business{}, err
	}
	b, l := &r.Business, &r.Location
	full := Business{
		ID: b.ID, Slug: b.Slug, Name: b.Name, Category: b.Category, Description: b.Description, Phone: b.Phone, Email: b.Email,
		Website: b.Website, Attributes: strings.Fields(b.Attributes), LegalName: b.LegalName, RegisterNumber: b.RegisterNumber,
		CertifiedAt: b.CertifiedAt, State: b.State, stateBefore: b.StateBefore,
		Address: Address{
			Street: l.Street, HouseNumber: l.HouseNumber, Unit: l.Unit, Postcode: l.Postcode, District: l.District,
			City: l.City, Region: l.Region, Country: l.Country,
		},
		Point: geo.Point{Lat: l.Lat, Lng: l.Lng}, Cell: l.Cell, checked: geo.Point{Lat: l.CheckedLat, Lng: l.CheckedLng},
		Zone: l.Zone, Hours: schedule, HoursText: l.HoursText,
		Further:  FurtherHours{Pickup: l.PickupHours, Delivery: l.DeliveryHours, Kitchen: l.KitchenHours},
		Currency: b.Currency, Pickup: b.Pickup, Delivery: b.Delivery, PayAtPickup: b.PayAtPickup, AcceptFirst: b.AcceptFirst,
		Paused: b.Paused, PrepMinutes: b.PrepMinutes, DeliveryRadiusM: b.DeliveryRadius, DeliveryFee: b.DeliveryFee,
		DeliveryMinimum: b.DeliveryMinimum, PhotoHash: b.PhotoHash, Source: b.Source, SourceID: b.SourceID,
		OwnerFields: strings.Fields(b.OwnerFields), VerifiedAt: b.VerifiedAt, CreatedAt: b.CreatedAt, UpdatedAt: b.UpdatedAt,
		Version: b.Version, NameChangedAt: b.NameChangedAt, CategoryChangedAt: b.CategoryChangedAt,
		AddressChangedAt: b.AddressChangedAt, WebsiteChangedAt: b.WebsiteChangedAt,
	}
	if b.PausedUntil != nil {
		full.PausedUntil = b.PausedUntil.UTC()
	}
	if b.OwnerID != nil {
		full.OwnerID = *b.OwnerID
	}
	if full.Hours.NeedsPlace() {
		full.Hours = known.inPlace(full.Hours, full.place())
	}
	if full.Restrictions, err = readRestrictions(b.Restrictions); err != nil {
		return Business{}, err
	}
	return full, full.settle(now)
}

// store is all the SQL of the room.
type store struct {
	db    *database.DB
	clock clock.Clock
}

// full is the query for businesses with their locations.
func (st store) full(ctx context.Context) *gorm.DB {
	return st.db.Conn(ctx).Table("businesses AS b").Joins("JOIN locations AS l ON l.business_id = b.id").Select(fullColumns)
}

func (st store) get(ctx context.Context, id string, lock bool) (Business, error) {
	if !ident.Valid(id) {
		return Business{}, errMissing
	}
	query := st.full(ctx)
	if lock {
		query = database.Locked(query)
	}
	var row fullRow
	if err := query.Where("b.id = ?", id).Take(&row).Error; err != nil {
		return Business{}, database.Err(err, "business")
	}
	return row.business(schedules{}, st.clock())
}

func (st store) list(ctx context.Context, ids []string) ([]Business, error) {
	var rows []fullRow
	if err := st.full(ctx).Where("b.id IN ?", ids).Find(&rows).Error; err != nil {
		return nil, database.Err(err, "business")
	}
	return st.businesses(rows)
}

func (st store) bySource(ctx context.Context, source string, sourceIDs []string) ([]Business, error) {
	var rows []fullRow
	err := database.Locked(st.full(ctx)).Where("b.source = ? AND b.source_id IN ?", source, sourceIDs).Order("b.id").Find(&rows).Error
	if err != nil {
		return nil, database.Err(err, "business")
	}
	return st.businesses(rows)
}

// within lists the businesses whose cells lie in the given ones, in whatever
// state.
func (st store) within(ctx context.Context, cells []geo.Cell) ([]Business, error) {
	if len(cells) == 0 {
		return nil, nil
	}
	anyOf := st.db.Conn(ctx)
	for i, cell := range cells {
		if i == 0 {
			anyOf = anyOf.Where("l.cell BETWEEN ? AND ?", cell.First(), cell.Last())
		} else {
			anyOf = anyOf.Or("l.cell BETWEEN ? AND ?", cell.First(), cell.Last())
		}
	}
	var rows []fullRow
	if err := st.full(ctx).Where(anyOf).Order("b.id").Limit(5000).Find(&rows).Error; err != nil {
		return nil, database.Err(err, "business")
	}
	return st.businesses(rows)
}

// eachLocated calls fn with all businesses of the states that have a pin, a page
// at a time in the order of their cells.
func (st store) eachLocated(ctx context.Context, states []State, fn func([]Business) error) error {
	const page = 2000
	known := schedules{}
	var cell geo.Cell
	var id string
	for {
		var rows []fullRow
		// The cross join has SQLite walk the cells. It would rather find every
		// business of a state and sort them, once for each page.
		err := st.db.Conn(ctx).Table("locations AS l").Joins("CROSS JOIN businesses AS b").Select(fullColumns).
			Where("b.id = l.business_id AND b.state IN ? AND l.cell > 0", states).
			Where("l.cell >= ? AND (l.cell > ? OR l.business_id > ?)", cell, cell, id).
			Order("l.cell, l.business_id").Limit(page).Find(&rows).Error
		if err != nil {
			return database.Err(err, "business")
		}
		list := make([]Business, len(rows))
		for i := range rows {
			if list[i], err = rows[i].business(known, st.clock()); err != nil {
				return err
			}
			cell, id = list[i].Cell, list[i].ID
		}
		if err := fn(list); err != nil {
			return err
		}
		if len(rows) < page {
			return nil
		}
	}
}

// turns lists when businesses become others by themselves, by their ids: the
// ends of pauses and of measures, also those that are past and that nobody has
// written down yet.
func (st store) turns(ctx context.Context) (map[string]time.Time, error) {
	var rows []struct {
		ID           string
		Paused       bool
		PausedUntil  *time.Time
		Restrictions string
	}
	err := st.db.Conn(ctx).Table("businesses").Select("id, paused, paused_until, restrictions").
		Where("paused AND paused_until IS NOT NULL OR restrictions <> ''").Find(&rows).Error
	if err != nil {
		return nil, database.Err(err, "business")
	}
	turns := make(map[string]time.Time, len(rows))
	for _, r := range rows {
		b := Business{Paused: r.Paused}
		if r.PausedUntil != nil {
			b.PausedUntil = r.PausedUntil.UTC()
		}
		if b.Restrictions, err = readRestrictions(r.Restrictions); err != nil {
			return nil, err
		}
		if at := b.turn(time.Time{}); !at.IsZero() {
			turns[r.ID] = at
		}
	}
	return turns, nil
}

func (st store) businesses(rows []fullRow) ([]Business, error) {
	known, now := schedules{}, st.clock()
	list := make([]Business, len(rows))
	for i := range rows {
		var err error
		if list[i], err = rows[i].business(known, now); err != nil {
			return nil, err
		}
	}
	return list, nil
}

// insert writes new businesses with their locations.
func (st store) insert(ctx context.Context, list []Business, ids ident.Source) error {
	businesses := make([]businessRow, len(list))
	locations := make([]locationRow, len(list))
	for i, b := range list {
		businesses[i], locations[i] = toRows(b)
		locations[i].ID = ids()
	}
	// SQLite takes at most 32,766 values in a statement.
	if err := st.db.Conn(ctx).CreateInBatches(&businesses, 500).Error; err != nil {
		return database.Err(err, "business")
	}
	return database.Err(st.db.Conn(ctx).CreateInBatches(&locations, 500).Error, "location")
}

// save overwrites a business and its location, except for what never changes.
func (st store) save(ctx context.Context, b Business) error {
	business, location := toRows(b)
	done := st.db.Conn(ctx).Where("id = ?", b.ID).Select("*").Omit("id", "created_at", "source", "source_id").Updates(&business)
	if done.Error == nil && done.RowsAffected != 1 {
		return errMissing
	}
	if done.Error != nil {
		return database.Err(done.Error, "business")
	}
	done = st.db.Conn(ctx).Where("business_id = ?", b.ID).Select("*").Omit("id", "business_id").Updates(&location)
	return database.Err(done.Error, "location")
}

type slugRow struct {
	Slug       string
	BusinessID string
}

func (slugRow) TableName() string { return "business_slugs" }

func (st store) idOfSlug(ctx context.Context, slug string) (string, error) {
	var row slugRow
	err := st.db.Conn(ctx).Where("slug = ?", slug).Take(&row).Error
	return row.BusinessID, database.Err(err, "business")
}

// claimSlug takes a slug for a business; mine is false when another has it.
func (st store) claimSlug(ctx context.Context, slug, businessID string) (mine bool, err error) {
	done := st.db.Conn(ctx).Clauses(clause.OnConflict{DoNothing: true}).Create(&slugRow{Slug: slug, BusinessID: businessID})
	if done.Error != nil || done.RowsAffected == 1 {
		return true, database.Err(done.Error, "slug")
	}
	holder, err := st.idOfSlug(ctx, slug)
	return holder == businessID, err
}

func (st store) takenSlugs(ctx context.Context, slugs []string) (map[string]bool, error) {
	var found []string
	err := st.db.Conn(ctx).Table("business_slugs").Where("slug IN ?", slugs).Pluck("slug", &found).Error
	taken := make(map[string]bool, len(found))
	for _, slug := range found {
		taken[slug] = true
	}
	return taken, database.Err(err, "slug")
}

func (st store) insertSlugs(ctx context.Context, list []Business) error {
	rows := make([]slugRow, len(list))
	for i, b := range list {
		rows[i] = slugRow{Slug: b.Slug, BusinessID: b.ID}
	}
	return database.Err(st.db.Conn(ctx).CreateInBatches(&rows, 1000).Error, "slug")
}

type placeRow struct {
	ID      string
	Name    string
	NameKey string
	Kind    string
	Context string
	Lat     float64
	Lng     float64
	Weight  int
}

func (placeRow) TableName() string { return "gazetteer" }

func (st store) savePlaces(ctx context.Context, places []GazetteerPlace) error {
	rows := make([]placeRow, len(places))
	for i, p := range places {
		rows[i] = placeRow{
			ID: p.ID, Name: p.Name, NameKey: placeKey(p.Name), Kind: p.Kind, Context: p.Context,
			Lat: p.Point.Lat, Lng: p.Point.Lng, Weight: p.Weight,
		}
	}
	err := st.db.Conn(ctx).Clauses(clause.OnConflict{
		Columns:   []clause.Column{{Name: "name_key"}, {Name: "kind"}, {Name: "context"}},
		DoUpdates: clause.AssignmentColumns([]string{"name", "lat", "lng", "weight"}),
	}).CreateInBatches(&rows, 500).Error
	return database.Err(err, "place")
}

// placesWith lists places with a word in their name that begins with the given
// folded word, the weightiest first.
func (st store) placesWith(ctx context.Context, word string) ([]GazetteerPlace, error) {
	// A folded word holds letters, marks and digits only, so no wildcard.
	return st.places(ctx, "name_key LIKE ? OR name_key LIKE ?", word+"%", "% "+word+"%")
}

// streets lists the streets of a folded name.
func (st store) streets(ctx context.Context, key string) ([]GazetteerPlace, error) {
	return st.places(ctx, "kind = 'street' AND name_key = ?", key)
}

func (st store) places(ctx context.Context, where string, args ...any) ([]GazetteerPlace, error) {
	var rows []placeRow
	err := st.db.Conn(ctx).Where(where, args...).Order("weight DESC, name_key, context, id").Limit(500).Find(&rows).Error
	list := make([]GazetteerPlace, len(rows))
	for i, r := range rows {
		list[i] = GazetteerPlace{ID: r.ID, Name: r.Name, Kind: r.Kind, Context: r.Context, Point: geo.Point{Lat: r.Lat, Lng: r.Lng}, Weight: r.Weight}
	}
	return list, database.Err(err, "place")
}
