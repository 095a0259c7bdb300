package app

import (
	"context"
	"strings"

	"nearby/internal/account"
	"nearby/internal/mail"
	"nearby/internal/measure"
	"nearby/internal/server/reply"
	"nearby/internal/server/view"
)

// measureLetters tell the owners of a measure: what is taken, for how long, on
// which facts and by which rule, and what they can do.
var measureLetters = []string{"measure_impose", "measure_end", "measure_lift", "measure_overturn"}

func (a *App) measureLetter(render *reply.Renderer, name string) mail.Render {
	return a.toPerson(func(ctx context.Context, to account.Recipient, m account.Mail) (mail.Message, error) {
		taken, err := a.Measure.Get(ctx, m.Data["measure_id"])
		if err != nil {
			return mail.Message{}, err
		}
		b, err := a.Directory.Get(ctx, taken.BusinessID)
		if err != nil {
			return mail.Message{}, err
		}
		lang, zone := reply.Match("", to.Locale), view.Zone(b.Zone)
		word := func(table, w string) string { return render.Word(lang, table, w) }
		until := render.Text(lang, "measure.no_end")
		if taken.EndsAt != nil {
			until = render.When(lang, taken.EndsAt.In(zone))
		}
		what := word("measure.kind", string(taken.Kind))
		if len(taken.Fields) > 0 {
			var fields []string
			for _, field := range taken.Fields {
				fields = append(fields, word("measure.field", field))
			}
			what += " (" + strings.Join(fields, ", ") + ")"
		}
		return a.letter(render, lang, name, to.Email, "/manage/"+b.Slug+"/measures/"+taken.ID,
			"Name", to.Name, "Business", b.Name, "What", what, "Hint", word("measure.hint", string(taken.Kind)), "Until", until,
			"Reasons", reasons(word, taken), "Facts", taken.Facts, "Ground", word("measure.ground", taken.Ground), "Rule", taken.Rule,
			"Detected", word("measure.detected", taken.Detected), "Words", taken.Words, "Appeal", render.When(lang, taken.AppealUntil().In(zone))), nil
	})
}

func reasons(word view.Words, m measure.Measure) string {
	var list []string
	for _, code := range m.Codes {
		list = append(list, word("suspend", code))
	}
	return strings.Join(list, ", ")
}
