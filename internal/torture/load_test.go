package torture

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"nearby/internal/ident"
	"nearby/internal/server/servertest"
)

// fact is an order as its shopper knows it: everything here was acknowledged.
type fact struct {
	servertest.Placed
	card      bool
	paid      bool // the sandbox took the money
	cancelled bool
}

// load is shoppers who order, pay, wander off and change their minds, through
// the API and the sandbox's pages, whatever becomes of the program meanwhile.
type load struct {
	w     *world
	stop  atomic.Bool
	ended sync.WaitGroup

	mu    sync.Mutex
	facts []*fact
	odd   map[string]int // answers that no shopper should get
	cut   atomic.Int64   // answers that began and did not end
	asked atomic.Int64
	yes   atomic.Int64
}

func (w *world) load(clients int) *load {
	ctx := w.t.Context()
	l := &load{w: w, odd: map[string]int{}}
	for i := range clients {
		random := rand.New(rand.NewPCG(uint64(i), 7))
		l.ended.Go(func() {
			for n := 0; ctx.Err() == nil && !l.stop.Load(); n++ {
				l.shop(ctx, random, fmt.Sprintf("shopper%d.%d@load.example", i, n))
			}
		})
	}
	return l
}

// busy waits until the program that has just started answers the shoppers, and
// then a moment more.
func (l *load) busy(moment time.Duration) {
	for before := l.yes.Load(); l.yes.Load() == before && l.w.t.Context().Err() == nil; {
		time.Sleep(time.Millisecond)
	}
	time.Sleep(moment)
}

// end has the shoppers finish what they are doing, which needs a program that
// runs, and gives what they know.
func (l *load) end(t *testing.T) []*fact {
	t.Helper()
	l.stop.Store(true)
	l.ended.Wait()
	for what, n := range l.odd {
		t.Errorf("%d times: %s", n, what)
	}
	paid, cancelled := 0, 0
	for _, f := range l.facts {
		if f.paid {
			paid++
		}
		if f.cancelled {
			cancelled++
		}
	}
	t.Logf("%d calls; acknowledged: %d orders, %d paid, %d cancelled", l.asked.Load(), len(l.facts), paid, cancelled)
	return l.facts
}

// shop is one wish to order, to its end.
func (l *load) shop(ctx context.Context, random *rand.Rand, email string) {
	caller := l.w.caller(4)
	defer caller.HTTP.CloseIdleConnections()
	f := &fact{card: random.IntN(4) > 0}
	wish := servertest.Wish{Quantity: 1 + random.Int64N(2), Payment: "at_pickup", Email: email, Key: ident.Random()}
	if f.card {
		wish.Payment = "card"
	}
	plan := random.IntN(8)
	if !l.insist(ctx, func() (err error) { f.Placed, err = caller.Place(ctx, l.w.shop, wish); return err }) {
		return
	}
	l.mu.Lock()
	l.facts = append(l.facts, f)
	l.mu.Unlock()
	if f.card && plan < 6 {
		l.pay(ctx, caller, f, plan == 0)
	}
	if plan == 1 || plan == 6 {
		cancelKey := ident.Random()
		if l.insist(ctx, func() error { _, err := caller.Cancel(ctx, f.Placed, cancelKey); return err }) {
			f.cancelled = true
		}
	}
}

// pay goes to the payment page; with decline a card is refused first.
func (l *load) pay(ctx context.Context, caller servertest.Caller, f *fact, decline bool) {
	var page string
	if !l.insist(ctx, func() (err error) { page, err = caller.Checkout(ctx, f.Placed); return err }) {
		return
	}
	if decline {
		if err := servertest.Pay(ctx, page, servertest.DeclinedCard); ctx.Err() == nil && !errors.Is(err, servertest.ErrDeclined) {
			l.note(fmt.Sprint("a bad card: ", err))
		}
	}
	switch err := servertest.Pay(ctx, page, servertest.GoodCard); {
	case err == nil:
		f.paid = true
	case ctx.Err() == nil:
		l.note(fmt.Sprint("paying: ", err))
	}
}

// insist calls until the program answers: the same call, with the same key.
// It tells whether the answer was a yes.
func (l *load) insist(ctx context.Context, call func() error) bool {
	for ctx.Err() == nil {
		l.asked.Add(1)
		err := call()
		if err == nil {
			l.yes.Add(1)
			return true
		}
		if errors.Is(err, servertest.ErrCut) {
			l.cut.Add(1)
		}
		problem := servertest.ProblemOf(err)
		if problem != nil && problem.Status != 503 && problem.Code != "in_progress" {
			l.note(problem.Error())
			return false
		}
		select {
		case <-ctx.Done():
		case <-time.After(5 * time.Millisecond):
		}
	}
	return false
}

func (l *load) note(what string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.odd[what]++
}
