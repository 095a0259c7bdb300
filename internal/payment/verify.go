package payment

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"nearby/internal/errs"
)

// tolerance is how far a signature's time may lie from ours, either way.
const tolerance = 300 * time.Second

// Verifier checks webhook signatures (Stripe's scheme v1: HMAC-SHA-256 over
// "time.body"). The library's own check is not used: it accepts an empty
// secret and any time in the future.
type Verifier struct{ secrets [][]byte }

// NewVerifier makes a Verifier that accepts any one of the secrets, so that a
// secret can be changed without refusing an event. It refuses to exist without
// a proper secret.
func NewVerifier(secrets ...string) (*Verifier, error) {
	v := &Verifier{}
	if len(secrets) == 0 {
		return nil, checkSecret("")
	}
	for _, s := range secrets {
		if err := checkSecret(s); err != nil {
			return nil, err
		}
		v.secrets = append(v.secrets, []byte(s))
	}
	return v, nil
}

// Verify checks header over the raw body at the time now and reads the event.
// Errors: Malformed "bad_signature" for everything a forger could cause, and
// Malformed "bad_event" for a signed body that is no event.
func (v *Verifier) Verify(body []byte, header string, now time.Time) (Event, error) {
	at, signatures, ok := readSignature(header)
	if !ok {
		return Event{}, badSignature
	}
	if d := now.Sub(time.Unix(at, 0)); d > tolerance || d < -tolerance {
		return Event{}, badSignature
	}
	for _, secret := range v.secrets {
		mac := hmac.New(sha256.New, secret)
		mac.Write([]byte(strconv.FormatInt(at, 10) + "."))
		mac.Write(body)
		want := mac.Sum(nil)
		for _, signature := range signatures {
			if hmac.Equal(want, signature) {
				return readEvent(body)
			}
		}
	}
	return Event{}, badSignature
}

var badSignature = errs.New(errs.Malformed, "bad_signature", "The signature does not match.")

// Sign makes the header that Verify accepts; for senders inside tests.
func Sign(body []byte, secret string, at time.Time) string {
	stamp := strconv.FormatInt(at.Unix(), 10)
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(stamp + "."))
	mac.Write(body)
	return "t=" + stamp + ",v1=" + hex.EncodeToString(mac.Sum(nil))
}

// readSignature reads "t=…,v1=…[,v1=…][,v0=…]"; exactly one t is allowed.
func readSignature(header string) (at int64, signatures [][]byte, ok bool) {
	seen := 0
	for part := range strings.SplitSeq(header, ",") {
		name, value, found := strings.Cut(strings.TrimSpace(part), "=")
		if !found {
			return 0, nil, false
		}
		switch name {
		case "t":
			n, err := strconv.ParseInt(value, 10, 64)
			if err != nil || n <= 0 {
				return 0, nil, false
			}
			at = n
			seen++
		case "v1":
			if raw, err := hex.DecodeString(value); err == nil && len(raw) == sha256.Size {
				signatures = append(signatures, raw)
			}
		}
	}
	return at, signatures, seen == 1 && len(signatures) > 0
}

// readEvent takes from an event only what the program acts on.
func readEvent(body []byte) (Event, error) {
	var raw struct {
		ID, Object, Type, Account string
		APIVersion                string `json:"api_version"`
		Livemode                  bool
		Created                   int64
		Data                      struct {
			Object struct {
				ID            string          `json:"id"`
				PaymentIntent json.RawMessage `json:"payment_intent"`
			} `json:"object"`
		}
	}
	if err := json.Unmarshal(body, &raw); err != nil || raw.Object != "event" || raw.ID == "" || raw.Type == "" {
		return Event{}, errs.New(errs.Malformed, "bad_event", "The body is not an event.")
	}
	return Event{
		ID: raw.ID, Account: raw.Account, Type: raw.Type, Live: raw.Livemode, APIVersion: raw.APIVersion,
		CreatedAt: time.Unix(raw.Created, 0).UTC(), ObjectID: raw.Data.Object.ID, IntentID: idOf(raw.Data.Object.PaymentIntent),
	}, nil
}

// idOf reads an id that may stand as text, as an expanded object or as null.
func idOf(raw json.RawMessage) string {
	var id string
	if json.Unmarshal(raw, &id) == nil {
		return id
	}
	var object struct{ ID string }
	if json.Unmarshal(raw, &object) == nil {
		return object.ID
	}
	return ""
}
