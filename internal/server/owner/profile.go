package owner

import (
	"cmp"
	"errors"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"nearby/internal/account"
	"nearby/internal/directory"
	"nearby/internal/errs"
	"nearby/internal/geo"
	"nearby/internal/money"
	"nearby/internal/proposal"
	"nearby/internal/server/pages"
	"nearby/internal/server/route"
	"nearby/internal/server/view"
)

// mapReach is what the small map shows each way, in metres.
const mapReach = 220

func (h *Handlers) profile(r *route.Request, p place) (route.Answer, error) {
	page, err := h.profilePage(r, p, businessForm(p.Business), sellingForm(p.Business, r.Now()))
	return route.HTML{Name: "owner/profile", Page: page}, err
}

func (h *Handlers) profilePage(r *route.Request, p place, typed pages.BusinessForm, selling pages.SellingForm) (*pages.Profile, error) {
	page := &pages.Profile{
		Form: typed, Selling: selling, Review: !editable(p.State), Locked: !editable(p.State) && !p.Listed(), CanSell: p.State == directory.Draft,
		Categories: view.Categories(r.Lang, typed.Category, r.Text("form.choose")),
		Countries:  view.Countries(r.Lang, typed.Country, r.Text("form.choose")), Currencies: view.Currencies(selling.Currency),
	}
	if c, ok := money.Lookup(p.Currency); ok {
		page.Symbol = c.Symbol
	}
	head(r, &page.Base, "manage.profile")
	for _, word := range directory.Attributes {
		page.Attributes = append(page.Attributes, pages.Option{
			Value: word, Label: r.Word("attribute", word), Selected: slices.Contains(typed.Attributes, word),
		})
	}
	if hash := cmp.Or(typed.PhotoHash, p.PhotoHash); hash != "" {
		page.Photo = view.Picture(hash, p.Name, 0, 0)
	}
	var err error
	if page.Desk, err = h.desk(r, p, "profile"); err != nil {
		return nil, err
	}
	if err := h.proposed(r, p, page); err != nil {
		return nil, err
	}
	at, ok := pin(typed)
	if !ok {
		return page, nil
	}
	page.Map, err = view.DrawMap(view.MapInput{
		Label: r.Text("map.title"), Middle: at, Reach: mapReach, Wide: true, Ground: h.Ground,
		Pins: []view.MapPin{{Point: at, N: view.Plate(typed.HouseNumber), Name: typed.Title, URL: "#f-lat", Current: true}},
	})
	return page, err
}

// editable reports whether every field can be changed without a new check.
func editable(s directory.State) bool {
	switch s {
	case directory.Draft, directory.ChangesRequested, directory.Withdrawn, directory.Rejected, directory.Unclaimed:
		return true
	}
	return false
}

func businessForm(b directory.Business) pages.BusinessForm {
	f := pages.BusinessForm{
		Title: b.Name, Category: b.Category, Text: b.Description, Phone: view.Phone(b.Phone), Email: b.Email, Website: b.Website,
		Street: b.Address.Street, HouseNumber: b.Address.HouseNumber, Unit: b.Address.Unit, Postcode: b.Address.Postcode,
		City: b.Address.City, Country: b.Address.Country, Attributes: b.Attributes,
		LegalName: b.LegalName, RegisterNumber: b.RegisterNumber, Certified: b.CertifiedAt != nil, Version: strconv.FormatInt(b.Version, 10),
	}
	if b.Located() {
		f.Lat, f.Lng = degrees(b.Point.Lat), degrees(b.Point.Lng)
	}
	return f
}

func degrees(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }

func typedBusiness(f form) pages.BusinessForm {
	t := pages.BusinessForm{
		Title: f.Get("name"), Category: f.Get("category"), Text: f.Get("description"), Phone: f.Get("phone"), Email: f.Get("email"),
		Website: f.Get("website"), Street: f.Get("address.street"), HouseNumber: f.Get("address.house_number"), Unit: f.Get("address.unit"),
		Postcode: f.Get("address.postcode"), City: f.Get("address.city"), Country: f.Get("address.country"), Lat: f.Get("lat"), Lng: f.Get("lng"),
		Attributes: f.Values["attributes"], LegalName: f.Get("legal_name"), RegisterNumber: f.Get("register_number"),
		Certified: f.Get("certified") != "", Version: f.Get("version"), PhotoHash: f.Get("photo_hash"),
	}
	if len(f.photos) > 0 {
		t.PhotoHash = f.photos[0].Hash
	}
	return t
}

// readDegree reads a coordinate as people type it: "52.52", "52,52", "52.52°".
func readDegree(text string) (float64, error) {
	text = strings.TrimSuffix(strings.TrimSpace(text), "°")
	return strconv.ParseFloat(strings.TrimSpace(strings.Replace(text, ",", ".", 1)), 64)
}

func pin(t pages.BusinessForm) (geo.Point, bool) {
	lat, err := readDegree(t.Lat)
	lng, err2 := readDegree(t.Lng)
	if errors.Join(err, err2) != nil {
		return geo.Point{}, false
	}
	point, err := geo.NewPoint(lat, lng)
	return point, err == nil
}

// profileInput is what the form says, laid over what it does not ask for.
func profileInput(r *route.Request, t pages.BusinessForm, b directory.Business) (directory.Profile, error) {
	in := b.Profile()
	in.Name, in.Category, in.Description = t.Title, t.Category, t.Text
	in.Phone, in.Email, in.Website, in.Attributes = t.Phone, t.Email, t.Website, t.Attributes
	in.Address.Street, in.Address.HouseNumber, in.Address.Unit = t.Street, t.HouseNumber, t.Unit
	in.Address.Postcode, in.Address.City, in.Address.Country = t.Postcode, t.City, t.Country
	in.LegalName, in.RegisterNumber, in.Certified = t.LegalName, t.RegisterNumber, t.Certified
	in.Lat, in.Lng = nil, nil
	var wrong []errs.Field
	for _, c := range []struct {
		name, text string
		to         **float64
	}{{"lat", t.Lat, &in.Lat}, {"lng", t.Lng, &in.Lng}} {
		if strings.TrimSpace(c.text) == "" {
			continue
		}
		v, err := readDegree(c.text)
		if err != nil {
			wrong = append(wrong, errs.Field{Name: c.name, Code: "bad_number", Message: r.Text("profile.bad_degree")})
			continue
		}
		*c.to = &v
	}
	return in, errs.Fields(wrong)
}

func (h *Handlers) saveProfile(r *route.Request, p place) (route.Answer, error) {
	f, err := h.readForm(r, p)
	if err != nil {
		return nil, err
	}
	typed := typedBusiness(f)
	wrong := func(list pages.Errors, changed bool) (route.Answer, error) {
		page, err := h.profilePage(r, p, typed, sellingForm(p.Business, r.Now()))
		if err != nil {
			return nil, err
		}
		page.Errors, page.Changed = list, changed
		if changed {
			page.Failed, page.Form.Version = true, strconv.FormatInt(p.Version, 10)
			return route.HTML{Name: "owner/profile", Page: page, Status: errs.Precondition.Status()}, nil
		}
		return route.Wrong("owner/profile", page), nil
	}
	if len(f.wrong) > 0 {
		return wrong(f.wrong, false)
	}
	version, err := strconv.ParseInt(typed.Version, 10, 64)
	if err != nil {
		return nil, malformed(err)
	}
	ctx, actor := r.Req().Context(), r.As(account.Owner)
	in, err := profileInput(r, typed, p.Business)
	var saved directory.Business
	var proposed *proposal.Proposal
	if err == nil {
		saved, proposed, err = h.Proposal.Update(ctx, actor, p.ID, version, in)
	}
	if errs.Has(err, "changed_meanwhile") {
		return wrong(nil, true)
	}
	if list, ok := view.Errors(err); ok {
		return wrong(list, false)
	}
	if err == nil && typed.PhotoHash != "" && typed.PhotoHash != p.PhotoHash {
		if _, err = h.Photos.Find(typed.PhotoHash); err == nil {
			_, err = h.Directory.SetPhoto(ctx, actor, p.ID, typed.PhotoHash)
		}
	}
	if err != nil {
		return nil, err
	}
	if proposed != nil {
		r.Flash("profile.proposed")
	} else {
		r.Flash("owner.saved")
	}
	return route.See{Path: "/manage/" + saved.Slug + "/profile"}, nil
}

// proposed shows the change that waits for a verifier, or how the last one
// ended when that was a refusal.
func (h *Handlers) proposed(r *route.Request, p place, page *pages.Profile) error {
	history, err := h.Proposal.History(r.Req().Context(), r.As(account.Owner), p.ID)
	if err != nil || len(history) == 0 {
		return err
	}
	last, zone := history[0], view.Zone(p.Zone)
	switch {
	case last.Open():
		page.Pending = &pages.PendingChange{
			Since: last.SubmittedAt.In(zone), Taken: last.State == proposal.InReview, Rows: view.ChangeRows(r.Lang, last.Was, last.Wanted),
			CanWithdraw: p.role.May(account.RightProfile), WithdrawURL: p.path("/changes/withdraw"),
		}
	case last.State == proposal.Declined:
		step := view.ChangeStep(r.Word, last, zone)
		page.Refused = &step
	}
	return nil
}

// withdrawChange takes back what waits for a verifier. That it is gone already
// is as good.
func (h *Handlers) withdrawChange(r *route.Request, p place) (route.Answer, error) {
	err := h.Proposal.Withdraw(r.Req().Context(), r.As(account.Owner), p.ID)
	if err != nil && !errs.Has(err, "decided") && !errs.Is(err, errs.NotFound) {
		return nil, err
	}
	if err == nil {
		r.Flash("profile.withdrawn")
	}
	return route.See{Path: p.path("/profile")}, nil
}

func sellingForm(b directory.Business, now time.Time) pages.SellingForm {
	f := pages.SellingForm{
		Currency: b.Currency, Pickup: b.Pickup, Delivery: b.Delivery, PayAtPickup: b.PayAtPickup, Paused: b.PausedAt(now), AcceptFirst: b.AcceptFirst,
		Prep: number(b.PrepMinutes), Radius: number(b.DeliveryRadiusM), Version: strconv.FormatInt(b.Version, 10),
	}
	if f.Paused && !b.PausedUntil.IsZero() {
		f.PausedUntil = b.PausedUntil.In(view.Zone(b.Zone)).Format(localTime)
	}
	if b.DeliveryFee > 0 {
		f.Fee = money.New(b.DeliveryFee, b.Currency).Decimal()
	}
	if b.DeliveryMinimum > 0 {
		f.Minimum = money.New(b.DeliveryMinimum, b.Currency).Decimal()
	}
	return f
}

// number writes a number for a field; none is an empty field.
func number(n int) string {
	if n == 0 {
		return ""
	}
	return strconv.Itoa(n)
}

func typedSelling(v url.Values) pages.SellingForm {
	return pages.SellingForm{
		Currency: v.Get("currency"), Pickup: v.Get("pickup") != "", Delivery: v.Get("delivery") != "", PayAtPickup: v.Get("pay_at_pickup") != "",
		AcceptFirst: v.Get("accept_first") != "", Paused: v.Get("paused") != "", PausedUntil: strings.TrimSpace(v.Get("paused_until")), Prep: v.Get("prep_minutes"), Radius: v.Get("delivery_radius_m"), Fee: v.Get("delivery_fee"),
		Minimum: v.Get("delivery_minimum"), Version: v.Get("version"),
	}
}

// sellingInput reads what was typed. Empty fields are zero.
func sellingInput(r *route.Request, t pages.SellingForm, b directory.Business) (directory.Selling, error) {
	in := b.Selling()
	in.Pickup, in.Delivery, in.PayAtPickup, in.Paused, in.AcceptFirst = t.Pickup, t.Delivery, t.PayAtPickup, t.Paused, t.AcceptFirst
	in.Currency = cmp.Or(strings.TrimSpace(t.Currency), b.Currency)
	var wrong []errs.Field
	in.PausedUntil = time.Time{}
	if t.Paused && t.PausedUntil != "" {
		var err error
		if in.PausedUntil, err = time.ParseInLocation(localTime, t.PausedUntil, view.Zone(b.Zone)); err != nil {
			wrong = append(wrong, errs.Field{Name: "paused_until", Code: "bad_time", Message: r.Text("hours.try_bad")})
		}
	}
	for _, c := range []struct {
		name, text string
		to         *int
	}{{"prep_minutes", t.Prep, &in.PrepMinutes}, {"delivery_radius_m", t.Radius, &in.DeliveryRadiusM}} {
		*c.to = 0
		if text := strings.Join(strings.Fields(c.text), ""); text != "" {
			n, err := strconv.Atoi(text)
			if err != nil {
				wrong = append(wrong, errs.Field{Name: c.name, Code: "bad_number", Message: r.Text("profile.bad_number")})
			}
			*c.to = n
		}
	}
	for _, c := range []struct {
		name, text string
		to         *int64
	}{{"delivery_fee", t.Fee, &in.DeliveryFee}, {"delivery_minimum", t.Minimum, &in.DeliveryMinimum}} {
		*c.to = 0
		if strings.Trim(c.text, " 0.,") == "" {
			continue
		}
		amount, err := money.Parse(c.text, in.Currency)
		if err != nil {
			wrong = append(wrong, errs.Field{Name: c.name, Code: errs.Of(err).Code, Message: errs.Of(err).Message})
		}
		*c.to = amount.Minor
	}
	return in, errs.Fields(wrong)
}

func (h *Handlers) saveSelling(r *route.Request, p place) (route.Answer, error) {
	if err := r.Req().ParseForm(); err != nil {
		return nil, malformed(err)
	}
	typed := typedSelling(r.Req().PostForm)
	version, err := strconv.ParseInt(typed.Version, 10, 64)
	if err != nil {
		return nil, malformed(err)
	}
	in, err := sellingInput(r, typed, p.Business)
	if err == nil {
		_, err = h.Directory.SetSelling(r.Req().Context(), r.As(account.Owner), p.ID, version, in)
	}
	wrong, invalid := view.Errors(err)
	changed := errs.Has(err, "changed_meanwhile")
	if err != nil && !invalid && !changed {
		return nil, err
	}
	if err == nil {
		r.Flash("owner.saved")
		return route.See{Path: p.path("/profile#selling")}, nil
	}
	typed.Version = strconv.FormatInt(p.Version, 10)
	page, err := h.profilePage(r, p, businessForm(p.Business), typed)
	if err != nil {
		return nil, err
	}
	page.SellingErrors, page.Changed, page.Failed = wrong, changed, true
	if changed {
		return route.HTML{Name: "owner/profile", Page: page, Status: errs.Precondition.Status()}, nil
	}
	return route.Wrong("owner/profile", page), nil
}
