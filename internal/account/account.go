// Package account keeps users, their roles, sessions and API tokens, and who
// works for which business. Every right is read from the database when it is
// needed; nothing about rights lives in a cookie.
package account

import (
	netmail "net/mail"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/idna"
	"golang.org/x/text/language"
	"golang.org/x/text/unicode/norm"

	"nearby/internal/audit"
	"nearby/internal/errs"
)

// Role is what a user may be. Owner and Staff follow from being a member of a
// business; Verifier and Operator are given by an operator.
type Role = string

// The roles. Public and System stand for nobody signed in and for the program.
const (
	Shopper  Role = "shopper"
	Owner    Role = "owner"
	Staff    Role = "staff"
	Verifier Role = "verifier"
	Operator Role = "operator"
	System   Role = "system"
	Public   Role = "public"
)

// Actor is who does something now.
type Actor = audit.Actor

// User is a person with a sign-in.
type User struct {
	ID                string
	Email             string
	Name              string
	Locale            string
	Roles             []Role // sorted
	PasswordChangedAt time.Time
	CreatedAt         time.Time
}

// Has reports whether the user has the role.
func (u User) Has(role Role) bool { return slices.Contains(u.Roles, role) }

// Privileged reports whether the user's sessions are short, because more than
// the user's own things can be reached with them.
func (u User) Privileged() bool {
	return u.Has(Owner) || u.Has(Staff) || u.Has(Verifier) || u.Has(Operator)
}

// As is the user acting in a role.
func (u User) As(role Role) Actor { return Actor{ID: u.ID, Role: role} }

// Mail asks for a message to a user or, with LinkID, to the address the link
// was made for. It is the argument of a mail.Job job, written in the transaction
// of what it tells about, and holds no personal data: Recipient finds the
// address when the message is sent.
type Mail struct {
	Template string            `json:"template"`
	UserID   string            `json:"user_id,omitempty"`
	LinkID   string            `json:"link_id,omitempty"`
	Data     map[string]string `json:"data,omitempty"`
}

// Limits of what people type about themselves.
const (
	maxEmail    = 254 // RFC 5321, 4.5.3.1.3, without the angle brackets
	minPassword = 10
	maxPassword = 128
	maxName     = 80
)

// NormalizeEmail gives an address its one form: NFC, the domain in lower case
// and in ASCII. It reports false for what is no plain address.
func NormalizeEmail(s string) (string, bool) {
	s = norm.NFC.String(strings.TrimSpace(s))
	local, domain, found := strings.Cut(s, "@")
	if !found || strings.Contains(domain, "@") || strings.ContainsFunc(s, func(r rune) bool {
		return unicode.IsControl(r) || unicode.Is(unicode.Cf, r)
	}) {
		return "", false
	}
	domain, err := idna.Lookup.ToASCII(domain)
	if err != nil || !strings.Contains(domain, ".") || strings.HasSuffix(domain, ".") {
		return "", false
	}
	s = local + "@" + strings.ToLower(domain)
	parsed, err := netmail.ParseAddress(s)
	if err != nil || parsed.Address != s || parsed.Name != "" || len(s) > maxEmail {
		return "", false
	}
	return s, true
}

// emailKey is what makes two addresses the same person's. Servers may tell
// letter case in the local part apart; people and practically all servers do not.
func emailKey(email string) string { return strings.ToLower(email) }

// CleanName trims a person's or thing's name to NFC with single spaces. It
// reports false when the name holds control or invisible characters, or
// nothing that can be seen.
func CleanName(s string) (string, bool) {
	s = strings.Join(strings.Fields(norm.NFC.String(s)), " ")
	visible := false
	for _, r := range s {
		switch {
		case r == utf8.RuneError, unicode.IsControl(r), unicode.In(r, unicode.Cf, unicode.Co, unicode.Zl, unicode.Zp):
			if r != '\u200c' && r != '\u200d' { // joiners shape Persian, Indic and emoji words
				return s, false
			}
		case unicode.IsLetter(r), unicode.IsNumber(r), unicode.IsSymbol(r), unicode.IsPunct(r):
			visible = visible || !blank(r)
		}
	}
	return s, visible
}

// blank reports letters and symbols that show nothing.
func blank(r rune) bool {
	switch r {
	case '\u115f', '\u1160', '\u3164', '\uffa0', '\u2800': // Hangul fillers, the empty Braille pattern
		return true
	}
	return false
}

func wrong(name, code, message string) errs.Field {
	return errs.Field{Name: name, Code: code, Message: message}
}

func checkEmail(field, s string) (string, []errs.Field) {
	if strings.TrimSpace(s) == "" {
		return "", []errs.Field{wrong(field, "required", "Please give an e-mail address.")}
	}
	email, ok := NormalizeEmail(s)
	if !ok {
		return "", []errs.Field{wrong(field, "bad_email", "This does not look like an e-mail address.")}
	}
	return email, nil
}

func checkName(field, s string) (string, []errs.Field) {
	name, ok := CleanName(s)
	switch {
	case strings.TrimSpace(s) == "":
		return "", []errs.Field{wrong(field, "required", "Please give a name.")}
	case !ok:
		return "", []errs.Field{wrong(field, "bad_name", "A name has visible letters and no hidden characters.")}
	case utf8.RuneCountInString(name) > maxName:
		return "", []errs.Field{wrong(field, "too_long", "A name has at most 80 characters.")}
	}
	return name, nil
}

// checkLocale keeps the language tag of a user; anything odd becomes English.
func checkLocale(s string) string {
	tag, err := language.Parse(s)
	if err != nil || len(s) > 35 {
		return "en"
	}
	return tag.String()
}
