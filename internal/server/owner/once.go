package owner

import (
	"sync"

	"github.com/hashicorp/golang-lru/v2/simplelru"
)

// mostOnce bounds how many form tokens are remembered.
const mostOnce = 10_000

// once has a form that makes something work one time: a second press of its
// button, or the same form sent again, leads to what the first one made. It
// remembers in this process, which is where a double click arrives.
type once struct {
	mu    sync.Mutex
	known *simplelru.LRU[string, *made]
}

type made struct {
	sync.Mutex
	path string // where what was made is; "" while nothing was
}

// do calls fn unless the same key has already made something, and returns the
// path of what was made. fn returns "" when it made nothing.
func (o *once) do(key string, fn func() (string, error)) (string, error) {
	m := o.of(key)
	m.Lock()
	defer m.Unlock()
	if m.path != "" {
		return m.path, nil
	}
	var err error
	m.path, err = fn()
	return m.path, err
}

func (o *once) of(key string) *made {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.known == nil {
		var err error
		if o.known, err = simplelru.NewLRU[string, *made](mostOnce, nil); err != nil {
			panic(err) // only for a size below one
		}
	}
	m, ok := o.known.Get(key)
	if !ok {
		m = &made{}
		o.known.Add(key, m)
	}
	return m
}
