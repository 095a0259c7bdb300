package view

import "github.com/nyaruka/phonenumbers"

// Phone writes an E.164 number as people in its country read it from abroad.
func Phone(e164 string) string {
	if e164 == "" {
		return ""
	}
	number, err := phonenumbers.Parse(e164, "")
	if err != nil {
		return e164
	}
	return phonenumbers.Format(number, phonenumbers.INTERNATIONAL)
}
