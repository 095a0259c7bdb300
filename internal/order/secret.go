package order

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"strings"

	"nearby/internal/ident"
)

// Order links and pickup codes derive from the order's id by a key outside the
// database. So the shopper's page can show them again and a retried request
// gets the same answer, while whoever reads the tables finds only hashes.
func (s *Service) derive(what, id string) []byte {
	mac := hmac.New(sha256.New, s.Secret)
	mac.Write([]byte(what + "\x00" + id))
	return mac.Sum(nil)
}

// Token is the secret of the link to an order's page (43 characters).
func (s *Service) Token(orderID string) string {
	return base64.RawURLEncoding.EncodeToString(s.derive("link", orderID))
}

func (s *Service) tokenFits(linkHash, token string) bool {
	return token != "" && hmac.Equal([]byte(ident.Hash(token)), []byte(linkHash))
}

// codeLetters leaves out what is easily mistaken for something else.
const codeLetters = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"

// PickupCode is what the shopper says at the counter: "7KQ-2MX". It is shown
// to the shopper alone, and only staff can try one.
func (s *Service) PickupCode(orderID string) string {
	sum := s.derive("pickup", orderID)
	code := make([]byte, 0, 7)
	for i := range 6 {
		if i == 3 {
			code = append(code, '-')
		}
		code = append(code, codeLetters[sum[i]%byte(len(codeLetters))])
	}
	return string(code)
}

// codeHash is what is stored of a pickup code; keyed, because six letters are
// few enough to try them all.
func (s *Service) codeHash(businessID, code string) string {
	return hex.EncodeToString(s.derive("code", businessID+"\x00"+plainCode(code)))
}

// plainCode forgives how a code is typed.
func plainCode(code string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z':
			r += 'A' - 'a'
		}
		if !strings.ContainsRune(codeLetters, r) {
			return -1
		}
		return r
	}, code)
}
