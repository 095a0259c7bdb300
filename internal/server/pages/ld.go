package pages

import "nearby/internal/hours"

// The structs below are schema.org data for search engines, written as JSON-LD
// by the template part "ld".

// LocalBusiness is a schema.org LocalBusiness.
type LocalBusiness struct {
	Context     string         `json:"@context"`
	Type        string         `json:"@type"`
	ID          string         `json:"@id"`
	Name        string         `json:"name"`
	Description string         `json:"description,omitempty"`
	URL         string         `json:"url"`
	Telephone   string         `json:"telephone,omitempty"`
	Image       []string       `json:"image,omitempty"`
	Address     *PostalAddress `json:"address,omitempty"`
	Geo         *GeoPoint      `json:"geo,omitempty"`
	Currencies  string         `json:"currenciesAccepted,omitempty"`

	Hours []hours.OpeningHoursSpecification `json:"openingHoursSpecification,omitempty"`
}

// PostalAddress is a schema.org PostalAddress.
type PostalAddress struct {
	Type     string `json:"@type"`
	Street   string `json:"streetAddress,omitempty"`
	Postcode string `json:"postalCode,omitempty"`
	City     string `json:"addressLocality,omitempty"`
	Country  string `json:"addressCountry,omitempty"`
}

// GeoPoint is a schema.org GeoCoordinates.
type GeoPoint struct {
	Type string  `json:"@type"`
	Lat  float64 `json:"latitude"`
	Lng  float64 `json:"longitude"`
}

// ProductData is a schema.org Product.
type ProductData struct {
	Context     string   `json:"@context"`
	Type        string   `json:"@type"`
	Name        string   `json:"name"`
	Description string   `json:"description,omitempty"`
	Image       []string `json:"image,omitempty"`
	SKU         string   `json:"sku,omitempty"`
	Offers      Offer    `json:"offers"`
}

// Offer is a schema.org Offer.
type Offer struct {
	Type         string `json:"@type"`
	URL          string `json:"url"`
	Price        string `json:"price"`
	Currency     string `json:"priceCurrency"`
	Availability string `json:"availability"` // "https://schema.org/InStock"
	Seller       string `json:"seller,omitempty"`
}
