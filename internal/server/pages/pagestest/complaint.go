package pagestest

import (
	"time"

	"nearby/internal/server/pages"
)

func thread(state string) *pages.Thread {
	t := &pages.Thread{
		Subject: "measure", State: state, Tone: "soon", Filed: Now.Add(-26 * time.Hour), Due: Now.Add(6 * 24 * time.Hour), Open: true,
		Messages: []pages.ThreadMessage{{Text: "The prices were from the shop next door.", At: Now.Add(-26 * time.Hour)}, {Desk: true, Text: "Could you send a receipt?", At: Now.Add(-time.Hour)}},
	}
	if state == "overturned" || state == "upheld" {
		t.Open, t.Decided, t.Words = false, Now, "It was the shop next door."
	}
	return t
}

func ownerComplaints(b func(string, string) pages.Base) []Page {
	wrong := pages.Errors{{Name: "text", Message: "Say it in a sentence."}}
	one := pages.OwnerComplaint{Base: b("Appeal", "/manage/kiln-quay/complaints/1"), Desk: theDesk("verification"), About: "measure", Action: "/manage/kiln-quay/complaints/1", Text: "no", Errors: wrong}
	form, open, done := one, one, one
	form.Subject, form.ID = "measure", "1"
	open.Thread, done.Thread = thread("assigned"), thread("overturned")
	return []Page{{"owner/complaint", form, nil, false}, {"owner/complaint", open, nil, false}, {"owner/complaint", done, nil, false}}
}

func deskComplaints(b pages.Base) []Page {
	measure := oneMeasure("suspended", "in_force")
	held := pages.ComplaintCase{
		Base: b, Business: "Kiln & Quay", Thread: *thread("assigned"), Measure: &measure, Held: true, Action: "/desk/complaints/1",
		Errors: pages.Errors{{Name: "words", Message: "Say it in a sentence."}, {Name: "text", Message: "Say it in a sentence."}},
	}
	other := pages.ComplaintCase{
		Base: b, Business: "Kiln & Quay", Thread: *thread("upheld"), Reasons: []string{"This is not a business"}, Facts: "Nobody answered.", Reported: "They sell air in boxes.", Outcome: "no_action",
		Holder: "Ines", HeldUntil: Now.Add(12 * time.Minute), Action: "/desk/complaints/2",
	}
	list := pages.Complaints{Base: b, Complaints: []pages.ComplaintLink{{Business: "Kiln & Quay", URL: "/desk/complaints/1", Subject: "measure", Due: Now, Late: true}, {Business: "Vela Nails", URL: "/desk/complaints/2", Subject: "notice", Holder: "Ines", Due: Now.Add(time.Hour)}}}
	return []Page{{"desk/complaints", list, nil, false}, {"desk/complaint", held, nil, false}, {"desk/complaint", other, nil, false}, {"desk/complaint", pages.ComplaintCase{Base: b, Business: "Appeals", Own: true}, nil, false}}
}
