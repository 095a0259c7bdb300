package likeness

import (
	"slices"
	"strings"
	"unicode"

	"nearby/internal/text"
)

// The features of a pair, each from 0 to 1.
const (
	nameShort   = iota // words of the one name found in the other, the better way round
	nameLong           // and the other way round
	nameLetters        // pairs of letters both have
	nameEqual          // the whole name
	phoneSame
	phoneDiffers
	siteSame // host
	siteDiffers
	pageDiffers // one host, two paths
	streetSame  // words of the street
	streetDiffers
	numberSame
	numberDiffers
	unitDiffers
	postcodeSame
	postcodeDiffers
	placeOther // one house, two names
	partOnly   // one is a part of the other, such as its cash machine
	nameNumber // numbers in both names, and others
	chain      // one name at another house
	squeezed   // the name of one without spaces in the other's
	unknown    // no street of one of them
	cityDiffers
	features
)

func featuresOf(a, b Entry) (f [features]float64) {
	yes := func(i int, is bool) {
		if is {
			f[i] = 1
		}
	}
	names := [2][]string{words(a.Name), words(b.Name)}
	one, two := found(names[0], names[1]), found(names[1], names[0])
	f[nameShort], f[nameLong] = max(one, two), min(one, two)
	f[nameLetters] = dice(strings.Join(names[0], ""), strings.Join(names[1], ""))
	yes(nameEqual, slices.Equal(names[0], names[1]) && len(names[0]) > 0)

	yes(phoneSame, a.Phone != "" && a.Phone == b.Phone)
	yes(phoneDiffers, a.Phone != "" && b.Phone != "" && a.Phone != b.Phone)
	hostA, pathA := site(a.Website)
	hostB, pathB := site(b.Website)
	yes(siteSame, hostA != "" && hostA == hostB)
	yes(siteDiffers, hostA != "" && hostB != "" && hostA != hostB)
	yes(pageDiffers, f[siteSame] > 0 && pathA != pathB && pathA != "" && pathB != "")

	streetA, numbersA := street(a)
	streetB, numbersB := street(b)
	if len(streetA) > 0 && len(streetB) > 0 {
		f[streetSame] = max(found(streetA, streetB), found(streetB, streetA))
		f[streetDiffers] = 1 - f[streetSame]
	}
	if len(numbersA) > 0 && len(numbersB) > 0 {
		yes(numberSame, slices.ContainsFunc(numbersA, func(n string) bool { return slices.Contains(numbersB, n) }))
		f[numberDiffers] = 1 - f[numberSame]
		yes(unitDiffers, f[numberSame] > 0 && numbersA[len(numbersA)-1] != numbersB[len(numbersB)-1] && len(numbersA) > 1 && len(numbersB) > 1)
	}
	if codeA, codeB := postcode(a.Postcode), postcode(b.Postcode); codeA != "" && codeB != "" {
		yes(postcodeSame, strings.HasPrefix(codeA, codeB) || strings.HasPrefix(codeB, codeA))
		f[postcodeDiffers] = 1 - f[postcodeSame]
	}

	f[placeOther] = f[streetSame] * f[numberSame] * (1 - max(f[nameShort]*f[nameShort], f[nameLetters]))
	yes(partOnly, part(names[0]) != part(names[1]))
	yes(nameNumber, otherNumbers(names[0], names[1]))
	f[chain] = f[nameShort] * max(f[numberDiffers], f[streetDiffers])
	tight := [2]string{strings.Join(names[0], ""), strings.Join(names[1], "")}
	yes(squeezed, len(tight[0]) > 3 && len(tight[1]) > 3 && (strings.Contains(tight[0], tight[1]) || strings.Contains(tight[1], tight[0])))
	yes(unknown, len(streetA) == 0 || len(streetB) == 0)
	if cityA, cityB := strings.Join(words(a.City), ""), strings.Join(words(b.City), ""); cityA != "" && cityB != "" {
		yes(cityDiffers, !strings.Contains(cityA, cityB) && !strings.Contains(cityB, cityA))
	}
	return f
}

// parts are words for what stands at the house of a business and is another one:
// its cash machine, its stop.
var parts = map[string]bool{
	"atm": true, "geldautomat": true, "bankamatik": true, "pharmacy": true, "parking": true, "service": true, "parts": true, "pool": true,
	"gym": true, "fuel": true, "gas": true, "station": true, "school": true, "rental": true, "training": true, "kiosk": true, "locker": true,
	"departments": true, "department": true, "bakery": true, "cafe": true, "optical": true, "vision": true, "auto": true, "tire": true,
}

func part(name []string) bool {
	return slices.ContainsFunc(name, func(w string) bool { return parts[w] })
}

// otherNumbers reports whether both names have numbers, and not the same.
func otherNumbers(a, b []string) bool {
	of := func(list []string) (numbers []string) {
		for _, w := range list {
			if strings.ContainsFunc(w, unicode.IsDigit) {
				numbers = append(numbers, w)
			}
		}
		return numbers
	}
	inA, inB := of(a), of(b)
	return len(inA) > 0 && len(inB) > 0 && !slices.Equal(inA, inB)
}

// words of a name in Latin letters where they can be.
func words(name string) []string {
	list := text.Words(visible(name))
	for i, w := range list {
		list[i], _ = text.Latin(w)
	}
	return list
}

// street parts an address into its words and its numbers, the unit last.
func street(e Entry) (names, numbers []string) {
	for _, w := range words(e.Street + " " + e.HouseNumber + " " + e.Unit) {
		if strings.ContainsFunc(w, unicode.IsDigit) {
			numbers = append(numbers, w)
		} else if long, ok := streetWords[w]; ok {
			names = append(names, long)
		} else {
			names = append(names, w)
		}
	}
	return names, numbers
}

// streetWords are short forms that addresses are full of.
var streetWords = map[string]string{
	"st": "street", "str": "strasse", "ave": "avenue", "av": "avenue", "avda": "avenida", "rd": "road", "blvd": "boulevard", "dr": "drive", "ln": "lane", "hwy": "highway",
	"pl": "place", "ct": "court", "sq": "square", "pkwy": "parkway", "trl": "trail", "n": "north", "s": "south", "e": "east", "w": "west",
	"r": "rua", "c": "calle", "jl": "jalan", "ste": "suite",
}

func postcode(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return unicode.ToLower(r)
		}
		return -1
	}, s)
}

// found is how much of the words in list are in other, letter by letter for
// words that are nearly the same.
func found(list, other []string) float64 {
	if len(list) == 0 {
		return 0
	}
	var sum, all float64
	for _, w := range list {
		weight := 1.0
		if len([]rune(w)) < 3 {
			weight = 0.5 // of, the letter of an initial
		}
		best := 0.0
		for _, o := range other {
			if w == o {
				best = 1
				break
			}
			if near := dice(w, o); near >= 0.6 {
				best = max(best, near)
			}
		}
		sum, all = sum+weight*best, all+weight
	}
	return sum / all
}

// dice is the Sørensen–Dice coefficient of the pairs of letters of two texts.
func dice(a, b string) float64 {
	if a == b && a != "" {
		return 1
	}
	pairsA, pairsB := letterPairs(a), letterPairs(b)
	if len(pairsA)+len(pairsB) == 0 {
		return 0
	}
	have := make(map[[2]rune]int, len(pairsA))
	for _, p := range pairsA {
		have[p]++
	}
	both := 0
	for _, p := range pairsB {
		if have[p] > 0 {
			have[p]--
			both++
		}
	}
	return 2 * float64(both) / float64(len(pairsA)+len(pairsB))
}

func letterPairs(s string) [][2]rune {
	runes := []rune(s)
	if len(runes) < 2 {
		return nil
	}
	list := make([][2]rune, len(runes)-1)
	for i := range list {
		list[i] = [2]rune{runes[i], runes[i+1]}
	}
	return list
}
