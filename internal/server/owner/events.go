package owner

import (
	"io"

	"nearby/internal/server/route"
)

// stream sends what render writes whenever the watched order, or any order of
// the watched business, has changed.
func (h *Handlers) stream(watched string, render func(io.Writer) (bool, error)) route.Answer {
	return route.Live{
		Watch:  func() (<-chan struct{}, func()) { return h.Order.Watch(watched) },
		Render: render,
	}
}
