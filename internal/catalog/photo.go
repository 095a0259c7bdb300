package catalog

import (
	"context"
	"slices"

	"nearby/internal/audit"
	"nearby/internal/errs"
)

// AddPhoto puts a stored photo behind the others of a product; see Upload. One
// that the product has already gets the new alt text. Errors: NotFound for an
// unknown hash, Invalid with the field "photos" or "alt".
func (s *Service) AddPhoto(ctx context.Context, actor audit.Actor, businessID, productID, hash, alt string) (Product, error) {
	stored, err := s.photos.Find(hash)
	if err != nil {
		return Product{}, err
	}
	return s.changePhotos(ctx, actor, businessID, productID, alt, func(p *Product, alt string) error {
		if at := p.photo(hash); at >= 0 {
			p.Photos[at].Alt = alt
			return nil
		}
		if len(p.Photos) >= maxPhotos {
			return errs.Fields([]errs.Field{{Name: "photos", Code: "too_many", Message: "A product has at most ten photos."}})
		}
		p.Photos = append(p.Photos, Photo{Hash: hash, Alt: alt, Width: stored.Width, Height: stored.Height, Color: stored.Color})
		return nil
	})
}

// RemovePhoto takes a photo off a product; one that is not there is no error.
func (s *Service) RemovePhoto(ctx context.Context, actor audit.Actor, businessID, productID, hash string) (Product, error) {
	return s.changePhotos(ctx, actor, businessID, productID, "", func(p *Product, _ string) error {
		p.Photos = slices.DeleteFunc(p.Photos, func(photo Photo) bool { return photo.Hash == hash })
		return nil
	})
}

// MovePhoto puts a photo of a product to a place among the others, 0 the first.
func (s *Service) MovePhoto(ctx context.Context, actor audit.Actor, businessID, productID, hash string, to int) (Product, error) {
	return s.changePhotos(ctx, actor, businessID, productID, "", func(p *Product, _ string) error {
		at := p.photo(hash)
		if at < 0 {
			return errs.Missing("photo")
		}
		photo := p.Photos[at]
		p.Photos = slices.Delete(p.Photos, at, at+1)
		p.Photos = slices.Insert(p.Photos, min(max(to, 0), len(p.Photos)), photo)
		return nil
	})
}

// SetAlt says what a photo shows, for those who do not see it.
func (s *Service) SetAlt(ctx context.Context, actor audit.Actor, businessID, productID, hash, alt string) (Product, error) {
	return s.changePhotos(ctx, actor, businessID, productID, alt, func(p *Product, alt string) error {
		at := p.photo(hash)
		if at < 0 {
			return errs.Missing("photo")
		}
		p.Photos[at].Alt = alt
		return nil
	})
}

func (s *Service) changePhotos(ctx context.Context, actor audit.Actor, businessID, productID, alt string, fn func(*Product, string) error) (Product, error) {
	return s.change(ctx, actor, businessID, productID, 0, "product.photos", func(_ context.Context, p *Product) error {
		var w wrongs
		clean := checkLine(&w, "alt", alt, maxAlt)
		if err := errs.Fields(w); err != nil {
			return err
		}
		return fn(p, clean)
	})
}

// photo is the place of a photo among the product's, -1 when it has none such.
func (p Product) photo(hash string) int {
	return slices.IndexFunc(p.Photos, func(photo Photo) bool { return photo.Hash == hash })
}
