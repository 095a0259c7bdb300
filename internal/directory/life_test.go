package directory

import (
	"slices"
	"strings"
	"testing"
	"time"

	"nearby/internal/account"
	"nearby/internal/errs"
)

// expected is the life cycle in words: event, who may, from where, to where.
const expected = `
import           operator,system           -                                   unclaimed
import_verified  operator,system           -,unclaimed                         verified
create           shopper,owner             -                                   draft
claim            owner                     unclaimed                           draft
submit           owner                     draft,changes_requested             submitted
withdraw         owner                     submitted                           draft
take             verifier                  submitted                           in_review
release          verifier,system           in_review                           submitted
ask              verifier                  in_review                           changes_requested
no_answer        system                    changes_requested                   withdrawn
approve          verifier                  in_review                           verified
reject           verifier                  in_review                           rejected
resubmit         owner                     rejected                            draft
overturn         verifier,operator         rejected                            submitted
check_expired    system                    verified                            verified_due
recheck_passed   verifier,system           verified_due                        verified
grace_over       system                    verified_due                        limited
lift             verifier,system           limited                             verified
suspend          verifier,operator,system  verified,verified_due,limited       suspended
reinstate        verifier,operator,system  suspended,terminated                verified
terminate        verifier,operator         suspended                           terminated
close            owner                     unclaimed,draft,submitted,in_review,changes_requested,verified,verified_due,rejected,limited,suspended  withdrawn
reopen           owner                     withdrawn                           draft
`

func TestLife(t *testing.T) {
	type step struct{ state, event, role string }
	want := map[step]string{}
	var events []string
	for line := range strings.Lines(strings.TrimSpace(expected)) {
		f := strings.Fields(line)
		events = append(events, f[0])
		for _, role := range strings.Split(f[1], ",") {
			for _, from := range strings.Split(f[2], ",") {
				want[step{strings.Trim(from, "-"), f[0], role}] = f[3]
			}
		}
	}
	now := time.Date(2026, 5, 4, 9, 0, 0, 0, time.UTC)
	roles := []string{account.Shopper, account.Owner, account.Staff, account.Verifier, account.Operator, account.System, account.Public}
	for _, state := range append([]State{""}, States...) {
		for _, event := range events {
			for _, role := range roles {
				b := Business{State: state}
				err := b.Move(Event(event), role, now)
				to, allowed := want[step{string(state), event, role}]
				if allowed {
					if err != nil || string(b.State) != to {
						t.Errorf("%s by %s in %q leads to %q, %v; want %q", event, role, state, b.State, err, to)
					}
					continue
				}
				possible := slices.ContainsFunc(roles, func(r string) bool { return want[step{string(state), event, r}] != "" })
				kind := errs.Conflict
				if possible {
					kind = errs.Forbidden
				}
				if !errs.Is(err, kind) || b.State != state {
					t.Errorf("%s by %s in %q gave %v and left %q; want %s", event, role, state, err, b.State, kind)
				}
			}
		}
	}
	if got := len(Life.Moves()); got != len(events) {
		t.Errorf("the table has %d moves, the paper %d", got, len(events))
	}
	b := Business{State: Terminated}
	for _, event := range events {
		if b.Move(Event(event), account.Owner, now) == nil || b.State != Terminated {
			t.Errorf("%s leads out of the grave", event)
		}
	}
}

func TestRefusalSaysWhatIsPossible(t *testing.T) {
	b := Business{State: Submitted}
	err := b.Move(EventSubmit, account.Owner, time.Time{})
	if got := strings.Join(errs.Of(err).Allowed, " "); !errs.Has(err, "not_allowed") || got != "withdraw close" {
		t.Errorf("error %v allows %q", err, got)
	}
}

// Measures are laid over each other and taken off again in reverse.
func TestMeasuresReturnToTheStateBefore(t *testing.T) {
	now := time.Date(2026, 5, 4, 9, 0, 0, 0, time.UTC)
	b := Business{State: VerifiedDue}
	for _, s := range []struct {
		event Event
		by    account.Role
		want  State
	}{
		{EventSuspend, account.Verifier, Suspended},
		{EventReinstate, account.Verifier, VerifiedDue},
		{EventGraceOver, account.System, Limited},
		{EventSuspend, account.System, Suspended},
		{EventReinstate, account.Operator, Limited},
		{EventLift, account.System, VerifiedDue},
		{EventGraceOver, account.System, Limited},
		{EventClose, account.Owner, Withdrawn},
		{EventReopen, account.Owner, Draft},
	} {
		if err := b.Move(s.event, s.by, now); err != nil || b.State != s.want {
			t.Fatalf("%s leads to %q, %v; want %q", s.event, b.State, err, s.want)
		}
	}
	if b.stateBefore != "" {
		t.Errorf("a new draft still remembers %q", b.stateBefore)
	}
}

func TestWhoIsPublic(t *testing.T) {
	for _, state := range States {
		b := Business{State: state, Cell: 1, Pickup: true}
		listed := state == Verified || state == VerifiedDue || state == Limited
		orderable := state == Verified || state == VerifiedDue
		if b.Listed() != listed || b.Orderable(time.Now()) != orderable {
			t.Errorf("%s: listed %v, orderable %v", state, b.Listed(), b.Orderable(time.Now()))
		}
		if b.Cell = 0; b.Listed() || b.Orderable(time.Now()) {
			t.Errorf("%s without a pin is listed", state)
		}
	}
	for name, b := range map[string]Business{
		"paused":        {State: Verified, Cell: 1, Pickup: true, Paused: true},
		"hands nothing": {State: Verified, Cell: 1},
	} {
		if b.Orderable(time.Now()) || !b.Listed() {
			t.Errorf("%s: listed %v, orderable %v", name, b.Listed(), b.Orderable(time.Now()))
		}
	}
}
