package hours

import "math"

// event is a moment of the sun.
type event uint8

const (
	clock event = iota // no event: the clock alone
	sunrise
	sunset
	dawn // civil: the sun six degrees under the horizon
	dusk
)

var eventNames = [...]string{sunrise: "sunrise", sunset: "sunset", dawn: "dawn", dusk: "dusk"}

var events = map[string]event{"sunrise": sunrise, "sunset": sunset, "dawn": dawn, "dusk": dusk}

// morning reports whether the sun comes up at the event.
func (e event) morning() bool { return e == sunrise || e == dawn }

// height is the true height of the sun's middle at the event, in degrees: its
// radius and the refraction at the horizon together are 50 minutes of arc.
func (e event) height() float64 {
	if e == dawn || e == dusk {
		return -6
	}
	return -50.0 / 60
}

// sky is what a day does of an event.
type sky uint8

const (
	happens sky = iota
	staysUp     // the sun stays above the event's height all day
	staysDown
)

const degree = math.Pi / 180

// sun is when the event happens around a solar noon, in Unix seconds (UTC).
// The position is that of Meeus, Astronomical Algorithms, 2nd edition, chapter
// 25, of lower accuracy (0.01 degrees), which NOAA's solar calculator uses too:
// a few seconds between the polar circles, a minute or two near them.
func (e event) sun(noon float64, lat, lng float64) (float64, sky) {
	at := noon
	for range 3 { // the sun moves on while we look for it
		declination, equation := sunAt(at)
		middle := noon - equation
		cos := (math.Sin(e.height()*degree) - math.Sin(lat*degree)*math.Sin(declination)) /
			(math.Cos(lat*degree) * math.Cos(declination))
		switch {
		case cos > 1:
			return 0, staysDown
		case cos < -1:
			return 0, staysUp
		}
		angle := math.Acos(cos) / degree * 240 // seconds
		if e.morning() {
			angle = -angle
		}
		at = middle + angle
	}
	return at, happens
}

// sunAt is the sun's declination in radians and the equation of time in
// seconds, sundial minus clock, at a Unix time.
func sunAt(unix float64) (declination, equation float64) {
	t := (unix/secondsPerDay + 2440587.5 - 2451545) / 36525
	long := math.Mod(280.46646+t*(36000.76983+t*0.0003032), 360) * degree
	anomaly := (357.52911 + t*(35999.05029-t*0.0001537)) * degree
	eccentricity := 0.016708634 - t*(0.000042037+t*0.0000001267)
	center := math.Sin(anomaly)*(1.914602-t*(0.004817+t*0.000014)) +
		math.Sin(2*anomaly)*(0.019993-t*0.000101) + math.Sin(3*anomaly)*0.000289
	node := (125.04 - 1934.136*t) * degree
	apparent := long + (center-0.00569-0.00478*math.Sin(node))*degree
	tilt := (23 + (26+(21.448-t*(46.815+t*(0.00059-t*0.001813)))/60)/60 + 0.00256*math.Cos(node)) * degree
	declination = math.Asin(math.Sin(tilt) * math.Sin(apparent))
	y := math.Pow(math.Tan(tilt/2), 2)
	e := y*math.Sin(2*long) - 2*eccentricity*math.Sin(anomaly) + 4*eccentricity*y*math.Sin(anomaly)*math.Cos(2*long) -
		y*y/2*math.Sin(4*long) - 1.25*eccentricity*eccentricity*math.Sin(2*anomaly)
	return declination, e / degree * 240
}

// sunMoment is the answer of sunMinute.
type sunMoment struct {
	e      event
	n      day
	minute int
	sky    sky
}

// sunMinute is the minute of day n's wall clock at which the event happens.
// Each is asked for several times in a row, so the last answers are kept.
func (p *plan) sunMinute(e event, n day) (int, sky) {
	slot := &p.suns[(uint32(n)*4+uint32(e))%uint32(len(p.suns))]
	m := slot.Load()
	if m == nil || m.e != e || m.n != n {
		m = &sunMoment{e: e, n: n}
		m.minute, m.sky = p.findSun(e, n)
		slot.Store(m)
	}
	return m.minute, m.sky
}

func (p *plan) findSun(e event, n day) (int, sky) {
	midnight := int64(n) * secondsPerDay
	// The solar noon that belongs to the day is the one nearest to the clock's:
	// some islands keep the date of the other side of the world.
	noon := float64(midnight+secondsPerDay/2) - p.place.Lng*240
	clockNoon := float64(p.zone.instant(midnight + secondsPerDay/2))
	noon += math.Round((clockNoon-noon)/secondsPerDay) * secondsPerDay
	at, sky := e.sun(noon, p.place.Lat, p.place.Lng)
	if sky != happens {
		return 0, sky
	}
	wall := p.zone.wall(int64(math.Round(at/60)) * 60)
	return floorDiv(int(wall-midnight), 60), happens
}
