package hours_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"nearby/internal/hours"
)

// benchmarked are schedules from the plainest to those that ask for the place.
var benchmarked = []struct{ name, value string }{
	{"weekly", "Mo-Fr 09:00-12:30,14:00-18:00; Sa 10:00-02:00"},
	{"seasonal", "Apr-Oct Mo-Su 10:00-18:00; Nov-Mar Sa,Su 11:00-16:00"},
	{"holidays", "Mo-Fr 09:00-18:00; Sa 10:00-14:00; PH off"},
	{"sun", "sunrise-sunset"},
}

func scheduled(b *testing.B, value string) hours.Schedule {
	b.Helper()
	s, err := hours.ParseOSM(value, "Europe/Berlin")
	if err != nil {
		b.Fatal(err)
	}
	return s.InPlace(berlin)
}

// The clock moves a minute each time, so that days change as in a program that
// runs.
func BenchmarkOpenAt(b *testing.B) {
	for _, c := range benchmarked {
		s, now := scheduled(b, c.value), time.Date(2025, 6, 4, 13, 11, 0, 0, time.UTC)
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				now = now.Add(time.Minute)
				_ = s.OpenAt(now)
			}
		})
	}
}

func BenchmarkNextChange(b *testing.B) {
	for _, c := range benchmarked {
		s, now := scheduled(b, c.value), time.Date(2025, 6, 4, 13, 11, 0, 0, time.UTC)
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				now = now.Add(time.Minute)
				_ = s.Next(now)
			}
		})
	}
}

// BenchmarkDistinct is what the nearby index asks when the minute changes: each
// distinct schedule once. Berlin's 12,110 values are 7,000 distinct ones; a
// million rows of a country have about as many, most of them weekly.
func BenchmarkDistinct(b *testing.B) {
	var list []hours.Schedule
	for i := range 8000 {
		value := fmt.Sprintf("Mo-Fr %02d:%02d-%02d:%02d; Sa %02d:00-%02d:00", 6+i%5, i%4*15, 15+i%9, i/4%4*15, 8+i/16%4, 12+i/64%12)
		switch i % 20 {
		case 0, 1:
			value += "; PH off"
		case 2:
			value = "Apr-Oct " + value
		}
		list = append(list, scheduled(b, value))
	}
	now := time.Date(2025, 6, 4, 13, 11, 0, 0, time.UTC)
	b.ReportAllocs()
	for b.Loop() {
		now = now.Add(time.Minute)
		for _, s := range list {
			_ = s.OpenAt(now)
		}
	}
	b.ReportMetric(float64(len(list)), "schedules")
}

// BenchmarkWorst is the hardest question: one whose answer never changes, so
// that more than a year is looked through, of the longest values.
func BenchmarkWorst(b *testing.B) {
	for name, value := range map[string]string{
		"sun and school holidays": "22:00-sunrise;; SH unknown",
		"hundred rules":           strings.Repeat("Mo[1] off;", 100) + "2020",
		"hundred dates":           "2020;" + strings.Repeat("Jan 1,", 160) + "Jan 1",
		"hundred holidays":        strings.Repeat("PH off;", 120) + "SH off;unknown",
		"hundred times":           "2020 " + strings.Repeat("1:00-2:00,", 90) + "3:00-4:00;PH unknown;SH off",
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				s := scheduled(b, value) // nothing is remembered
				_ = s.At(time.Date(2025, 6, 4, 13, 11, 0, 0, time.UTC))
			}
		})
	}
}
