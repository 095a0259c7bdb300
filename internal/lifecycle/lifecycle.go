// Package lifecycle holds state machines as tables: which event may move a
// thing from which state to which, and who may cause it. What is not in the
// table is refused, and the refusal says what would be allowed.
package lifecycle

import (
	"fmt"
	"slices"

	"nearby/internal/errs"
)

// Move is one row of a table: in any of the From states, Event caused by one
// of By leads to To.
type Move[S, E, R ~string] struct {
	From  []S
	Event E
	By    []R
	To    S
}

// Table is a state machine of states S, events E and roles R.
type Table[S, E, R ~string] struct {
	name  string
	moves []Move[S, E, R]
	next  map[key[S, E]]Move[S, E, R]
}

type key[S, E ~string] struct {
	from  S
	event E
}

// New makes the table of the named thing. It panics when two rows give one
// (state, event) different ends, because then the table is no machine.
func New[S, E, R ~string](name string, moves ...Move[S, E, R]) *Table[S, E, R] {
	t := &Table[S, E, R]{name: name, moves: moves, next: map[key[S, E]]Move[S, E, R]{}}
	for _, m := range moves {
		for _, from := range m.From {
			k := key[S, E]{from, m.Event}
			if _, twice := t.next[k]; twice {
				panic(fmt.Sprintf("lifecycle: %s: two moves for %q in %q", name, m.Event, from))
			}
			t.next[k] = m
		}
	}
	return t
}

// Next is the state that event leads to from the given state. Errors: Conflict
// "not_allowed" with the events that are allowed instead, Forbidden
// "wrong_role" when the move exists but not for this role.
func (t *Table[S, E, R]) Next(from S, event E, by R) (S, error) {
	m, ok := t.next[key[S, E]{from, event}]
	if !ok {
		e := errs.New(errs.Conflict, "not_allowed", fmt.Sprintf("This %s is %q, so %q is not possible now.", t.name, from, event))
		for _, allowed := range t.Allowed(from, by) {
			e.Allowed = append(e.Allowed, string(allowed))
		}
		return from, e
	}
	if !slices.Contains(m.By, by) {
		return from, errs.New(errs.Forbidden, "wrong_role", fmt.Sprintf("Only %v may do this.", m.By))
	}
	return m.To, nil
}

// Allowed lists the events that the role may cause in the given state, in the
// order of the table.
func (t *Table[S, E, R]) Allowed(from S, by R) []E {
	var events []E
	for _, m := range t.moves {
		if slices.Contains(m.From, from) && slices.Contains(m.By, by) {
			events = append(events, m.Event)
		}
	}
	return events
}

// Moves is the whole table, for documentation and for tests that walk it.
func (t *Table[S, E, R]) Moves() []Move[S, E, R] { return slices.Clone(t.moves) }
