package pages

import "time"

// SignIn asks for e-mail and password.
type SignIn struct {
	Base
	Email  string
	Return string // where to go after; a path of this site
	Errors Errors
	Demo   []DemoUser // sign-ins of the demo town; none otherwise
}

// DemoUser is a sign-in of the demo town.
type DemoUser struct{ Role, Email, Password string }

// SignUp makes an account.
type SignUp struct {
	Base
	Name, Email string
	Return      string
	Token       string
	Errors      Errors
}

// Me is the account page.
type Me struct {
	Base
	Form      ProfileForm
	Errors    Errors
	Password  Errors // of the password form
	Sessions  []Session
	Orders    []OrderLink
	Languages []Option
	Themes    []Option
}

// ProfileForm is what a person may change about themselves.
type ProfileForm struct{ Name, Email, Lang, Theme string }

// Session is one browser that is signed in.
type Session struct {
	ID      string
	Device  string
	Since   time.Time
	Seen    time.Time
	Current bool
}

// Report is the form for telling that something is wrong.
type Report struct {
	Base
	Subject, SubjectURL string // what is reported
	Business, Product   string // their slugs, for the form
	Form                ReportForm
	Kinds               []Option
	Token               string
	Errors              Errors
	Receipt             string // set after it was sent
	State               string // of the report with the receipt
	Outcome, Words      string // word of the table "report.outcome_…", and why; "" while open
	At                  time.Time
	Due                 time.Time // when somebody must have looked; zero once decided
	Thread              *Thread   // the complaint about what came of it
	CanComplain         bool
}

// ReportForm is what was typed.
type ReportForm struct{ Kind, Text, Email string }

// Mails lists the messages of the development mailbox.
type Mails struct {
	Base
	Mails []Mail
	Open  *Mail
}

// Mail is one message.
type Mail struct {
	ID, URL, To, Subject, Text string
	At                         time.Time
	Links                      []string
}

// Text is a page of plain words: about, privacy, terms.
type Text struct {
	Base
	Heading    string
	Lead       string
	Paragraphs []string
}

// SignUpSent tells to look into the mail. Mailbox: this is the demo, whose
// mails can be read at /dev/mail.
type SignUpSent struct {
	Base
	Mailbox bool
}

// Confirm finishes a sign-up with one press.
type Confirm struct {
	Base
	Token string
}

// Reset asks for the address of a forgotten password.
type Reset struct {
	Base
	Email  string
	Errors Errors
}

// NewPassword sets a new password by a mailed link.
type NewPassword struct {
	Base
	Token  string
	Errors Errors
}

// Transparency shows what was checked and decided in the last 90 days.
type Transparency struct {
	Base
	Listed, Waiting                  int
	Applications, Approved, Rejected int
	Asked                            int
	Median, NineOfTen                time.Duration // from application to decision; 0: none yet
	Rejections, Measures             []Share       // by reason, by kind
	Reports                          []ReportFigures
	Appeals, Upheld, Overturned      int
}

// Share is one of several counts that make a whole.
type Share struct {
	Word  string
	N, Of int
}

// ReportFigures is what came of the reports of a kind.
type ReportFigures struct {
	Kind                                     string
	Filed, Open, NoAction, Measure, PassedOn int
}
