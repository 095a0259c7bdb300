package route

import (
	"testing"
	"time"

	"nearby/internal/errs"
)

func TestLimitsCountNetworksNotAddresses(t *testing.T) {
	l := NewLimit(1, 3)
	now := time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)
	for i := range 3 {
		if err := l.Take(Network("2001:db8::"+string(rune('1'+i))), now); err != nil {
			t.Fatal(err)
		}
	}
	err := l.Take(Network("2001:db8::ffff"), now)
	if !errs.Is(err, errs.TooMany) || errs.Of(err).RetryAfter <= 0 {
		t.Fatalf("the fourth from one /64: %v", err)
	}
	if err := l.Take(Network("2001:db8:1::1"), now); err != nil {
		t.Errorf("another /64: %v", err)
	}
	if err := l.Take(Network("2001:db8::9"), now.Add(time.Second)); err != nil {
		t.Errorf("a second later: %v", err)
	}
	for i := range maxBuckets + 10 {
		_ = l.Take(string(rune(i)), now)
	}
	if n := l.buckets.Len(); n > maxBuckets {
		t.Errorf("%d buckets kept", n)
	}
}
