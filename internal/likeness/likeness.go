// Package likeness tells how much two entries of a directory are like one
// business, and what is odd about a name. It knows texts and distances, no
// database, and decides nothing: a person looks at what it found.
package likeness

import (
	"math"
	"net/url"
	"slices"
	"strings"

	"nearby/internal/text"
)

// Entry is what is compared of a business. Empty means unknown.
type Entry struct {
	Name        string
	Phone       string // E.164
	Website     string
	Street      string // with or without the number
	HouseNumber string
	Unit        string
	Postcode    string
	City        string
	Payout      string // the account that money goes to
}

// Near is how far apart, in metres, two pins are that mark one door.
const Near = 50

// Unplaced is the distance to give when one of two has no pin.
const Unplaced = -1

// Result is how much two entries are alike.
type Result struct {
	// Score is from 0 to 1: how sure it is that both are one business.
	Score float64
	// Same are the fields that agree: name, look, phone, website, address, pin,
	// payout.
	Same []string
}

// Threshold is the score from which on two entries are held to be one business.
// It is where F1 is best on the even rows of the hand-labelled pairs of the test.
const Threshold = 0.49

// Likely reports whether both are held to be one business.
func (r Result) Likely() bool { return r.Score >= Threshold }

// Compare compares two entries whose pins are metres apart. The order of the two
// does not matter.
func Compare(a, b Entry, metres float64) Result {
	f := featuresOf(a, b)
	sum := bias
	for i, w := range weights {
		sum += w * f[i]
	}
	var r Result
	same := func(is bool, field string) {
		if is {
			r.Same = append(r.Same, field)
		}
	}
	same(f[nameShort] >= 1 || f[nameLetters] >= alike, "name")
	same(looksLike(a.Name, b.Name), "look")
	same(f[phoneSame] > 0, "phone")
	same(f[siteSame] > 0, "website")
	same(f[streetSame] >= alike && f[numberSame] > 0 && f[unitDiffers] == 0, "address")
	switch {
	case metres == Unplaced:
	case metres <= Near:
		sum += pinNear
		same(true, "pin")
	case metres > 40*Near:
		sum -= pinFar
	}
	if a.Payout != "" && a.Payout == b.Payout {
		sum += payoutSame
		same(true, "payout")
	}
	r.Score = 1 / (1 + math.Exp(-sum))
	return r
}

// alike is the share of letters or words from which on two texts are the same to
// a reader.
const alike = 0.8

// looksLike reports whether two different names look the same.
func looksLike(a, b string) bool {
	if text.Fold(visible(a)) == text.Fold(visible(b)) {
		return false
	}
	return slices.Contains(Skeletons(a), Skeleton(b)) || slices.Contains(Skeletons(b), Skeleton(a))
}

// Host is the host of a web address in the form in which two of one owner are
// the same, "" when it is none or one that many share, as social networks are.
func Host(website string) string {
	host, _ := site(website)
	return host
}

func site(website string) (host, path string) {
	if !strings.Contains(website, "://") {
		website = "http://" + website
	}
	u, err := url.Parse(website)
	if err != nil {
		return "", ""
	}
	host = strings.TrimPrefix(strings.ToLower(u.Hostname()), "www.")
	if slices.ContainsFunc(shared, func(s string) bool { return host == s || strings.HasSuffix(host, "."+s) }) {
		return "", ""
	}
	return host, strings.ToLower(strings.Trim(u.Path, "/"))
}

// shared are hosts where many businesses have their page.
var shared = []string{
	"facebook.com", "instagram.com", "x.com", "twitter.com", "linkedin.com", "tiktok.com", "youtube.com", "wa.me", "t.me", "linktr.ee",
	"google.com", "goo.gl", "business.site", "booking.com", "tripadvisor.com", "yelp.com", "wixsite.com", "wordpress.com", "blogspot.com",
}
