package pages

import "time"

// Measure is one measure against a business with its statement of reasons.
type Measure struct {
	Kind        string // word of the table "measure.kind_…", and of its effect in "measure.hint_…"
	State, Tone string // word of the table "measure.state_…"
	URL         string // of the page of its own
	From, Until time.Time
	Closed      time.Time
	Fields      []string // words of the table "measure.field_…"
	Reasons     []string
	Facts       string
	Ground      string // word of the table "measure.ground_…"
	Rule        string
	Detected    string // word of the table "measure.detected_…"
	Words       string // why it was lifted or overturned
	AppealUntil time.Time
}

// MeasureForm is what was typed.
type MeasureForm struct {
	Kind, Code, Facts      string
	Ground, Rule, Detected string
	EndsAt                 string // YYYY-MM-DD, the last day
	Fields                 []string
	Words                  string // with the lifting
}

// MeasureChoices is the form for a measure.
type MeasureChoices struct {
	Action                            string
	Form                              MeasureForm
	Errors                            Errors
	Kinds, Codes, Grounds, Detections []Option
	Fields                            []Option
}

// OwnerMeasure is a measure as the people of the business see it.
type OwnerMeasure struct {
	Base
	Desk         Desk
	Measure      Measure
	ComplaintURL string // of the complaint about it, or the form for one; "" when not possible
}

// AdminMeasure is a measure as an operator sees it.
type AdminMeasure struct {
	Base
	Business, BusinessURL string
	Measure               Measure
	By                    string
	Words                 string // typed
	CanLift               bool
	Action                string
	Errors                Errors
}
