package app

import (
	"context"
	"encoding/json"

	"nearby/internal/complaint"
	"nearby/internal/mail"
	"nearby/internal/server/reply"
)

// complaintLetters go to whoever complained: an owner, or a reporter who left an
// address.
var complaintLetters = []string{"complaint_filed", "complaint_asked", "complaint_upheld", "complaint_overturned"}

func (a *App) complaintLetter(render *reply.Renderer, name string) mail.Render {
	return func(ctx context.Context, args json.RawMessage) (mail.Message, error) {
		var m complaint.Mail
		if err := json.Unmarshal(args, &m); err != nil {
			return mail.Message{}, err
		}
		to, err := a.Complaint.Recipient(ctx, m)
		if err != nil {
			return mail.Message{}, err
		}
		b, err := a.Directory.Get(ctx, to.BusinessID)
		if err != nil {
			return mail.Message{}, err
		}
		lang, path := reply.Match("", to.Locale), "/manage/"+b.Slug+"/complaints/"+to.ID
		if to.Receipt != "" {
			path = "/report?receipt=" + to.Receipt
		}
		return a.letter(render, lang, name, to.Email, path,
			"Name", to.Name, "Business", b.Name, "Due", render.When(lang, to.DueAt), "Words", to.Words), nil
	}
}
