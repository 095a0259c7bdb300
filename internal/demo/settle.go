package demo

import (
	"context"
	"strconv"

	"nearby/internal/account"
	"nearby/internal/catalog"
	"nearby/internal/directory"
	"nearby/internal/hours"
	"nearby/internal/money"
)

// addBusiness makes one business with all that belongs to it, in one
// transaction: an interrupted Fill leaves whole businesses only.
func (f *filler) addBusiness(ctx context.Context, b Business) (id string, err error) {
	if id, err = f.made(ctx, b); id != "" || err != nil {
		return id, err
	}
	owner := f.people[b.Owner].As(account.Owner)
	err = f.DB.Tx(ctx, func(ctx context.Context) error {
		made, err := f.Directory.Create(ctx, owner, b.profile())
		if err != nil {
			return err
		}
		id = made.ID
		if err := f.furnish(ctx, owner, made, b); err != nil {
			return err
		}
		for _, p := range b.Products {
			if err := f.addProduct(ctx, owner, id, p); err != nil {
				return err
			}
		}
		return f.lead(ctx, owner, id, b.State)
	})
	return id, err
}

// sells tells whether the public can order here.
func (b Business) sells() bool {
	return directory.State(b.State) == directory.Verified && len(b.Products) > 0
}

// profile is what the owner says of the business.
func (b Business) profile() directory.Profile {
	return directory.Profile{
		Name: b.Name, Category: b.Category, Description: b.Description,
		Phone: b.Phone, Email: b.Email, Website: b.Website, Attributes: b.Attributes,
		Address: directory.Address{
			Street: b.Street, HouseNumber: strconv.Itoa(b.House), Postcode: b.Postcode,
			District: b.District, City: TownName, Country: Country,
		},
		Lat: &b.Point.Lat, Lng: &b.Point.Lng, Hours: b.Hours,
		LegalName: b.LegalName, RegisterNumber: b.Register, Certified: true,
	}
}

// Delivery in Portmere: inside the town, for a fixed fee.
const (
	deliveryRadius  = 2500 // metres
	deliveryFee     = 4_00
	deliveryMinimum = 15_00
)

// selling is how the business takes orders. One that sells nothing takes none.
func (b Business) selling() directory.Selling {
	s := directory.Selling{
		Currency: Currency, Pickup: len(b.Products) > 0, PayAtPickup: len(b.Products) > 0,
		AcceptFirst: b.AcceptFirst, PrepMinutes: 30,
	}
	if b.Delivery {
		s.Delivery, s.DeliveryRadiusM, s.DeliveryFee, s.DeliveryMinimum = true, deliveryRadius, deliveryFee, deliveryMinimum
	}
	return s
}

// furnish adds what a profile does not say: special days, selling, the photo.
func (f *filler) furnish(ctx context.Context, owner account.Actor, made directory.Business, b Business) error {
	if len(b.Special) > 0 {
		schedule, err := hours.ParseOSM(b.Hours, made.Zone)
		if err != nil {
			return err
		}
		if _, err := f.Directory.SetHours(ctx, owner, made.ID, 0, schedule.WithSpecial(b.Special...)); err != nil {
			return err
		}
	}
	if _, err := f.Directory.SetSelling(ctx, owner, made.ID, 0, b.selling()); err != nil {
		return err
	}
	if b.Picture == "" {
		return nil
	}
	_, err := f.Directory.SetPhoto(ctx, owner, made.ID, f.photos[b.Picture])
	return err
}

func (f *filler) addProduct(ctx context.Context, owner account.Actor, businessID string, p Product) error {
	made, err := f.Catalog.Add(ctx, owner, businessID, f.input(p))
	if err != nil || p.State == string(catalog.Draft) {
		return err
	}
	if made, err = f.Catalog.SetState(ctx, owner, businessID, made.ID, catalog.Active, 0); err != nil {
		return err
	}
	if p.State == string(catalog.Archived) {
		_, err = f.Catalog.SetState(ctx, owner, businessID, made.ID, catalog.Archived, 0)
	}
	return err
}

func (f *filler) input(p Product) catalog.ProductInput {
	in := catalog.ProductInput{Title: p.Title, Description: p.Description, Section: p.Section, TaxMpct: p.TaxMpct}
	if p.Picture != "" {
		in.Photos = []catalog.PhotoInput{{Hash: f.photos[p.Picture], Alt: p.Title}}
	}
	if len(p.Options) == 0 {
		in.Offer = p.Variants[0].offer()
		return in
	}
	for _, o := range p.Options {
		in.Options = append(in.Options, catalog.Option{Name: o.Name, Values: o.Values})
	}
	for _, v := range p.Variants {
		in.Variants = append(in.Variants, catalog.VariantInput{Options: v.Values, Offer: v.offer()})
	}
	return in
}

func (v Variant) offer() catalog.Offer {
	o := catalog.Offer{SKU: v.SKU, Price: catalog.Exact(money.New(v.Price, Currency)), Counted: v.Counted}
	if v.Counted {
		o.Stock = catalog.Count(v.Stock)
	}
	return o
}
