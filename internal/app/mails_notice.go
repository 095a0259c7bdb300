package app

import (
	"context"
	"encoding/json"

	"nearby/internal/account"
	"nearby/internal/mail"
	"nearby/internal/notice"
	"nearby/internal/server/reply"
)

// reporterLetters go to whoever reported something and left an address.
var reporterLetters = []string{"notice_received", "notice_decided"}

func (a *App) reporterLetter(render *reply.Renderer, name string) mail.Render {
	return func(ctx context.Context, args json.RawMessage) (mail.Message, error) {
		var m notice.Mail
		if err := json.Unmarshal(args, &m); err != nil {
			return mail.Message{}, err
		}
		to, err := a.Notice.Recipient(ctx, m)
		if err != nil {
			return mail.Message{}, err
		}
		b, err := a.Directory.Get(ctx, to.BusinessID)
		if err != nil {
			return mail.Message{}, err
		}
		lang := reply.Match("", to.Locale)
		outcome := ""
		if to.Outcome != "" {
			outcome = render.Word(lang, "report.outcome", string(to.Outcome))
		}
		return a.letter(render, lang, name, to.Email, "/report?receipt="+to.Receipt,
			"Business", b.Name, "Receipt", to.Receipt, "Due", render.When(lang, to.DueAt), "Outcome", outcome, "Words", to.Words), nil
	}
}

// passedLetter tells an owner what was reported, without who did.
func (a *App) passedLetter(render *reply.Renderer) mail.Render {
	return a.toPerson(func(ctx context.Context, to account.Recipient, m account.Mail) (mail.Message, error) {
		n, err := a.Notice.Get(ctx, m.Data["notice_id"])
		if err != nil {
			return mail.Message{}, err
		}
		b, err := a.Directory.Get(ctx, n.BusinessID)
		if err != nil {
			return mail.Message{}, err
		}
		lang := reply.Match("", to.Locale)
		return a.letter(render, lang, "notice_passed", to.Email, "/manage/"+b.Slug+"/profile", "Name", to.Name, "Business", b.Name,
			"What", render.Word(lang, "report.kind", string(n.Kind)), "Text", n.Text), nil
	})
}
