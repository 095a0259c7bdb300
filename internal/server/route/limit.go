package route

import (
	"net/netip"
	"strings"
	"sync"
	"time"

	"github.com/hashicorp/golang-lru/v2/simplelru"
	"golang.org/x/time/rate"

	"nearby/internal/errs"
	"nearby/internal/ident"
)

// maxBuckets bounds the memory of one limit: the least recently seen callers
// are forgotten first.
const maxBuckets = 100_000

// Limit is a token bucket for each caller.
type Limit struct {
	rate  rate.Limit
	burst int

	mu      sync.Mutex
	buckets *simplelru.LRU[string, *rate.Limiter]
}

// NewLimit makes buckets that fill at a rate and hold burst tokens.
func NewLimit(perSecond float64, burst int) *Limit {
	buckets, err := simplelru.NewLRU[string, *rate.Limiter](maxBuckets, nil)
	if err != nil {
		panic(err) // only for a size below one
	}
	return &Limit{rate: rate.Limit(perSecond), burst: burst, buckets: buckets}
}

// Take spends one token of the caller's bucket, or says how long to wait.
func (l *Limit) Take(caller string, now time.Time) error {
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

// Network is the part of an address that stands for one household or host: an
// IPv4 address, or the /64 of an IPv6 one.
func Network(address string) string {
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

// TakeName spends a token for a sign-in name, wherever it is tried from, so
// that one account cannot be guessed at from many networks.
func (r *Request) TakeName(name string) error {
	if r.floor.Names == nil {
		return nil
	}
	return r.floor.Names.Take(ident.Hash(strings.ToLower(strings.TrimSpace(name))), r.Now())
}
