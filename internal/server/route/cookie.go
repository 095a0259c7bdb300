package route

import "net/url"

// Cookie values are limited to a few ASCII characters, so names of places are
// escaped.
func encodeCookie(value string) string { return url.QueryEscape(value) }

func decodeCookie(value string) string {
	text, err := url.QueryUnescape(value)
	if err != nil {
		return ""
	}
	return text
}
