package pages

import "time"

// Thread is a complaint with its messages.
type Thread struct {
	Subject     string // word of the table "complaint.subject_…"
	State, Tone string // word of the table "complaint.state_…"
	Filed, Due  time.Time
	Decided     time.Time
	Words       string // the reasons of the decision
	Messages    []ThreadMessage
	Open        bool
}

// ThreadMessage is one message of a thread.
type ThreadMessage struct {
	Desk bool
	Text string
	At   time.Time
}

// OwnerComplaint is a complaint of a business, or the form for one.
type OwnerComplaint struct {
	Base
	Desk        Desk
	Thread      *Thread // nil: not filed yet
	Subject, ID string  // what it is about, for the form
	About       string  // word of the table "complaint.subject_…"
	Action      string
	Text        string
	Errors      Errors
}

// Complaints is the queue of complaints, by their deadline.
type Complaints struct {
	Base
	Complaints []ComplaintLink
}

// ComplaintLink is one complaint in the queue.
type ComplaintLink struct {
	Business, URL, Subject string // Subject is a word of the table "complaint.subject_…"
	Holder                 string
	Late                   bool
	Due                    time.Time
}

// ComplaintCase is one complaint to decide on.
type ComplaintCase struct {
	Base
	Business    string
	Thread      Thread
	Measure     *Measure // what it is about
	Reasons     []string // of a refusal
	Facts       string   // the words of a refusal, or of the decision on a report
	Reported    string   // the text of the report
	Outcome     string   // word of the table "report.outcome_…"
	Own, Held   bool     // Own: the reader may not look at it again
	Holder      string   // somebody else
	HeldUntil   time.Time
	Action      string
	Text, Words string
	Errors      Errors
}
