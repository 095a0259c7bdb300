package places

import (
	"bufio"
	"fmt"
	"strings"

	"google.golang.org/protobuf/encoding/protowire"
)

type position struct{ lat, lng float64 }

// pbf is one reading of a PBF file.
type pbf struct {
	in      *input
	count   int                // elements so far
	areas   []element          // businesses that are ways, found by the first reading
	corners map[int64]position // of the areas; zero until known
}

// readPBF hands on the nodes with a name and a kind in the order of the file,
// then the ways, each at the mean of its corners. Relations are left out.
func (in *input) readPBF(buf *bufio.Reader) error {
	f := &pbf{in: in, corners: map[int64]position{}}
	if in.again != nil {
		if err := f.pass(buf, f.findAreas); err != nil {
			return err
		}
		var err error
		if buf, err = in.again(); err != nil {
			return err
		}
	}
	if err := f.pass(buf, f.takeNodes); err != nil {
		return err
	}
	for _, area := range f.areas {
		if err := f.takeArea(area); err != nil {
			return err
		}
	}
	return nil
}

// pass walks through all blocks of the file once.
func (f *pbf) pass(buf *bufio.Reader, fn func(k *block, group []byte) error) error {
	return eachBlock(buf, func(kind string, b []byte) error {
		if err := f.in.ctx.Err(); err != nil {
			f.in.ended = true
			return err
		}
		switch kind {
		case "OSMHeader":
			return checkHeader(b)
		case "OSMData":
		default:
			return nil // the format tells readers to skip what they do not know
		}
		k, err := newBlock(b)
		if err != nil {
			return err
		}
		for _, group := range k.groups {
			if err := fn(k, group); err != nil {
				return err
			}
		}
		return nil
	})
}

// findAreas remembers the ways that are businesses, and their corners.
func (f *pbf) findAreas(k *block, group []byte) error {
	return eachField(group, func(g field) error {
		if g.number != 3 {
			return nil
		}
		e, err := k.way(g.bytes)
		if err != nil || e.tags == nil {
			return err
		}
		f.areas = append(f.areas, e)
		if len(e.at) > 0 {
			return nil
		}
		for _, ref := range e.refs {
			f.corners[ref] = position{}
		}
		return nil
	})
}

// takeNodes hands on nodes and fills in corners.
func (f *pbf) takeNodes(k *block, group []byte) error {
	return eachField(group, func(g field) error {
		switch g.number {
		case 1:
			e, err := k.node(g.bytes)
			if err != nil {
				return err
			}
			return f.takeNode(e)
		case 2:
			return k.dense(g.bytes, f.takeNode)
		case 3:
			f.in.sum.Read++
			if f.in.again != nil {
				return nil
			}
			e, err := k.way(g.bytes)
			switch {
			case err != nil || e.tags == nil:
			case len(e.at) > 0:
				f.areas = append(f.areas, e)
			default:
				f.in.sum.Unplaced++
			}
			return err
		}
		return nil
	})
}

func (f *pbf) takeNode(e element) error {
	f.in.sum.Read++
	if _, ok := f.corners[e.id]; ok {
		f.corners[e.id] = position{e.lat, e.lng}
	}
	if e.tags == nil {
		return nil
	}
	return f.take("node", e)
}

// takeArea places a way at the mean of its corners. A file cut out of a larger
// one may lack some; then the others have to do.
func (f *pbf) takeArea(e element) error {
	corners := e.at
	for _, ref := range e.refs {
		if len(e.at) == 0 {
			corners = append(corners, f.corners[ref])
		}
	}
	if n := len(corners); n > 1 && corners[0] == corners[n-1] {
		corners = corners[1:] // the ring's first corner comes twice
	}
	var sum, first position
	n := 0.0
	for _, at := range corners {
		if at == (position{}) {
			continue
		}
		if n == 0 {
			first = at
		}
		// Beyond the antimeridian count on, so that the mean is not on the
		// other side of the world.
		switch {
		case at.lng-first.lng > 180:
			at.lng -= 360
		case first.lng-at.lng > 180:
			at.lng += 360
		}
		sum.lat, sum.lng, n = sum.lat+at.lat, sum.lng+at.lng, n+1
	}
	if n == 0 {
		f.count++
		f.in.refuse(f.count, errNoPoint)
		return nil
	}
	e.lat, e.lng = sum.lat/n, sum.lng/n
	switch {
	case e.lng < -180:
		e.lng += 360
	case e.lng > 180:
		e.lng -= 360
	}
	return f.take("way", e)
}

func (f *pbf) take(kind string, e element) error {
	f.count++
	return f.in.take(fromTags(fmt.Sprintf("%s/%d", kind, e.id), e, f.count))
}

// fromTags makes a place of OpenStreetMap tags.
func fromTags(id string, e element, line int) Place {
	used := func(keys ...string) string {
		var found string
		for _, key := range keys {
			value := e.tags[key]
			delete(e.tags, key)
			if found == "" {
				found = value
			}
		}
		return found
	}
	p := Place{
		Source: SystemOSM, SourceID: id, Lat: e.lat, Lng: e.lng, Line: line,
		Kinds:  kindsOf(e.tags),
		Name:   used("name"),
		Street: used("addr:street", "addr:place"), HouseNumber: used("addr:housenumber"),
		Postcode: used("addr:postcode"), City: used("addr:city"), Region: used("addr:state"), Country: used("addr:country"),
		Phone: used("phone", "contact:phone", "contact:mobile"), Email: used("email", "contact:email"),
		Website: used("website", "contact:website", "url"), OpeningHours: used("opening_hours"),
		Attributes: e.tags,
	}
	p.Phone, _, _ = strings.Cut(p.Phone, ";")
	p.Email, _, _ = strings.Cut(p.Email, ";")
	p.Website, _, _ = strings.Cut(p.Website, ";")
	return p
}

// node reads a Node message.
func (k *block) node(b []byte) (element, error) {
	var e element
	var keys, values varints
	var lat, lon int64
	err := eachField(b, func(f field) error {
		switch f.number {
		case 1:
			e.id = protowire.DecodeZigZag(f.value)
		case 2:
			keys = f.bytes
		case 3:
			values = f.bytes
		case 8:
			lat = protowire.DecodeZigZag(f.value)
		case 9:
			lon = protowire.DecodeZigZag(f.value)
		}
		return nil
	})
	if err != nil {
		return e, err
	}
	e.lat, e.lng = k.point(lat, lon)
	e.tags, err = k.tags(keys, values)
	return e, err
}

// dense reads a DenseNodes message: columns of differences, and the tags of all
// nodes in one list, a zero after each node.
func (k *block) dense(b []byte, fn func(element) error) error {
	var ids, lats, lons, pairs varints
	err := eachField(b, func(f field) error {
		switch f.number {
		case 1:
			ids = f.bytes
		case 8:
			lats = f.bytes
		case 9:
			lons = f.bytes
		case 10:
			pairs = f.bytes
		}
		return nil
	})
	if err != nil {
		return err
	}
	var e element
	var lat, lon int64
	for len(ids) > 0 {
		var ok1, ok2, ok3 bool
		e.id, ok1 = ids.delta(e.id)
		lat, ok2 = lats.delta(lat)
		lon, ok3 = lons.delta(lon)
		if !ok1 || !ok2 || !ok3 {
			return errPBF
		}
		e.lat, e.lng = k.point(lat, lon)
		if e.tags, err = k.denseTags(&pairs); err != nil {
			return err
		}
		if err := fn(e); err != nil {
			return err
		}
	}
	return nil
}

// denseTags reads the next node's tags. The list may be missing altogether.
func (k *block) denseTags(pairs *varints) (map[string]string, error) {
	var tags map[string]string
	for len(*pairs) > 0 {
		key, ok := pairs.next()
		if !ok {
			return nil, errPBF
		}
		if key == 0 {
			break
		}
		value, ok := pairs.next()
		if !ok {
			return nil, errPBF
		}
		if err := k.tag(&tags, key, value); err != nil {
			return nil, err
		}
	}
	return business(tags), nil
}

// way reads a Way message.
func (k *block) way(b []byte) (element, error) {
	var e element
	var keys, values, refs, lats, lons varints
	err := eachField(b, func(f field) error {
		switch f.number {
		case 1:
			e.id = int64(f.value)
		case 2:
			keys = f.bytes
		case 3:
			values = f.bytes
		case 8:
			refs = f.bytes
		case 9:
			lats = f.bytes
		case 10:
			lons = f.bytes
		}
		return nil
	})
	if err != nil {
		return e, err
	}
	if e.tags, err = k.tags(keys, values); err != nil || e.tags == nil {
		return e, err
	}
	var ref int64
	for len(refs) > 0 {
		var ok bool
		if ref, ok = refs.delta(ref); !ok {
			return e, errPBF
		}
		e.refs = append(e.refs, ref)
	}
	var lat, lon int64
	for len(lats) > 0 { // LocationsOnWays: the corners stand in the way itself
		var ok1, ok2 bool
		lat, ok1 = lats.delta(lat)
		lon, ok2 = lons.delta(lon)
		if !ok1 || !ok2 {
			return e, errPBF
		}
		var at position
		at.lat, at.lng = k.point(lat, lon)
		e.at = append(e.at, at)
	}
	return e, nil
}
