package order

import (
	"context"
	"encoding/json"
	"log/slog"
	"strings"
	"time"
	"unicode/utf8"

	"nearby/internal/account"
	"nearby/internal/audit"
	"nearby/internal/errs"
	"nearby/internal/payment"
)

const (
	minAnswer = 10   // characters of a business's own words
	maxAnswer = 5000 // of them
)

// breaks are what plain text of several lines may hold besides.
var breaks = strings.NewReplacer("\r\n", " ", "\n", " ")

// AnswerDispute sends a business's words and the evidence on its order to the
// bank. It can be done once and not be taken back, so the actor must be one who
// may refund. The answer is stored first and sent then; what the provider could
// not take yet is sent again until the deadline. Errors: NotFound, Forbidden;
// Invalid field "words"; Conflict "not_answerable" after the deadline, or when
// it was answered.
func (s *Service) AnswerDispute(ctx context.Context, actor audit.Actor, businessID, orderID, disputeID, words string) (Dispute, error) {
	role, err := s.Accounts.Require(ctx, actor, businessID, account.RightRefund)
	if err != nil {
		return Dispute{}, err
	}
	actor = role.Actor(actor.ID)
	o, err := s.Get(ctx, orderID)
	if err != nil {
		return Dispute{}, err
	}
	if o.BusinessID != businessID {
		return Dispute{}, errs.Missing("order")
	}
	words = strings.TrimSpace(words)
	if n := utf8.RuneCountInString(words); n < minAnswer || !plain(breaks.Replace(words), maxAnswer) {
		return Dispute{}, errs.Fields([]errs.Field{{Name: "words", Code: "bad_text", Message: "Say what happened, in 10 to 5,000 plain characters."}})
	}
	evidence, err := s.Evidence(ctx, o)
	if err != nil {
		return Dispute{}, err
	}
	evidence.Words = words
	raw, err := json.Marshal(evidence)
	if err != nil {
		return Dispute{}, err
	}
	var row disputeRow
	err = s.write(ctx, func(ctx context.Context) error {
		t, err := s.store.lock(ctx, orderID)
		if err != nil {
			return err
		}
		if row, err = s.disputeOf(ctx, t, disputeID); err != nil {
			return err
		}
		if !row.dispute(s.Clock()).CanAnswer {
			return errs.New(errs.Conflict, "not_answerable", "This dispute cannot be answered any more.")
		}
		set := map[string]any{"evidence_json": string(raw), "answered_by": actor.ID, "next_check_at": s.Clock(), "tries": 0, "last_error": nil}
		if err := s.store.updateDispute(ctx, &row, set); err != nil {
			return err
		}
		s.changed(ctx, orderID, businessID)
		s.soon(ctx)
		return s.Audit.Add(ctx, audit.Entry{
			Actor: actor, Action: "dispute.answer", Object: "order", ObjectID: orderID, BusinessID: businessID, Detail: map[string]any{"dispute": disputeID},
		})
	})
	if err != nil {
		return Dispute{}, err
	}
	row, _, err = s.store.lockDispute(ctx, row.Account, row.ID)
	if err == nil && s.Gateway != nil {
		if err := s.workDispute(ctx, row); err != nil {
			slog.Warn("dispute not answered at once", "dispute", disputeID, "error", err)
		}
	}
	list, err := s.Disputes(ctx, orderID)
	for _, d := range list {
		if d.ID == disputeID {
			return d, nil
		}
	}
	return Dispute{}, err
}

// disputeOf locks a dispute of a locked order.
func (s *Service) disputeOf(ctx context.Context, t *trade, disputeID string) (disputeRow, error) {
	for _, p := range t.pays {
		row, there, err := s.store.lockDispute(ctx, p.Account, disputeID)
		if err != nil {
			return disputeRow{}, err
		}
		if there && row.PaymentID == p.ID {
			return row, nil
		}
	}
	return disputeRow{}, errs.Missing("dispute")
}

// workDispute does the next step of a dispute: send its answer, remind of its
// deadline, or look how far it is.
func (s *Service) workDispute(ctx context.Context, r disputeRow) error {
	if r.EvidenceJSON != nil && r.SubmittedAt == nil && (r.State == Inquiry || r.State == NeedsResponse) {
		return s.sendAnswer(ctx, r)
	}
	if err := s.remind(ctx, r); err != nil {
		return err
	}
	return s.SyncDisputes(ctx, r.PaymentID)
}

// sendAnswer makes the call under the dispute's own key, and believes what the
// dispute then says.
func (s *Service) sendAnswer(ctx context.Context, r disputeRow) error {
	p, err := s.store.pay(ctx, r.PaymentID)
	if err != nil {
		return err
	}
	if err := s.ours(ctx, p); err != nil {
		return err
	}
	var evidence payment.Evidence
	if err := json.Unmarshal([]byte(*r.EvidenceJSON), &evidence); err != nil {
		return err
	}
	err = s.write(ctx, func(ctx context.Context) error {
		row, _, err := s.store.lockDispute(ctx, r.Account, r.ID)
		if err != nil {
			return err
		}
		return s.store.updateDispute(ctx, &row, map[string]any{"tries": row.Tries + 1, "next_check_at": s.Clock().Add(backoff(row.Tries))})
	})
	if err != nil {
		return err
	}
	answer, err := s.Gateway.Answer(ctx, payment.AnswerKey(s.Install, r.ID, r.Gen), payment.Ref{Account: r.Account, ID: r.ID}, evidence)
	if err == nil {
		return s.applyDispute(ctx, p, answer)
	}
	if payment.OutcomeOf(err) == payment.Unknown || payment.OutcomeOf(err) == payment.Blocked {
		return err // the same words again, under the same key
	}
	// Refused or burnt: whether it was taken is what the dispute says.
	if err := s.SyncDisputes(ctx, r.PaymentID); err != nil {
		return err
	}
	return s.answerRefused(ctx, p, r, err)
}

// answerRefused frees a dispute whose answer the provider did not take: the
// business is told, and may answer again under a new key.
func (s *Service) answerRefused(ctx context.Context, p payRow, r disputeRow, refused error) error {
	return s.write(ctx, func(ctx context.Context) error {
		t, err := s.store.lock(ctx, p.OrderID)
		if err != nil {
			return err
		}
		row, _, err := s.store.lockDispute(ctx, r.Account, r.ID)
		if err != nil || row.EvidenceJSON == nil || row.SubmittedAt != nil || !row.dispute(s.Clock()).Open() {
			return err // it was taken
		}
		slog.Error("answer to a dispute refused", "dispute", r.ID, "error", refused)
		set := map[string]any{"last_error": refused.Error(), "gen": row.Gen + 1, "next_check_at": s.nextLook(row.State, value(row.DueBy), true)}
		if payment.OutcomeOf(refused) != payment.Burnt {
			set["evidence_json"] = nil
			if err := s.mail(ctx, "dispute_refused", t.order.ID); err != nil {
				return err
			}
		} else {
			set["next_check_at"] = s.Clock()
		}
		s.changed(ctx, t.order.ID, t.order.BusinessID)
		return s.store.updateDispute(ctx, &row, set)
	})
}

// remind writes to the business three days and one day before the deadline of
// a dispute that it has not answered.
func (s *Service) remind(ctx context.Context, r disputeRow) error {
	if r.EvidenceJSON != nil || r.DueBy == nil || r.State != NeedsResponse && r.State != Inquiry || !s.Clock().Before(*r.DueBy) {
		return nil
	}
	due := 0
	for i, before := range []time.Duration{remindFirst, remindLast} {
		if r.DueBy.Sub(s.Clock()) <= before {
			due = i + 1
		}
	}
	if due <= r.Reminded {
		return nil
	}
	return s.write(ctx, func(ctx context.Context) error {
		p, err := s.store.pay(ctx, r.PaymentID)
		if err != nil {
			return err
		}
		row, _, err := s.store.lockDispute(ctx, r.Account, r.ID)
		if err != nil || row.Reminded >= due {
			return err
		}
		if err := s.store.updateDispute(ctx, &row, map[string]any{"reminded": due}); err != nil {
			return err
		}
		return s.mail(ctx, "dispute_reminder", p.OrderID)
	})
}
