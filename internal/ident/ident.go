// Package ident makes the ids of rows and the secrets of sessions and links.
package ident

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	mrand "math/rand/v2"
	"sync"

	"github.com/google/uuid"

	"nearby/internal/clock"
)

// Source makes a new id at each call: a UUIDv7 (RFC 9562) in lower-case text,
// 36 characters, ascending in time.
type Source func() string

// Random makes ids from the machine's clock and random source.
func Random() string { return uuid.Must(uuid.NewV7()).String() }

// Seeded makes the same ids at every run: the time part comes from now, the
// rest from the seed. For the demo and for tests.
func Seeded(seed uint64, now clock.Clock) Source {
	var mu sync.Mutex
	rng := mrand.New(mrand.NewPCG(seed, seed^0x9e3779b97f4a7c15))
	var last, n uint64
	return func() string {
		mu.Lock()
		defer mu.Unlock()
		ms := uint64(now().UnixMilli())
		if ms == last {
			n++
		} else {
			last, n = ms, 0
		}
		var b [16]byte
		binary.BigEndian.PutUint64(b[0:], ms<<16|n&0x0fff)
		binary.BigEndian.PutUint64(b[8:], rng.Uint64())
		b[6] = b[6]&0x0f | 0x70 // version 7
		b[8] = b[8]&0x3f | 0x80 // RFC 9562 variant
		return uuid.UUID(b).String()
	}
}

// Valid reports whether s has the form of an id, so that nothing else ever
// reaches a query.
func Valid(s string) bool {
	if len(s) != 36 {
		return false
	}
	_, err := uuid.Parse(s)
	return err == nil
}

// Token is a new secret of 256 random bits in URL-safe text (43 characters).
// Keep only its Hash.
func Token() string {
	var b [32]byte
	if _, err := rand.Read(b[:]); err != nil {
		panic(err) // the machine has no random source: nothing is safe any more
	}
	return base64.RawURLEncoding.EncodeToString(b[:])
}

// Hash is what is stored of a Token: SHA-256 in hex. Tokens are random, so
// no salt is needed.
func Hash(token string) string {
	sum := sha256.Sum256([]byte(token))
	return hex.EncodeToString(sum[:])
}
