package directory

import (
	"slices"
	"strings"
)

// A list of short words is one column, separated by blanks.

func push(words string, state State) string {
	return strings.TrimSpace(words + " " + string(state))
}

func pop(words string) (rest string, last State) {
	list := strings.Fields(words)
	if len(list) == 0 {
		return "", ""
	}
	return strings.Join(list[:len(list)-1], " "), State(list[len(list)-1])
}

func joinWords(words []string) string {
	return strings.Join(slices.Compact(slices.Sorted(slices.Values(words))), " ")
}
