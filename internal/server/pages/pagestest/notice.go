package pagestest

import (
	"time"

	"nearby/internal/server/pages"
)

func notices(b pages.Base) pages.Notices {
	return pages.Notices{Base: b, Notices: []pages.NoticeLink{
		{Business: "Kiln & Quay", URL: "/desk/notices/1", Kind: "unsafe", Trusted: true, Repeats: 2, Due: Now.Add(-time.Hour), Late: true, Tone: "stop"},
		{Business: "Vela Nails", URL: "/desk/notices/2", Kind: "wrong", Holder: "Ines", Due: Now.Add(5 * time.Hour)},
	}}
}

func noticeCase(b pages.Base) pages.NoticeCase {
	choices := measureChoices()
	choices.Detections = nil
	return pages.NoticeCase{
		Base: b, Business: "Kiln & Quay", ShopURL: "/b/kiln-quay", Kind: "fraud", State: "assessing", Due: Now.Add(5 * time.Hour), Known: true, Acted: 2, NoAction: 1,
		Organisation: "Consumer Centre", Texts: []string{"The prices at the till are others.", "I paid twice as much."}, Measures: steps(), Open: true, Held: true,
		HeldUntil: Now.Add(12 * time.Minute), Action: "/desk/notices/1", Chosen: true, Choices: choices,
		Outcomes: []pages.Option{{Value: "no_action", Label: "Nothing to do"}, {Value: "measure", Label: "A measure", Selected: true}},
		Errors:   append(pages.Errors{{Name: "outcome", Message: "Choose what comes of it."}, {Name: "words", Message: "Say it in your own words, too."}}, choices.Errors...),
	}
}

func decidedNotice(b pages.Base) pages.NoticeCase {
	return pages.NoticeCase{
		Base: b, Business: "Kiln & Quay", Kind: "wrong", State: "actioned", Due: Now, Texts: []string{"The door is on the other side."}, Action: "/desk/notices/1",
		Outcome: "passed_on", Decided: "We have told the business.",
	}
}
