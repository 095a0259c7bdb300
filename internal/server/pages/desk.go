package pages

import "time"

// Queue is the verifier's desk: the waiting cases, and beside them the one that
// is open.
type Queue struct {
	Base
	Waiting int
	Oldest  time.Duration
	Usual   time.Duration // from sending in to a decision
	Tabs    []Link
	Cases   []CaseLink
	Case    *Case // nil: none is open
	Now     time.Time
}

// CaseLink is one case in the queue.
type CaseLink struct {
	Name, URL, Kind string // Kind is a word of the table "case.kind_…"
	Age             time.Duration
	Flag, Tone      string // word of the table "case.flag_…", or ""
	Holder          string // who works on it; "" for nobody
	Current         bool
}

// Case is one application to decide on.
type Case struct {
	ID, Name, Kind string
	Age            time.Duration
	Held           bool      // by the reader
	HeldUntil      time.Time // of whoever holds it
	Holder         string    // somebody else
	Own            bool      // of a business of the reader's own: nobody decides that
	Closed         bool      // decided or withdrawn already
	Doubles        bool      // approving needs a note on the possible duplicates
	Hold           int       // minutes a case is held for
	Previous, Next string
	Photo          *Photo
	PhotoNote      string
	Map            *Map
	MapNote        string
	Rows           []CaseRow
	Checks         []Check
	Proofs         *Proofs // nil: of a change
	Form           DecisionForm
	Errors         Errors
	Reasons        []Option // for a refusal
	Fields         []Option // that can be asked for
	Codes          []Option // what is wrong with them
	Replies        []Reply
	History        []Step
	ActionURL      string
}

// CaseRow is one claim and what was found about it.
type CaseRow struct {
	Field          string // word of the table "case.field_…"
	Claimed, Found string
	Source         string
	Same, Differs  bool
}

// Check is one automatic check.
type Check struct {
	Word string // of the table "case.check_…"
	Note string
	OK   bool
}

// Reply is a text that is ready to use.
type Reply struct{ Label, Text string }

// DecisionForm is what was typed.
type DecisionForm struct {
	Note        string // to the owner, with a question
	RefuseNote  string // to the owner, with a refusal
	ApproveNote string // for verifiers
	Reason      string
	Code        string
	Fields      []string
}

// Admin is the operator's overview.
type Admin struct {
	Base
	Version    string
	Uptime     time.Duration
	Figures    []Figure
	Health     []Check
	Businesses []AdminRow
	Search     string
	Events     []Step
	Pager      Pager
}

// Figure is one number; Word is of the table "admin.figure_…".
type Figure struct {
	Word string
	N    int
	URL  string
}

// AdminRow is one business in the operator's list.
type AdminRow struct {
	Name, URL   string
	State, Tone string
	Place       string
}

// AdminBusiness is one business as an operator sees it, with what can be done.
type AdminBusiness struct {
	Base
	Name, Slug, ID string
	State, Tone    string
	Category       string
	Address        []string
	Email, Phone   string
	ShopURL        string          // "" while it is not listed
	Measures       []Measure       // newest first
	Choices        *MeasureChoices // nil when none is possible
	Errors         Errors
	History        []Step // decisions, newest first
	Events         []Step // of the audit log, newest first
}

// CaseIn is the open case inside its page.
type CaseIn struct {
	Base
	Case *Case
}
