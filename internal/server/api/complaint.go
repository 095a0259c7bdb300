package api

import (
	"context"
	"net/http"
	"time"

	"nearby/internal/account"
	"nearby/internal/complaint"
)

func (a *api) complaints() {
	const tag, one = "Verification", "/complaints/{complaint_id}"
	line := func(word, summary, about string, example any) operation {
		return operation{
			id: word + "-complaint", method: http.MethodPost, path: one + "/" + word, tag: tag, who: holder, scope: "verification:write",
			role: account.Verifier, limit: "token", repeat: joined, summary: summary, about: about, example: example,
		}
	}
	add(a, operation{
		id: "file-complaint", method: http.MethodPost, path: "/businesses/{id}/complaints", tag: "Businesses", who: holder, scope: "business:write", limit: "token",
		repeat: joined, status: http.StatusCreated, summary: "Appeal against a refusal or a measure",
		about:   "Free of charge, within six months, once for each decision, decided by another person.",
		example: map[string]any{"subject": "measure", "subject_id": exampleID(60), "text": "There were two names: the old and the new one."},
	}, a.fileComplaint)
	add(a, operation{
		id: "get-complaint", method: http.MethodGet, path: one, tag: "Businesses", who: holder, scope: "business:read", limit: "token",
		summary: "An appeal with its thread",
	}, a.ownComplaint)
	add(a, operation{
		id: "add-to-complaint", method: http.MethodPost, path: one + "/messages", tag: "Businesses", who: holder, scope: "business:write", limit: "token",
		repeat: joined, summary: "Add evidence to an appeal until it is decided", example: map[string]any{"text": "Here is the photo of the sign: the old name is gone."},
	}, a.addToComplaint)
	add(a, operation{
		id: "list-complaints", method: http.MethodGet, path: "/complaints", tag: tag, who: holder, scope: "verification:read", role: account.Verifier,
		limit: "token", summary: "The open complaints, by their deadline",
	}, a.complaintQueue)
	add(a, line("take", "Take a complaint for half an hour, or renew it", "Not by who took the decision: 403 own_decision.", nil), a.onComplaint(
		func(ctx context.Context, actor account.Actor, in *complaintInput) error {
			return a.Complaint.Take(ctx, actor, in.ComplaintID)
		}))
	add(a, line("release", "Put a complaint back", "", nil), a.onComplaint(func(ctx context.Context, actor account.Actor, in *complaintInput) error {
		return a.Complaint.Release(ctx, actor, in.ComplaintID)
	}))
	text := map[string]any{"text": "Could you send a photo of the sign as it is now?"}
	add(a, line("ask", "Ask whoever complains", "They are written to.", text), a.onComplaintText(a.Complaint.Ask))
	text = map[string]any{"text": "The sign does name another shop."}
	add(a, line("uphold", "Let the decision stand, with reasons", "", text), a.onComplaintText(a.Complaint.Uphold))
	text = map[string]any{"text": "The sign names this shop since Monday."}
	add(a, line("overturn", "Undo the decision, with reasons", "A measure is taken back and everything is as before it; a refused application or a decided report waits again.", text),
		a.onComplaintText(a.Complaint.Overturn))
}

// Complaint is a complaint about one decision.
type Complaint struct {
	ID        string             `json:"id"`
	Subject   string             `json:"subject" enum:"rejection,measure,notice"`
	SubjectID string             `json:"subject_id"`
	State     string             `json:"state" enum:"filed,assigned,upheld,overturned"`
	FiledAt   time.Time          `json:"filed_at"`
	DueAt     time.Time          `json:"due_at"`
	DecidedAt *time.Time         `json:"decided_at"`
	Words     string             `json:"words" doc:"The reasons of the decision."`
	Thread    []ComplaintMessage `json:"thread"`
}

// ComplaintMessage is one message of the thread.
type ComplaintMessage struct {
	From string    `json:"from" enum:"complainant,desk"`
	Text string    `json:"text"`
	At   time.Time `json:"at"`
}

func complaintView(c complaint.Complaint, thread []complaint.Message) Complaint {
	return Complaint{
		ID: c.ID, Subject: string(c.Subject), SubjectID: c.SubjectID, State: string(c.State), FiledAt: c.FiledAt.UTC(), DueAt: c.DueAt.UTC(),
		DecidedAt: momentOf(c.DecidedAt), Words: c.Words, Thread: each(thread, func(m complaint.Message) ComplaintMessage {
			from := "complainant"
			if m.Desk {
				from = "desk"
			}
			return ComplaintMessage{From: from, Text: m.Text, At: m.At}
		}),
	}
}

type fileComplaintInput struct {
	BusinessPath
	Body struct {
		Subject   string `json:"subject" enum:"rejection,measure"`
		SubjectID string `json:"subject_id" maxLength:"36" doc:"The decision's or the measure's id."`
		Text      string `json:"text" minLength:"1" maxLength:"8000"`
	}
}

func (a *api) fileComplaint(ctx context.Context, c *caller, in *fileComplaintInput) (answer[Complaint], error) {
	if err := named("business", in.ID); err != nil {
		return answer[Complaint]{}, err
	}
	filed, err := a.Complaint.File(ctx, c.owner(), in.ID, complaint.Subject(in.Body.Subject), in.Body.SubjectID, in.Body.Text)
	if err != nil {
		return answer[Complaint]{}, err
	}
	_, thread, err := a.Complaint.ForOwner(ctx, c.owner(), filed.ID)
	return answer[Complaint]{Body: complaintView(filed, thread), Location: prefix + "/complaints/" + filed.ID}, err
}

// ComplaintPath names a complaint.
type ComplaintPath struct {
	ComplaintID string `path:"complaint_id"`
}

func (a *api) ownComplaint(ctx context.Context, c *caller, in *ComplaintPath) (answer[Complaint], error) {
	if err := known("complaint", in.ComplaintID); err != nil {
		return answer[Complaint]{}, err
	}
	found, thread, err := a.Complaint.ForOwner(ctx, c.owner(), in.ComplaintID)
	return answer[Complaint]{Body: complaintView(found, thread)}, err
}

type complaintTextInput struct {
	ComplaintPath
	Body struct {
		Text string `json:"text" minLength:"1" maxLength:"8000"`
	}
}

func (a *api) addToComplaint(ctx context.Context, c *caller, in *complaintTextInput) (answer[Complaint], error) {
	if err := known("complaint", in.ComplaintID); err != nil {
		return answer[Complaint]{}, err
	}
	if err := a.Complaint.Add(ctx, c.owner(), in.ComplaintID, in.Body.Text); err != nil {
		return answer[Complaint]{}, err
	}
	return a.ownComplaint(ctx, c, &in.ComplaintPath)
}

func (a *api) complaintQueue(ctx context.Context, c *caller, _ *struct{}) (answer[List[Complaint]], error) {
	list, err := a.Complaint.Queue(ctx, c.as(account.Verifier))
	return listOf(each(list, func(w complaint.Waiter) Complaint { return complaintView(w.Complaint, nil) }), ""), err
}

type complaintInput struct{ ComplaintPath }

// onComplaint does something to a complaint and shows it.
func (a *api) onComplaint(do func(ctx context.Context, actor account.Actor, in *complaintInput) error) func(context.Context, *caller, *complaintInput) (answer[Complaint], error) {
	return func(ctx context.Context, c *caller, in *complaintInput) (answer[Complaint], error) {
		if err := known("complaint", in.ComplaintID); err != nil {
			return answer[Complaint]{}, err
		}
		if err := do(ctx, c.as(account.Verifier), in); err != nil {
			return answer[Complaint]{}, err
		}
		return a.judged(ctx, c, in.ComplaintID)
	}
}

func (a *api) onComplaintText(do func(ctx context.Context, actor account.Actor, complaintID, text string) error) func(context.Context, *caller, *complaintTextInput) (answer[Complaint], error) {
	return func(ctx context.Context, c *caller, in *complaintTextInput) (answer[Complaint], error) {
		if err := known("complaint", in.ComplaintID); err != nil {
			return answer[Complaint]{}, err
		}
		if err := do(ctx, c.as(account.Verifier), in.ComplaintID, in.Body.Text); err != nil {
			return answer[Complaint]{}, err
		}
		return a.judged(ctx, c, in.ComplaintID)
	}
}

func (a *api) judged(ctx context.Context, c *caller, complaintID string) (answer[Complaint], error) {
	found, err := a.Complaint.Case(ctx, c.as(account.Verifier), complaintID)
	return answer[Complaint]{Body: complaintView(found.Complaint, found.Thread)}, err
}
