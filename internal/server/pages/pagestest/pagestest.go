// Package pagestest makes filled-in pages: the fixtures with which tests render
// every template, and with which a page can be looked at without a database.
package pagestest

import (
	"reflect"
	"strings"
	"time"

	"nearby/internal/money"
	"nearby/internal/server/pages"
)

// Page is one page with the template that renders it. Blocks are the parts of
// it that can be asked for alone.
type Page struct {
	Template string
	Page     any
	Blocks   []string
	Public   bool // shown to everybody: its texts exist in every language
}

// All gives every page of the site, filled: the kind of data a busy day brings.
func All(lang string) []Page {
	var all []Page
	all = append(all, shop(lang)...)
	all = append(all, account(lang)...)
	all = append(all, owner(lang)...)
	all = append(all, desk(lang)...)
	return all
}

// Empty gives every page as a new installation shows it: nothing filled but
// what middleware fills.
func Empty(lang string) []Page {
	all := All(lang)
	for i := range all {
		base := reflect.ValueOf(all[i].Page).FieldByName("Base").Interface().(pages.Base)
		fresh := reflect.New(reflect.TypeOf(all[i].Page)).Elem()
		fresh.FieldByName("Base").Set(reflect.ValueOf(pages.Base{Title: base.Title, Lang: base.Lang, Dir: base.Dir, Path: base.Path}))
		all[i].Page = fresh.Interface()
	}
	return all
}

// Hostile gives every page with each text replaced by one that tries to break
// out: markup, quotes, 200 letters without a space, right-to-left, emoji; and
// with each amount zero.
func Hostile(lang string) []Page {
	return changed(lang, func(in reflect.Type, name string, v reflect.Value) {
		switch {
		case v.Kind() != reflect.String:
			v.Field(0).SetInt(0)
		case !kept[name] && (name != "Name" || !fieldNames[in]):
			v.SetString(HostileText)
		}
	})
}

// Refused gives every page with message as the text of all its errors.
func Refused(lang, message string) []Page {
	return changed(lang, func(in reflect.Type, name string, v reflect.Value) {
		switch {
		case in == reflect.TypeFor[pages.Error]() && name == "Message",
			in == reflect.TypeFor[pages.Problem]() && name == "Message",
			in == reflect.TypeFor[pages.CatalogRow]() && name == "Problem":
			v.SetString(message)
		}
	})
}

// HostileText is what Hostile writes into every text.
var HostileText = `<script>alert("1")</script> '"&> ` + strings.Repeat("W", 200) + " مرحبا 🥐 {{.N}} %s"

// kept are fields whose values are addresses, names of fields and states, which
// programs write and people do not.
var kept = map[string]bool{
	"Lang": true, "Dir": true, "Path": true, "Theme": true, "URL": true, "ID": true, "ViewBox": true, "D": true, "Points": true,
	"Slug": true, "Srcset": true, "Icon": true,
}

// fieldNames are the structs whose Name is that of a form field.
var fieldNames = map[reflect.Type]bool{
	reflect.TypeFor[pages.Error](): true, reflect.TypeFor[pages.HoursDay](): true, reflect.TypeFor[pages.FurtherHours](): true, reflect.TypeFor[pages.ProductOption](): true,
}

// set writes one text that is not empty, or one amount, of a page; in is the
// struct it belongs to, name its field there.
type set func(in reflect.Type, name string, v reflect.Value)

// changed gives copies of all pages, changed by to.
func changed(lang string, to set) []Page {
	all := All(lang)
	for i := range all {
		page := reflect.New(reflect.TypeOf(all[i].Page)).Elem()
		page.Set(reflect.ValueOf(all[i].Page))
		change(page, nil, "", to)
		all[i].Page = page.Interface()
	}
	return all
}

func change(v reflect.Value, in reflect.Type, name string, to set) {
	switch v.Kind() {
	case reflect.Struct:
		switch v.Type() {
		case reflect.TypeOf(time.Time{}):
			return
		case reflect.TypeOf(money.Amount{}):
			to(in, name, v)
			return
		}
		for i := range v.NumField() {
			change(v.Field(i), v.Type(), v.Type().Field(i).Name, to)
		}
	case reflect.Slice:
		if v.IsNil() {
			return
		}
		fresh := reflect.MakeSlice(v.Type(), v.Len(), v.Len())
		reflect.Copy(fresh, v)
		v.Set(fresh)
		for i := range v.Len() {
			change(v.Index(i), in, name, to)
		}
	case reflect.Pointer:
		if v.IsNil() {
			return
		}
		fresh := reflect.New(v.Type().Elem())
		fresh.Elem().Set(v.Elem())
		change(fresh.Elem(), in, name, to)
		v.Set(fresh)
	case reflect.Array:
		for i := range v.Len() {
			change(v.Index(i), in, name, to)
		}
	case reflect.String:
		if v.Len() > 0 {
			to(in, name, v)
		}
	}
}

// Now is the moment of all fixtures: a Saturday afternoon.
var Now = time.Date(2026, 11, 21, 14, 20, 0, 0, time.FixedZone("Portmere", 0))

func eur(minor int64) money.Amount { return money.Amount{Minor: minor, Currency: "EUR"} }

func base(lang, title, path string) pages.Base {
	dir := "ltr"
	if lang == "ar" {
		dir = "rtl"
	}
	return pages.Base{
		Title: title, Lang: lang, Dir: dir, Path: path, CartCount: 2, Near: "Harbour Street", Sandbox: false,
		Canonical:  "http://localhost:8080" + path,
		Alternates: []pages.Alternate{{Lang: "en", URL: path + "?lang=en"}, {Lang: "de", URL: path + "?lang=de"}},
		About:      "Places near you, checked by people.",
	}
}

// Pictures is where the fixtures' photos are addressed.
const Pictures = "/pictures/"

func photo(name, alt string) *pages.Photo {
	return &pages.Photo{URL: Pictures + name + ".avif", Alt: alt, Width: 612, Height: 612}
}
