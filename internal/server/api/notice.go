package api

import (
	"context"
	"strings"
	"time"

	"nearby/internal/account"
	"nearby/internal/ident"
	"nearby/internal/measure"
	"nearby/internal/notice"
	"nearby/internal/transparency"
)

type noticeInput struct {
	Body struct {
		Business string `json:"business" minLength:"1" maxLength:"100" doc:"Id or slug."`
		Product  string `json:"product,omitempty" maxLength:"100" doc:"Id or slug, when it is about a product."`
		Kind     string `json:"kind" enum:"wrong,closed,other,illegal,fraud,unsafe"`
		Text     string `json:"text,omitempty" maxLength:"4000"`
		Email    string `json:"email,omitempty" maxLength:"254" doc:"Where to answer; nobody has to leave one."`
	}
}

// Notice is a report, as its reporter sees it.
type Notice struct {
	Receipt   string     `json:"receipt" doc:"What to ask with."`
	Kind      string     `json:"kind"`
	State     string     `json:"state" enum:"received,assessing,actioned,no_action"`
	DueAt     time.Time  `json:"due_at" doc:"By when somebody must have looked."`
	CreatedAt time.Time  `json:"created_at"`
	DecidedAt *time.Time `json:"decided_at"`
	Outcome   *string    `json:"outcome" doc:"no_action, measure or passed_on (to the business); null while open."`
	Words     string     `json:"words" doc:"Why."`
}

func noticeView(n notice.Notice) Notice {
	return Notice{
		Receipt: n.Receipt, Kind: string(n.Kind), State: string(n.State), DueAt: n.DueAt.UTC(), CreatedAt: n.CreatedAt.UTC(),
		DecidedAt: momentOf(n.DecidedAt), Outcome: some(string(n.Outcome)), Words: n.Words,
	}
}

func (a *api) report(ctx context.Context, c *caller, in *noticeInput) (answer[Notice], error) {
	b := in.Body
	if err := named("business", b.Business); err != nil {
		return answer[Notice]{}, err
	}
	if b.Product != "" {
		if err := named("product", b.Product); err != nil {
			return answer[Notice]{}, err
		}
	}
	token := ""
	if c.key != "" {
		token = ident.Hash("api\x00" + c.token.User.ID + "\x00" + c.key)
	}
	n, err := a.Notice.File(ctx, c.as(account.Shopper), notice.Input{
		Business: b.Business, Product: b.Product, Kind: notice.Kind(b.Kind), Text: b.Text, Email: b.Email, ClientToken: token, Locale: languageOf(c.lang),
	})
	if err == nil && (n.Kind != notice.Kind(b.Kind) || strings.TrimSpace(n.Text) != strings.TrimSpace(b.Text)) {
		err = errReused // the room knew the key, from another report
	}
	return answer[Notice]{Body: noticeView(n), Location: prefix + "/notices/" + n.Receipt}, err
}

type receiptInput struct {
	Receipt string `path:"receipt" maxLength:"40"`
}

func (a *api) receipt(ctx context.Context, _ *caller, in *receiptInput) (answer[Notice], error) {
	if err := named("report", strings.ToLower(in.Receipt)); err != nil {
		return answer[Notice]{}, err
	}
	n, err := a.Notice.ByReceipt(ctx, in.Receipt)
	return answer[Notice]{Body: noticeView(n)}, err
}

// Transparency is figures of what was checked and decided, read from the tables
// themselves.
type Transparency struct {
	Since         time.Time     `json:"since"`
	Listed        int           `json:"listed" doc:"Businesses listed now."`
	Waiting       int           `json:"waiting" doc:"Applications open now."`
	Applications  int           `json:"applications"`
	Approved      int           `json:"approved"`
	Asked         int           `json:"asked" doc:"Given back with questions."`
	Rejected      int           `json:"rejected"`
	Suspended     int           `json:"suspended"`
	MedianSeconds *int64        `json:"median_seconds" doc:"From application to decision, of the last hundred; null while there are none."`
	P90Seconds    *int64        `json:"p90_seconds" doc:"Nine of ten of them took so long or less."`
	Rejections    []Counted     `json:"rejections" doc:"Reasons of rejections; one may have several."`
	Measures      []Counted     `json:"measures" doc:"Measures that began, by kind."`
	Notices       []NoticeCount `json:"notices" doc:"Reports by what they are about."`
	Appeals       AppealCount   `json:"appeals"`
}

// Counted is how many there are of something.
type Counted struct {
	Code string `json:"code"`
	N    int    `json:"n"`
}

func countView(c transparency.Count) Counted { return Counted(c) }

// NoticeCount is what came of the reports of a kind.
type NoticeCount struct {
	Kind     string `json:"kind"`
	Filed    int    `json:"filed"`
	Open     int    `json:"open" doc:"Nobody has decided yet."`
	NoAction int    `json:"no_action"`
	Measure  int    `json:"measure"`
	PassedOn int    `json:"passed_on" doc:"To the business."`
}

// AppealCount is what came of appeals.
type AppealCount struct {
	Filed      int `json:"filed"`
	Upheld     int `json:"upheld"`
	Overturned int `json:"overturned"`
}

func (a *api) transparency(ctx context.Context, _ *caller, _ *struct{}) (answer[Transparency], error) {
	r, err := a.Transparency.Report(ctx)
	if err != nil {
		return answer[Transparency]{}, err
	}
	f := r.Applications
	t := Transparency{
		Since: r.Since, Listed: r.Listed, Waiting: f.Waiting, Applications: f.Applications, Approved: f.Approved, Asked: f.Asked,
		Rejected: f.Rejected, Suspended: r.Measures[measure.Suspended], Rejections: each(r.Rejections(), countView),
		Measures: each(r.Imposed(), countView), Notices: []NoticeCount{},
		Appeals: AppealCount{r.Complaints.Filed, r.Complaints.Upheld, r.Complaints.Overturned},
	}
	if f.Median > 0 {
		median, p90 := int64(f.Median.Seconds()), int64(f.NineOfTen.Seconds())
		t.MedianSeconds, t.P90Seconds = &median, &p90
	}
	for _, n := range r.Notices {
		t.Notices = append(t.Notices, NoticeCount{string(n.Kind), n.Filed, n.Open, n.NoAction, n.Measure, n.PassedOn})
	}
	return answer[Transparency]{Body: t}, nil
}
