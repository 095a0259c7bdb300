package directory

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"math"

	"github.com/google/uuid"

	"nearby/internal/errs"
	"nearby/internal/nearby"
)

// cursors seals where a page ended. A cursor is encrypted and signed, and tied
// to the question it belongs to: it tells nobody a distance, and cannot be made
// up, changed, or used to walk another question.
type cursors struct{ seal cipher.AEAD }

func newCursors(key []byte) cursors {
	if len(key) < 32 {
		panic("directory: the key is shorter than 32 bytes")
	}
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte("nearby cursor"))
	block, err := aes.NewCipher(mac.Sum(nil))
	if err != nil {
		panic(err) // 32 bytes are a key
	}
	seal, err := cipher.NewGCM(block)
	if err != nil {
		panic(err)
	}
	return cursors{seal}
}

// errCursor is the answer to a cursor that is not one of ours for this question.
var errCursor = &errs.Error{
	Kind: errs.Invalid, Code: "bad_cursor", Message: "This page mark does not belong to this search. Start again without it.",
	Fields: []errs.Field{{Name: "cursor", Code: "bad_cursor", Message: "Start again without the cursor."}},
}

func (c cursors) write(q Query, at nearby.Position) string {
	id, err := uuid.Parse(at.ID)
	if err != nil {
		return "" // not a row of ours
	}
	nonce := make([]byte, c.seal.NonceSize(), c.seal.NonceSize()+8+16+c.seal.Overhead())
	if _, err := rand.Read(nonce); err != nil {
		panic(err) // the machine has no random source
	}
	plain := binary.BigEndian.AppendUint64(make([]byte, 0, 24), math.Float64bits(at.DistanceM))
	plain = append(plain, id[:]...)
	return base64.RawURLEncoding.EncodeToString(c.seal.Seal(nonce, nonce, plain, q.fingerprint()))
}

func (c cursors) read(q Query, s string) (*nearby.Position, error) {
	if s == "" {
		return nil, nil
	}
	raw, err := base64.RawURLEncoding.DecodeString(s)
	n := c.seal.NonceSize()
	if err != nil || len(raw) < n {
		return nil, errCursor
	}
	plain, err := c.seal.Open(nil, raw[:n], raw[n:], q.fingerprint())
	if err != nil || len(plain) != 24 {
		return nil, errCursor
	}
	return &nearby.Position{
		DistanceM: math.Float64frombits(binary.BigEndian.Uint64(plain)), ID: uuid.UUID(plain[8:]).String(),
	}, nil
}

// fingerprint is all of a question that must stay the same from page to page.
// The instant of "open now" moves on by itself.
func (q Query) fingerprint() []byte {
	center, area := q.center(), ""
	if q.Within != nil {
		area = q.Within.String()
	}
	return fmt.Appendf(nil, "%x %x %x %q %t %q %t %t %t %t %q %x %s %d %t %t", math.Float64bits(center.Lat), math.Float64bits(center.Lng),
		math.Float64bits(q.RadiusM), q.Category, q.Open.IsZero(), q.Text, q.Pickup, q.Delivery, q.InStock, q.Orderable, q.Attributes,
		uint64(q.WithinCell), area, q.VerifiedSince.Unix(), q.DeliversHere, q.Fuzzy)
}
