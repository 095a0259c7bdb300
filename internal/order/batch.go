package order

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"nearby/internal/audit"
	"nearby/internal/database"
	"nearby/internal/errs"
)

// queueMost bounds the orders that wait for the same thing.
const queueMost = 4096

var errCrowded = &errs.Error{
	Kind: errs.Unavailable, Code: "crowded", Message: "Very many people order this right now. Please try again in a moment.", RetryAfter: time.Second,
}

// ask is one wish for an order on its way to the database, and what became of
// it.
type ask struct {
	buyer    Buyer
	in       PlaceInput
	hash     string
	platform string

	state atomic.Int32 // asking, taken, gone
	done  chan struct{}

	id       string
	fresh    *Order // a new order that waits for its payment, as it was written
	replayed bool
	crowded  bool
	err      error
}

const (
	asking int32 = iota
	taken        // its transaction has begun: the answer must be awaited
	gone         // the caller left before
)

// counter is where orders of the same thing queue. One transaction on one row
// costs a wait for the disk, so whoever waits together shares it. Exactness is
// the database's: the queue only saves commits, and several processes may have
// one each.
type counter struct {
	mu     sync.Mutex
	queues map[string]*queue
}

type queue struct{ waiting []*ask }

// key is what an order queues for: the business and, when it is all that is
// wanted, the thing.
func (a *ask) key() string {
	if len(a.in.Lines) == 1 {
		return a.in.BusinessID + "/" + a.in.Lines[0].VariantID
	}
	return ""
}

// join has an order written, alone or with others.
func (s *Service) join(ctx context.Context, a *ask) error {
	a.done = make(chan struct{})
	key := a.key()
	if key == "" || database.InTx(ctx) {
		a.state.Store(taken)
		s.writeAll(ctx, []*ask{a})
		return a.err
	}
	if !s.counter.add(key, a, func() { s.serve(context.WithoutCancel(ctx), key) }) {
		return errCrowded
	}
	select {
	case <-a.done:
	case <-ctx.Done():
		if a.state.CompareAndSwap(asking, gone) {
			return errs.New(errs.Unavailable, "interrupted", "The order was not placed. Please try again.").Because(ctx.Err())
		}
		<-a.done // it is being written: within writeTime there is an answer
	}
	return a.err
}

// add queues an order; the first one has the queue served. False when too many
// wait.
func (c *counter) add(key string, a *ask, serve func()) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	q := c.queues[key]
	if q == nil {
		if c.queues == nil {
			c.queues = map[string]*queue{}
		}
		q = &queue{}
		c.queues[key] = q
		go serve()
	}
	if len(q.waiting) >= queueMost {
		return false
	}
	q.waiting = append(q.waiting, a)
	return true
}

// next takes the orders that share the next transaction; none ends the queue.
// Whoever left meanwhile is passed over, before the transaction and never after.
func (c *counter) next(key string, most int) []*ask {
	c.mu.Lock()
	defer c.mu.Unlock()
	q := c.queues[key]
	var batch []*ask
	for len(q.waiting) > 0 && len(batch) < most {
		a := q.waiting[0]
		q.waiting = q.waiting[1:]
		if a.state.CompareAndSwap(asking, taken) {
			batch = append(batch, a)
		}
	}
	if len(batch) == 0 {
		delete(c.queues, key)
	}
	return batch
}

// serve works a queue until nobody waits.
func (s *Service) serve(ctx context.Context, key string) {
	for {
		batch := s.counter.next(key, s.Group)
		if len(batch) == 0 {
			return
		}
		s.writeAll(ctx, batch)
		for _, a := range batch {
			a.crowded = len(batch) > 1
			close(a.done)
		}
	}
}

// writeAll writes orders in one transaction. When that fails, its halves are
// tried, so that one bad order costs no other.
func (s *Service) writeAll(ctx context.Context, batch []*ask) {
	err := s.tryAll(ctx, batch)
	switch {
	case err == nil:
	case len(batch) == 1:
		batch[0].err = err
	default:
		half := len(batch) / 2
		s.writeAll(ctx, batch[:half])
		s.writeAll(ctx, batch[half:])
	}
}

func (s *Service) tryAll(ctx context.Context, batch []*ask) (err error) {
	defer func() {
		if p := recover(); p != nil {
			slog.Error("placing panicked", "panic", p)
			err = fmt.Errorf("order: placing panicked: %v", p)
		}
	}()
	return s.write(ctx, func(ctx context.Context) error {
		for _, a := range batch { // the transaction may be run again from its start
			a.id, a.fresh, a.replayed, a.err = "", nil, false, nil
		}
		return s.placeAll(ctx, batch)
	})
}

// placeAll is the transaction of Place for orders of one business. An order
// that cannot be taken gets its own error; the transaction fails only as a
// whole.
func (s *Service) placeAll(ctx context.Context, batch []*ask) error {
	businessID := batch[0].in.BusinessID
	if err := s.store.lockPlacing(ctx, businessID); err != nil {
		return err
	}
	rest, twins, err := s.answerKnown(ctx, batch)
	if err != nil || len(rest) == 0 {
		return err
	}
	var variants, buyers []string
	for _, a := range rest {
		variants, buyers = append(variants, a.in.variants()...), append(buyers, a.buyer.key())
	}
	sh, err := s.shelf(ctx, businessID, distinct(variants))
	if err != nil {
		return err
	}
	free, err := s.Stock.Lock(ctx, sh.stockIDs())
	if err != nil {
		return err
	}
	waiting, err := s.store.waiting(ctx, distinct(buyers))
	if err != nil {
		return err
	}
	drops, err := s.openDrops(ctx, sh, free, distinct(buyers))
	if err != nil {
		return err
	}
	b := &bundle{shelf: sh, free: free, waiting: waiting, drops: drops, sums: map[string]int64{}}
	for _, a := range rest {
		a.err = s.take(b, a)
	}
	for _, t := range twins {
		t.ask.id, t.ask.replayed, t.ask.err = t.of.id, true, t.of.err
		if t.of.err == nil && t.of.hash != t.ask.hash {
			t.ask.err = errReused
		}
	}
	return s.insertAll(ctx, b)
}

// twin is an order whose token another one of the same batch has.
type twin struct{ ask, of *ask }

// answerKnown answers the orders whose token made one already, and gives back
// the others.
func (s *Service) answerKnown(ctx context.Context, batch []*ask) (rest []*ask, twins []twin, err error) {
	type token struct{ buyer, token string }
	keys := make([][]any, len(batch))
	for i, a := range batch {
		keys[i] = []any{a.buyer.key(), a.in.ClientToken}
	}
	made, err := s.store.made(ctx, keys)
	if err != nil {
		return nil, nil, err
	}
	known, firsts := map[token]orderRow{}, map[token]*ask{}
	for _, r := range made {
		known[token{r.Buyer, r.ClientToken}] = r
	}
	for _, a := range batch {
		key := token{a.buyer.key(), a.in.ClientToken}
		r, there := known[key]
		switch {
		case there && r.RequestHash != a.hash:
			a.err = errReused
		case there:
			a.id, a.replayed = r.ID, true
		case firsts[key] != nil:
			twins = append(twins, twin{a, firsts[key]})
		default:
			a.id, firsts[key] = s.IDs(), a
			rest = append(rest, a)
		}
	}
	return rest, twins, nil
}

// bundle is what one transaction writes.
type bundle struct {
	shelf   shelf
	free    map[string]int64 // by stock row, under its lock
	waiting map[string]map[Method]int64
	drops   dropBook

	sums         map[string]int64
	orders       []orderRow
	lines        []lineRow
	reservations []reservationRow
	pays         []payRow
	asks         []*ask
}

// take puts one order into the bundle, or says why not.
func (s *Service) take(b *bundle, a *ask) error {
	b.shelf.count(b.free)
	q, err := s.quoteFrom(b.shelf, a.in)
	if err != nil {
		return err
	}
	if q.Totals.Total != a.in.ExpectedTotal {
		return errs.New(errs.Conflict, "total_changed", "The total has changed. Please look at it again.").
			With(map[string]any{"expected_total": a.in.ExpectedTotal, "total": q.Totals.Total})
	}
	buyer := a.buyer.key()
	method, err := chooseMethod(a.in, q, b.waiting[buyer])
	if err != nil {
		return err
	}
	if len(q.Short) > 0 {
		return soldOut(q.Short)
	}
	sums := map[string]int64{}
	for _, w := range q.hold {
		if w.ware.StockID != "" {
			sums[w.ware.StockID] += w.quantity
		}
	}
	for id, n := range sums { // two lines of one thing may each fit and not both
		if b.free[id] < n {
			return soldOut([]Short{{q.variantOf(id), n, max(0, b.free[id])}})
		}
	}
	if err := b.drops.admit(a.buyer, sums); err != nil {
		return err
	}
	r, err := s.newOrder(a.id, a.buyer, a.in, a.hash, q, method)
	if err != nil {
		return err
	}
	for _, id := range sortedKeys(sums) {
		b.free[id] -= sums[id]
		b.sums[id] += sums[id]
		b.reservations = append(b.reservations, reservationRow{
			OrderID: a.id, StockID: id, Qty: sums[id], State: "active", DropID: b.drops.take(buyer, id, sums[id], method), Buyer: buyer, MadeAt: r.CreatedAt,
		})
	}
	if b.waiting[buyer] == nil {
		b.waiting[buyer] = map[Method]int64{}
	}
	b.waiting[buyer][method]++
	lines := make([]lineRow, len(q.Lines))
	for i, l := range q.Lines {
		lines[i] = lineOf(a.id, l)
	}
	b.orders, b.asks, b.lines = append(b.orders, r), append(b.asks, a), append(b.lines, lines...)
	p := s.newPayment(r, q, a.platform, 1)
	if p != nil {
		b.pays = append(b.pays, *p)
	}
	if method == Card {
		o := r.order(lines, []payRow{*p}, nil, nil)
		a.fresh = &o
	}
	return nil
}

// insertAll holds the pieces of a bundle and writes its orders.
func (s *Service) insertAll(ctx context.Context, b *bundle) error {
	if len(b.orders) == 0 {
		return nil
	}
	for _, id := range sortedKeys(b.sums) {
		ok, err := s.Stock.Hold(ctx, id, b.sums[id])
		if err != nil {
			return err
		}
		if !ok { // it cannot be under the lock; the database has the last word
			return errs.New(errs.Internal, "stock_mismatch", "Something went wrong on our side.").With(map[string]any{"move": "hold"})
		}
	}
	if err := s.takeDrops(ctx, b.drops); err != nil {
		return err
	}
	if err := s.store.insert(ctx, b.orders, b.lines, b.reservations, b.pays); err != nil {
		return err
	}
	for i, r := range b.orders {
		err := s.Audit.Add(ctx, audit.Entry{
			Actor: b.asks[i].buyer.actor(), Action: "order.place", Object: "order", ObjectID: r.ID, BusinessID: r.BusinessID,
			Detail: map[string]any{"state": r.State, "method": r.Method, "total": r.Total, "currency": r.Currency},
		})
		if err != nil {
			return err
		}
		s.changed(ctx, r.ID, r.BusinessID)
		if r.Method == Card {
			continue
		}
		t, err := s.store.lock(ctx, r.ID)
		if err != nil {
			return err
		}
		if err := s.placed(ctx, t, b.shelf.business); err != nil {
			return err
		}
	}
	return nil
}
