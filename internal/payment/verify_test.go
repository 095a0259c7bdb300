package payment_test

import (
	"fmt"
	"testing"
	"time"

	"nearby/internal/errs"
	"nearby/internal/payment"
)

const (
	secretA = "whsec_aaaaaaaaaaaaaaaa"
	secretB = "whsec_bbbbbbbbbbbbbbbb"
)

var (
	noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	body = []byte(`{"id":"evt_1","object":"event","type":"charge.refunded","account":"acct_1","livemode":false,"created":1772366400,
		"api_version":"2023-10-16","data":{"object":{"id":"ch_1","payment_intent":{"id":"pi_1"}}}}`)
)

func TestVerify(t *testing.T) {
	sign := func(secret string, shift time.Duration) string { return payment.Sign(body, secret, noon.Add(shift)) }
	tests := []struct {
		name, header string
		body         []byte
		code         string
	}{
		{"first secret", sign(secretA, 0), body, ""},
		{"second secret", sign(secretB, 0), body, ""},
		{"oldest that counts", sign(secretA, -300*time.Second), body, ""},
		{"newest that counts", sign(secretA, 300*time.Second), body, ""},
		{"one good signature of two", sign(secretA, 0) + ",v1=00", body, ""},
		{"spaces between the parts", "t=" + fmt.Sprint(noon.Unix()) + ", " + sign(secretA, 0)[13:], body, ""},
		{"too old", sign(secretA, -301*time.Second), body, "bad_signature"},
		{"from the future", sign(secretA, 301*time.Second), body, "bad_signature"},
		{"wrong secret", sign("whsec_cccccccccccc", 0), body, "bad_signature"},
		{"empty secret", sign("", 0), body, "bad_signature"},
		{"one byte more", sign(secretA, 0), append(append([]byte(nil), body...), ' '), "bad_signature"},
		{"no header", "", body, "bad_signature"},
		{"no time", sign(secretA, 0)[13:], body, "bad_signature"},
		{"two times", "t=1," + sign(secretA, 0), body, "bad_signature"},
		{"time far off the scale", "t=99999999999999999999,v1=00", body, "bad_signature"},
		{"older scheme only", "t=1772366400,v0=00", body, "bad_signature"},
		{"no event", payment.Sign([]byte(`{"object":"list"}`), secretA, noon), []byte(`{"object":"list"}`), "bad_event"},
		{"no JSON", payment.Sign([]byte("hello"), secretA, noon), []byte("hello"), "bad_event"},
	}
	v, err := payment.NewVerifier(secretA, secretB)
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			event, err := v.Verify(tt.body, tt.header, noon)
			if tt.code != "" {
				if !errs.Is(err, errs.Malformed) || !errs.Has(err, tt.code) {
					t.Fatalf("err = %v, want code %s", err, tt.code)
				}
				return
			}
			want := payment.Event{
				ID: "evt_1", Account: "acct_1", Type: "charge.refunded", ObjectID: "ch_1", IntentID: "pi_1",
				APIVersion: "2023-10-16", CreatedAt: time.Unix(1772366400, 0).UTC(),
			}
			if err != nil || event != want {
				t.Errorf("Verify = %+v, %v; want %+v", event, err, want)
			}
		})
	}
}

func TestVerifierNeedsSecrets(t *testing.T) {
	for _, secrets := range [][]string{nil, {""}, {"whsec_"}, {"secret"}, {secretA, ""}} {
		if _, err := payment.NewVerifier(secrets...); err == nil {
			t.Errorf("NewVerifier(%q) accepted", secrets)
		}
	}
}

func FuzzVerify(f *testing.F) {
	f.Add(body, payment.Sign(body, secretA, noon))
	f.Add([]byte("{}"), "t=1,v1=00")
	v, err := payment.NewVerifier(secretA)
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, body []byte, header string) {
		if _, err := v.Verify(body, header, noon); err != nil && !errs.Is(err, errs.Malformed) {
			t.Fatalf("err = %v", err)
		}
	})
}
