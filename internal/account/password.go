package account

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	_ "embed"
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"time"
	"unicode/utf8"

	"golang.org/x/crypto/argon2"
	"golang.org/x/text/unicode/norm"

	"nearby/internal/errs"
)

// Cost of one hash: argon2id with 19 MiB, two passes, one lane (the OWASP
// password storage recommendation).
const (
	hashMemory = 19 * 1024 // KiB
	hashPasses = 2
	hashLanes  = 1
	hashSalt   = 16 // bytes
	hashLength = 32 // bytes
)

// At most hashesAtOnce hashes run at a time (76 MiB together) and hashQueue
// wait; who comes later is told to try again. A flood of sign-ins therefore
// costs bounded memory.
const (
	hashesAtOnce = 4
	hashQueue    = 64
)

// hasher makes and checks password hashes in PHC string form.
type hasher struct {
	running chan struct{}
	waiting atomic.Int64
	dummy   string // a hash nobody knows the password of
}

func newHasher() *hasher {
	h := &hasher{running: make(chan struct{}, hashesAtOnce)}
	salt := randomBytes(hashSalt)
	h.dummy = phc(salt, randomBytes(hashLength))
	return h
}

func randomBytes(n int) []byte {
	b := make([]byte, n)
	if _, err := rand.Read(b); err != nil {
		panic(err) // the machine has no random source: nothing is safe any more
	}
	return b
}

// enter waits for a free place. The error is Unavailable when the queue is full
// or ctx ends first.
func (h *hasher) enter(ctx context.Context) (leave func(), err error) {
	busy := errs.New(errs.Unavailable, "busy", "Too many people are signing in just now. Please try again in a moment.")
	busy.RetryAfter = 2 * time.Second
	select {
	case h.running <- struct{}{}:
		return func() { <-h.running }, nil
	default:
	}
	if h.waiting.Add(1) > hashQueue {
		h.waiting.Add(-1)
		return nil, busy
	}
	defer h.waiting.Add(-1)
	select {
	case h.running <- struct{}{}:
		return func() { <-h.running }, nil
	case <-ctx.Done():
		return nil, busy.Because(ctx.Err())
	}
}

// hash makes the PHC string of a password with a fresh salt.
func (h *hasher) hash(ctx context.Context, password string) (string, error) {
	leave, err := h.enter(ctx)
	if err != nil {
		return "", err
	}
	defer leave()
	salt := randomBytes(hashSalt)
	key := argon2.IDKey([]byte(normalPassword(password)), salt, hashPasses, hashMemory, hashLanes, hashLength)
	return phc(salt, key), nil
}

// matches reports whether password made the stored hash. An empty stored hash
// stands for an unknown user: it costs the same and never matches.
func (h *hasher) matches(ctx context.Context, stored, password string) (bool, error) {
	unknown := stored == ""
	if unknown {
		stored = h.dummy
	}
	var version, memory, passes, lanes int
	parts := strings.Split(stored, "$")
	if len(parts) != 6 || parts[1] != "argon2id" {
		return false, errs.New(errs.Internal, "bad_hash", "A stored password cannot be read.")
	}
	_, versionErr := fmt.Sscanf(parts[2], "v=%d", &version)
	_, costErr := fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &memory, &passes, &lanes)
	salt, saltErr := base64.RawStdEncoding.DecodeString(parts[4])
	key, keyErr := base64.RawStdEncoding.DecodeString(parts[5])
	if versionErr != nil || costErr != nil || saltErr != nil || keyErr != nil || version != argon2.Version {
		return false, errs.New(errs.Internal, "bad_hash", "A stored password cannot be read.")
	}
	leave, err := h.enter(ctx)
	if err != nil {
		return false, err
	}
	defer leave()
	got := argon2.IDKey([]byte(normalPassword(password)), salt, uint32(passes), uint32(memory), uint8(lanes), uint32(len(key)))
	return subtle.ConstantTimeCompare(got, key) == 1 && !unknown, nil
}

func phc(salt, key []byte) string {
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, hashMemory, hashPasses, hashLanes,
		base64.RawStdEncoding.EncodeToString(salt), base64.RawStdEncoding.EncodeToString(key))
}

// normalPassword lets one password be typed on any keyboard (NIST SP 800-63B,
// 3.1.1.2: normalise before hashing).
func normalPassword(s string) string { return norm.NFKC.String(s) }

//go:embed common_passwords.txt
var commonText string

// common is the embedded list, sorted.
var common = func() []string {
	list := strings.Fields(commonText)
	slices.Sort(list)
	return list
}()

// checkPassword names what is wrong with a new password. about are things an
// attacker would try first: the e-mail address and the name.
func checkPassword(field, password string, about ...string) []errs.Field {
	n := utf8.RuneCountInString(password)
	switch {
	case password == "":
		return []errs.Field{wrong(field, "required", "Please choose a password.")}
	case n < minPassword:
		return []errs.Field{wrong(field, "too_short", "A password has at least 10 characters.")}
	case n > maxPassword || !utf8.ValidString(password):
		return []errs.Field{wrong(field, "too_long", "A password has at most 128 characters.")}
	case guessable(password, about):
		return []errs.Field{wrong(field, "too_common", "This password is among the first that strangers try. Please choose another.")}
	}
	return nil
}

func guessable(password string, about []string) bool {
	s := strings.ToLower(normalPassword(password))
	if _, found := slices.BinarySearch(common, s); found {
		return true
	}
	if len(strings.TrimLeft(s, s[:utf8.RuneLen([]rune(s)[0])])) == 0 { // one character over and over
		return true
	}
	// A common word with digits or marks around it is no better than the word.
	core := strings.Trim(s, "0123456789!?.,-_*#@$%&+= ")
	if _, found := slices.BinarySearch(common, core); found && core != "" {
		return true
	}
	for _, word := range about {
		word = strings.ToLower(strings.TrimSpace(word))
		local, _, _ := strings.Cut(word, "@")
		if word != "" && (s == word || s == local || len(core) > 0 && core == local) {
			return true
		}
	}
	return false
}
