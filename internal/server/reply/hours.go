package reply

import "nearby/internal/hours"

// HoursWords are a language's words for opening hours.
func (r *Renderer) HoursWords(lang string) hours.Words {
	_, texts, err := r.state(lang)
	if err != nil {
		return hours.Words{Text: func(id string, _ ...any) string { return id }}
	}
	return texts.hoursWords(lang)
}

func (t *Texts) hoursWords(lang string) hours.Words {
	f := formats[lang]
	if f == nil {
		f = formats[Default]
	}
	w := hours.Words{Months: f.months, Text: func(id string, pairs ...any) string { return t.Text(lang, id, pairs...) }}
	for i := range w.Days {
		w.Days[i] = f.shortDays[(i+1)%7]
	}
	return w
}
