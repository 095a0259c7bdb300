package pages

import "time"

// Notices is the queue of reports, trusted ones first, then by their clock.
type Notices struct {
	Base
	Notices []NoticeLink
}

// NoticeLink is one report in the queue.
type NoticeLink struct {
	Business, URL, Kind string // Kind is a word of the table "report.kind_…"
	Holder              string
	Repeats             int // further reports of the same
	Trusted, Late       bool
	Tone                string
	Due                 time.Time
}

// NoticeCase is one report to decide on.
type NoticeCase struct {
	Base
	Business, ShopURL string
	Kind              string // word of the table "report.kind_…"
	State, Tone       string // word of the table "report.state_…"
	Due               time.Time
	Texts             []string // of the report and of those that repeat it
	Known             bool     // who reported, so that there is a record
	Acted, NoAction   int
	Organisation      string // of a trusted flagger
	Measures          []Step // against the business so far, newest first
	Own, Open, Held   bool
	Holder            string // somebody else
	HeldUntil         time.Time
	Action            string
	Outcomes          []Option
	Chosen            bool // the outcome is a measure
	Words             string
	Choices           *MeasureChoices
	Errors            Errors
	Outcome, Decided  string // word of the table "report.outcome_…", and the words to the reporter
}
