package server

import (
	"net/netip"
	"strings"
	"sync"
	"time"

	"github.com/hashicorp/golang-lru/v2/simplelru"
	"golang.org/x/time/rate"

	"nearby/internal/errs"
)

// maxBuckets bounds the memory of one limit: the least recently seen callers
// are forgotten first.
const maxBuckets = 100_000

// limit is a token bucket for each caller.
type limit struct {
	rate  rate.Limit
	burst int

	mu      sync.Mutex
	buckets *simplelru.LRU[string, *rate.Limiter]
}

func newLimit(perSecond float64, burst int) *limit {
	buckets, err := simplelru.NewLRU[string, *rate.Limiter](maxBuckets, nil)
	if err != nil {
		panic(err) // only for a size below one
	}
	return &limit{rate: rate.Limit(perSecond), burst: burst, buckets: buckets}
}

// take spends one token of the caller's bucket, or says how long to wait.
func (l *limit) take(caller string, now time.Time) error {
	l.mu.Lock()
	bucket, known := l.buckets.Get(caller)
	if !known {
		bucket = rate.NewLimiter(l.rate, l.burst)
		l.buckets.Add(caller, bucket)
	}
	l.mu.Unlock()
	reservation := bucket.ReserveN(now, 1)
	if wait := reservation.DelayFrom(now); wait > 0 {
		reservation.CancelAt(now)
		e := errs.New(errs.TooMany, "slow_down", "That was quick. Please wait a moment and try again.")
		e.RetryAfter = wait
		return e
	}
	return nil
}

// network is the part of an address that stands for one household or host: an
// IPv4 address, or the /64 of an IPv6 one.
func network(address string) string {
	ip, err := netip.ParseAddr(strings.TrimSpace(address))
	if err != nil {
		return "unknown"
	}
	ip = ip.Unmap()
	if ip.Is4() {
		return ip.String()
	}
	prefix, _ := ip.WithZone("").Prefix(64)
	return prefix.String()
}

// limits are the buckets of reliability's table, by the name a route uses.
// Sign-in counts per network here and per name in its handler: two buckets,
// never one keyed on the pair.
func limits() map[string]*limit {
	return map[string]*limit{
		"":         newLimit(20, 60),
		"search":   newLimit(5, 20),
		"sign-in":  newLimit(20.0/60, 20),
		"sign-up":  newLimit(5.0/3600, 5),
		"checkout": newLimit(6.0/60, 6),
		"upload":   newLimit(30.0/3600, 30),
		"report":   newLimit(10.0/3600, 10),
		"token":    newLimit(10, 30),
	}
}
