package main

import (
	"database/sql"
	"math"

	_ "github.com/mattn/go-sqlite3" // the peer's driver
	"gonum.org/v1/gonum/spatial/kdtree"

	"nearby/internal/geo"
	"nearby/internal/nearby"
)

// inSpace is a place as a position in space, for trees that know no sphere.
type inSpace struct {
	kdtree.Point
	of geo.Point
}

func (p inSpace) Compare(c kdtree.Comparable, d kdtree.Dim) float64 {
	return p.Point[d] - c.(inSpace).Point[d]
}
func (p inSpace) Dims() int                            { return len(p.Point) }
func (p inSpace) Distance(c kdtree.Comparable) float64 { return p.Point.Distance(c.(inSpace).Point) }

func spaceOf(p geo.Point) inSpace {
	sinLat, cosLat := math.Sincos(p.Lat * math.Pi / 180)
	sinLng, cosLng := math.Sincos(p.Lng * math.Pi / 180)
	return inSpace{kdtree.Point{cosLat * cosLng, cosLat * sinLng, sinLat}, p}
}

// positions are places that a tree is built of.
type positions []inSpace

func (p positions) Index(i int) kdtree.Comparable         { return p[i] }
func (p positions) Len() int                              { return len(p) }
func (p positions) Slice(start, end int) kdtree.Interface { return p[start:end] }
func (p positions) Pivot(d kdtree.Dim) int                { return plane{p, d}.Pivot() }

// plane sorts positions by one dimension.
type plane struct {
	positions
	by kdtree.Dim
}

func (p plane) Less(i, j int) bool { return p.positions[i].Point[p.by] < p.positions[j].Point[p.by] }
func (p plane) Swap(i, j int)      { p.positions[i], p.positions[j] = p.positions[j], p.positions[i] }
func (p plane) Pivot() int         { return kdtree.Partition(p, kdtree.MedianOfRandoms(p, 100)) }
func (p plane) Slice(start, end int) kdtree.SortSlicer {
	p.positions = p.positions[start:end]
	return p
}

// kdTree is gonum's k-d tree, in this process.
func kdTree(rows []nearby.Row) (*peer, error) {
	list := make(positions, len(rows))
	for i := range rows {
		list[i] = spaceOf(rows[i].Point)
	}
	tree := kdtree.New(list, false)
	return &peer{name: "gonum k-d tree in this process", metres: 0.01, stop: func() {}, near: func(p geo.Point) ([]geo.Point, error) {
		keep := kdtree.NewNKeeper(wanted)
		tree.NearestSet(keep, spaceOf(p))
		points := make([]geo.Point, 0, wanted)
		for _, found := range keep.Heap {
			if found.Comparable != nil {
				points = append(points, found.Comparable.(inSpace).of)
			}
		}
		return points, nil
	}}, nil
}

// rTree is the R*Tree of SQLite in memory.
func rTree(rows []nearby.Row) (*peer, error) {
	db, err := sql.Open("sqlite3", ":memory:")
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1) // each connection has a database of its own
	if _, err := db.Exec("CREATE VIRTUAL TABLE places USING rtree(id, west, east, south, north, +lat REAL, +lng REAL)"); err != nil {
		return nil, err
	}
	tx, err := db.Begin()
	if err != nil {
		return nil, err
	}
	put, err := tx.Prepare("INSERT INTO places VALUES (?, ?, ?, ?, ?, ?, ?)")
	if err != nil {
		return nil, err
	}
	defer put.Close()
	for i := range rows {
		p := rows[i].Point
		if _, err := put.Exec(i, p.Lng, p.Lng, p.Lat, p.Lat, p.Lat, p.Lng); err != nil {
			return nil, err
		}
	}
	if err := tx.Commit(); err != nil {
		return nil, err
	}
	get, err := db.Prepare("SELECT lat, lng FROM places WHERE east >= ? AND west <= ? AND north >= ? AND south <= ?")
	if err != nil {
		return nil, err
	}
	return &peer{name: "SQLite R*Tree", metres: 0.01, stop: func() { _ = db.Close() }, near: func(p geo.Point) ([]geo.Point, error) {
		return growing(func(metres float64) ([]geo.Point, error) {
			high := metres / metresPerDegree * 1.001
			wide := high / max(0.001, math.Cos(min(89.9, math.Abs(p.Lat)+high)*math.Pi/180))
			found, err := get.Query(p.Lng-wide, p.Lng+wide, p.Lat-high, p.Lat+high)
			if err != nil {
				return nil, err
			}
			defer found.Close()
			var points []geo.Point
			for found.Next() {
				var at geo.Point
				if err := found.Scan(&at.Lat, &at.Lng); err != nil {
					return nil, err
				}
				points = append(points, at)
			}
			return points, found.Err()
		}, p)
	}}, nil
}
