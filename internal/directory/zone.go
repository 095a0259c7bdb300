package directory

import (
	"fmt"
	"math"
	"runtime"
	"sync"
	"time"

	"github.com/ringsaturn/tzf"
	tzfrellite "github.com/ringsaturn/tzf-rel-lite"
	pb "github.com/ringsaturn/tzf/gen/go/tzf/v1"
	"google.golang.org/protobuf/proto"

	"nearby/internal/geo"
)

// zoneFinder names the IANA time zone of a point from simplified borders. The
// data is loaded at the first question: see BenchmarkZones for what it costs.
var zoneFinder = sync.OnceValue(func() tzf.F {
	var borders pb.CompressedTimezones
	if err := proto.Unmarshal(tzfrellite.LiteCompressData, &borders); err != nil {
		panic(err) // compiled in
	}
	finder, err := tzf.NewFinderFromCompressed(&borders, tzf.SetDropPBTZ)
	if err != nil {
		panic(err)
	}
	runtime.GC() // the decoded borders are garbage now, tens of megabytes of it
	return finder
})

// zoneOf is the IANA time zone at a point. On the high seas and wherever else
// nobody keeps a time of his own, it is the nautical zone of the longitude.
func zoneOf(p geo.Point) string {
	name := zoneFinder().GetTimezoneName(p.Lng, p.Lat)
	if name == "" {
		return nauticalZone(p)
	}
	if _, err := time.LoadLocation(name); err != nil {
		return nauticalZone(p) // the borders know a zone that our tz data does not
	}
	return name
}

// nauticalZone is the zone of 15 degrees around each full hour from Greenwich;
// at a pole, where all longitudes meet, it is Greenwich's.
func nauticalZone(p geo.Point) string {
	hour := int(math.Round(p.Lng / 15))
	if hour == 0 || math.Abs(p.Lat) > 89.9 {
		return "Etc/GMT"
	}
	// POSIX counts westwards: Etc/GMT-3 is three hours ahead of Greenwich.
	return fmt.Sprintf("Etc/GMT%+d", -hour)
}
