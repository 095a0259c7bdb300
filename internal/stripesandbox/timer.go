package stripesandbox

import "time"

// timer is work that is due at a moment, about one object. Its ID begins with
// the moment, so that the lowest is the next.
type timer struct {
	scope
	At    time.Time `json:"at"`
	Task  string    `json:"task"`
	About scope     `json:"about"`
}

func (timer) kind() string { return "timer" }

// tasks is what timers do. A task looks at the object first: it may have
// moved on since the timer was set.
var tasks = map[string]func(t *tx, account, id string){
	"session.expire": sessionRunOut,
	"intent.lapse":   authorizationLapsed,
	"intent.settle":  settleLater,
	"charge.dispute": disputeCharge,
	"charge.inquiry": inquireCharge,
	"charge.warning": warnOfFraud,
	"refund.fail":    refundFails,
	"refund.settle":  refundSettles,
	"refund.fund":    refundWaits,
	"dispute.due":    disputeRunsOut,
	"dispute.decide": disputeDecided,
	"payout.create":  payOut,
	"payout.arrive":  payoutArrives,
}

// after sets a timer d from now.
func (t *tx) after(d time.Duration, task, account, object string) {
	t.at(t.now.Add(d), task, account, object)
}

// at sets a timer. The same task for the same object and moment is set once.
func (t *tx) at(at time.Time, task, account, object string) {
	id := at.Format("2006-01-02T15:04:05.000000") + " " + task + " " + account + " " + object
	put(t, timer{scope{"", id}, at, task, scope{account, object}})
	if t.s.nextDue.IsZero() || at.Before(t.s.nextDue) {
		t.s.nextDue = at
	}
}

// runTimers does everything that is due, in its order, each in a transaction
// of its own and at its own moment, so that a leap of the clock plays the
// same as waiting. The caller holds mu.
func (s *Sandbox) runTimers() error {
	for now := s.now(); !s.nextDue.IsZero() && !s.nextDue.After(now); {
		err := s.commit(func(t *tx) error {
			if due, ok := lowest[timer](t, ""); ok && !due.At.After(now) {
				remove(t, due)
				t.now = due.At
				tasks[due.Task](t, due.About.Account, due.About.ID)
			}
			s.nextDue = earliestTimer(t)
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// earliestTimer is when the next timer is due, or zero.
func earliestTimer(t *tx) time.Time {
	next, _ := lowest[timer](t, "")
	return next.At
}

const clockID = "clock"

// clockRecord keeps how far the clock was moved on, so that time does not run
// backwards after a restart.
type clockRecord struct {
	scope
	Offset time.Duration `json:"offset"`
}

func (clockRecord) kind() string { return "clock" }

// Advance moves the sandbox's clock on by d and does what is due by then.
func (s *Sandbox) Advance(d time.Duration) error {
	if d < 0 {
		return invalid("seconds", "the clock only moves forwards")
	}
	err := s.do(func(t *tx) error {
		put(t, clockRecord{scope{"", clockID}, s.offset + d})
		return nil
	})
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.offset += d
	s.wakeDeliverer()
	return s.runTimers()
}
