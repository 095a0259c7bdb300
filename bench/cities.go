package main

import (
	"bufio"
	"cmp"
	"compress/gzip"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"

	"nearby/internal/geo"
	"nearby/internal/nearby"
)

// cityRows are n businesses, always the same: the real places of Berlin, how
// they lie around the middle and what kind they are, set down in the real cities
// of the world, as many in each as its people ask for.
func (b *bench) cityRows(n int) ([]nearby.Row, error) {
	pattern, err := readPattern(filepath.Join(b.data, "businesses", "berlin-2024-01.ndjson.gz"))
	if err != nil {
		return nil, err
	}
	cities, err := readCities(filepath.Join(b.data, "geo", "geonames-cities1000.csv.gz"))
	if err != nil {
		return nil, err
	}
	schedules, err := someSchedules()
	if err != nil {
		return nil, err
	}
	random := rand.New(rand.NewPCG(71, 72))
	rows := make([]nearby.Row, n)
	for i := range rows {
		people := random.Float64() * cities[len(cities)-1].upTo
		at, _ := slices.BinarySearchFunc(cities, people, func(c city, people float64) int { return cmp.Compare(c.upTo, people) })
		c, p := cities[at], pattern[random.IntN(len(pattern))]
		scale := math.Sqrt(c.people / berliners)
		rows[i] = nearby.Row{
			ID:    fmt.Sprintf("018f3c2a-%04x-7%03x-8000-%012x", i>>16, i&0xfff, i),
			Point: moved(c.middle, p.north*scale+random.NormFloat64()*20, p.east*scale+random.NormFloat64()*20), Category: p.kind,
			Schedule: schedules[random.IntN(len(schedules))], Flags: nearby.HasHours | nearby.Orderable,
		}
	}
	return rows, nil
}

const berliners = 3_600_000

type city struct {
	middle geo.Point
	people float64
	upTo   float64 // people of this city and all before it
}

func readCities(path string) ([]city, error) {
	file, text, err := unzip(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	table := csv.NewReader(text)
	var cities []city
	sum := 0.0
	for line := 0; ; line++ {
		row, err := table.Read()
		if errors.Is(err, io.EOF) {
			return cities, nil
		}
		if err != nil {
			return nil, err
		}
		const population, latitude, longitude = 5, 6, 7
		people, _ := strconv.ParseFloat(row[population], 64)
		if line == 0 || people < 1000 {
			continue
		}
		lat, errLat := strconv.ParseFloat(row[latitude], 64)
		lng, errLng := strconv.ParseFloat(row[longitude], 64)
		middle, err := geo.NewPoint(lat, lng)
		if err := cmp.Or(errLat, errLng, err); err != nil {
			return nil, fmt.Errorf("line %d: %w", line+1, err)
		}
		sum += people
		cities = append(cities, city{middle, people, sum})
	}
}

// offset is where a real place lies from the middle of its city, in metres.
type offset struct {
	north, east float64
	kind        uint16
}

func readPattern(path string) ([]offset, error) {
	file, text, err := unzip(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	middle := geo.Point{Lat: 52.52, Lng: 13.405}
	kinds, lines := map[string]uint16{}, bufio.NewScanner(text)
	lines.Buffer(nil, 1<<20)
	var pattern []offset
	for lines.Scan() {
		var place struct {
			Lat, Lng float64
			Kind     string
		}
		if err := json.Unmarshal(lines.Bytes(), &place); err != nil {
			return nil, err
		}
		if _, known := kinds[place.Kind]; !known {
			kinds[place.Kind] = uint16(len(kinds))
		}
		pattern = append(pattern, offset{
			(place.Lat - middle.Lat) * metresPerDegree, (place.Lng - middle.Lng) * metresPerDegree * math.Cos(middle.Lat*math.Pi/180), kinds[place.Kind],
		})
	}
	return pattern, lines.Err()
}

func unzip(path string) (*os.File, io.Reader, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, nil, err
	}
	text, err := gzip.NewReader(file)
	if err != nil {
		file.Close()
		return nil, nil, err
	}
	return file, text, nil
}

const metresPerDegree = 111_195

// moved is a point so many metres north and east of another, with seven decimals
// as real places are written.
func moved(p geo.Point, north, east float64) geo.Point {
	decimals := func(degrees float64) float64 { return math.Round(degrees*1e7) / 1e7 }
	lat := max(-89, min(89, p.Lat+north/metresPerDegree))
	lng := p.Lng + east/metresPerDegree/math.Cos(p.Lat*math.Pi/180)
	return geo.Point{Lat: decimals(lat), Lng: decimals(math.Mod(lng+540, 360) - 180)}
}
