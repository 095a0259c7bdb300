package api

import (
	"context"
	"net/http"
	"time"

	"nearby/internal/account"
	"nearby/internal/measure"
	"nearby/internal/notice"
)

func (a *api) notices() {
	const tag, one = "Verification", "/verification/notices/{notice_id}"
	line := func(word, summary, about string, example any) operation {
		return operation{
			id: word + "-notice", method: http.MethodPost, path: one + "/" + word, tag: tag, who: holder, scope: "verification:write",
			role: account.Verifier, limit: "token", repeat: joined, summary: summary, about: about, example: example,
		}
	}
	add(a, operation{
		id: "list-notices", method: http.MethodGet, path: "/verification/notices", tag: tag, who: holder, scope: "verification:read", role: account.Verifier,
		limit: "token", summary: "The reports that wait: trusted flaggers first, then by their clock",
	}, a.noticeQueue)
	add(a, operation{
		id: "get-notice-case", method: http.MethodGet, path: one, tag: tag, who: holder, scope: "verification:read", role: account.Verifier, limit: "token",
		summary: "A report with those that repeat it, its reporter's record and the measures so far",
	}, a.noticeCase)
	add(a, line("take", "Take a report for half an hour, or renew it", "Of several who try at once, one gets it: 409 taken.", nil), a.onNotice(a.Notice.Take))
	add(a, line("release", "Put a report back into the queue", "It keeps its place.", nil), a.onNotice(a.Notice.Release))
	add(a, line("decide", "Say what comes of a report", "All that repeat it are decided with it. With the outcome measure, a measure is taken in the same step.",
		map[string]any{"outcome": "passed_on", "words": "We have told the business."}), a.decideNotice)
}

// NoticeLine is a report as verifiers see it.
type NoticeLine struct {
	ID         string     `json:"id"`
	BusinessID string     `json:"business_id"`
	ProductID  *string    `json:"product_id"`
	Business   string     `json:"business"`
	Kind       string     `json:"kind" enum:"wrong,closed,other,illegal,fraud,unsafe"`
	State      string     `json:"state" enum:"received,assessing,actioned,no_action"`
	Trusted    bool       `json:"trusted"`
	Repeats    int        `json:"repeats" doc:"Further reports of the same."`
	DueAt      time.Time  `json:"due_at"`
	LeaseBy    *string    `json:"lease_by"`
	LeaseUntil *time.Time `json:"lease_until"`
}

func noticeLine(n notice.Notice, business string, repeats int) NoticeLine {
	return NoticeLine{
		ID: n.ID, BusinessID: n.BusinessID, ProductID: some(n.ProductID), Business: business, Kind: string(n.Kind), State: string(n.State),
		Trusted: n.Trusted, Repeats: repeats, DueAt: n.DueAt.UTC(), LeaseBy: some(n.LeaseBy), LeaseUntil: moment(n.LeaseUntil),
	}
}

func (a *api) noticeQueue(ctx context.Context, c *caller, _ *struct{}) (answer[List[NoticeLine]], error) {
	list, err := a.Notice.Queue(ctx, c.as(account.Verifier))
	return listOf(each(list, func(w notice.Waiter) NoticeLine { return noticeLine(w.Notice, w.Name, w.Repeats) }), ""), err
}

// NoticeCase is everything a verifier looks at.
type NoticeCase struct {
	Notice       NoticeLine `json:"notice"`
	Texts        []string   `json:"texts" doc:"Of the report and of those that repeat it."`
	Acted        int        `json:"acted" doc:"Earlier reports of the same reporter that led to something."`
	NoAction     int        `json:"no_action" doc:"And those that were nothing."`
	Organisation *string    `json:"organisation" doc:"Of a trusted flagger."`
	Measures     []Measure  `json:"measures" doc:"Against the business so far."`
}

// NoticePath names a report by its id.
type NoticePath struct {
	NoticeID string `path:"notice_id"`
}

func (a *api) noticeCase(ctx context.Context, c *caller, in *NoticePath) (answer[NoticeCase], error) {
	if err := known("report", in.NoticeID); err != nil {
		return answer[NoticeCase]{}, err
	}
	found, err := a.Notice.Case(ctx, c.as(account.Verifier), in.NoticeID)
	texts := []string{found.Notice.Text}
	for _, repeat := range found.Repeats {
		texts = append(texts, repeat.Text)
	}
	return answer[NoticeCase]{Body: NoticeCase{
		Notice: noticeLine(found.Notice, found.Business.Name, len(found.Repeats)), Texts: texts, Acted: found.Record.Acted, NoAction: found.Record.NoAction,
		Organisation: some(found.Record.TrustedFlaggerOf), Measures: each(found.Measures, a.measureView),
	}}, err
}

func (a *api) onNotice(do func(ctx context.Context, actor account.Actor, noticeID string) error) func(context.Context, *caller, *NoticePath) (answer[Notice], error) {
	return func(ctx context.Context, c *caller, in *NoticePath) (answer[Notice], error) {
		return a.noticed(ctx, in.NoticeID, func() error { return do(ctx, c.as(account.Verifier), in.NoticeID) })
	}
}

// noticed does something to a report and shows it.
func (a *api) noticed(ctx context.Context, noticeID string, do func() error) (answer[Notice], error) {
	if err := known("report", noticeID); err != nil {
		return answer[Notice]{}, err
	}
	if err := do(); err != nil {
		return answer[Notice]{}, err
	}
	n, err := a.Notice.Get(ctx, noticeID)
	return answer[Notice]{Body: noticeView(n)}, err
}

// MeasureWish is a measure to take.
type MeasureWish struct {
	Kind   string     `json:"kind" enum:"notice,lock,orders_off,hidden,suspended"`
	Fields []string   `json:"fields,omitempty" maxItems:"20"`
	Codes  []string   `json:"codes" minItems:"1" maxItems:"20"`
	Facts  string     `json:"facts" minLength:"1" maxLength:"4000"`
	Ground string     `json:"ground" enum:"law,terms"`
	Rule   string     `json:"rule" minLength:"1" maxLength:"400"`
	EndsAt *time.Time `json:"ends_at,omitempty"`
}

type decideNoticeInput struct {
	NoticePath
	Body struct {
		Outcome string       `json:"outcome" enum:"no_action,measure,passed_on"`
		Words   string       `json:"words" minLength:"1" maxLength:"4000" doc:"To the reporter."`
		Measure *MeasureWish `json:"measure,omitempty"`
	}
}

func (a *api) decideNotice(ctx context.Context, c *caller, in *decideNoticeInput) (answer[Notice], error) {
	d := notice.Decision{Outcome: notice.Outcome(in.Body.Outcome), Words: in.Body.Words}
	if m := in.Body.Measure; m != nil {
		d.Measure = measure.Input{Kind: measure.Kind(m.Kind), Fields: m.Fields, Codes: m.Codes, Facts: m.Facts, Ground: m.Ground, Rule: m.Rule}
		if m.EndsAt != nil {
			d.Measure.EndsAt = *m.EndsAt
		}
	}
	return a.noticed(ctx, in.NoticeID, func() error { return a.Notice.Decide(ctx, c.as(account.Verifier), in.NoticeID, d) })
}
