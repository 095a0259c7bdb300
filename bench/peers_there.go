package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"

	"nearby/internal/database/dbtest"
	"nearby/internal/geo"
	"nearby/internal/nearby"
)

// redis is GEOSEARCH of a server of its own, over a socket in a scratch folder.
func (b *bench) redis(rows []nearby.Row) (*peer, error) {
	program, err := exec.LookPath("redis-server")
	if err != nil {
		return nil, fmt.Errorf("redis-server: %w", errMissing)
	}
	socket := filepath.Join(b.scratch, "redis.sock")
	server := exec.CommandContext(b.ctx, program, "--port", "0", "--unixsocket", socket, "--save", "", "--dir", b.scratch)
	server.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := server.Start(); err != nil {
		return nil, err
	}
	stop := func() { _ = server.Process.Kill(); _ = server.Wait() }
	var c redisClient
	for end := time.Now().Add(10 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		if c.conn, err = net.Dial("unix", socket); err == nil {
			break
		}
		if time.Now().After(end) {
			stop()
			return nil, err
		}
	}
	c.in, c.out = bufio.NewReader(c.conn), bufio.NewWriter(c.conn)
	const together = 1000
	for i := 0; i < len(rows) && err == nil; i += together {
		words := []string{"GEOADD", "places"}
		for n, row := range rows[i:min(i+together, len(rows))] {
			words = append(words, degrees(row.Point.Lng), degrees(max(-85, min(85, row.Point.Lat))), strconv.Itoa(i+n))
		}
		_, err = c.call(words...)
	}
	if err != nil {
		stop()
		return nil, err
	}
	near := func(p geo.Point) ([]geo.Point, error) {
		return growing(func(metres float64) ([]geo.Point, error) {
			members, err := c.call("GEOSEARCH", "places", "FROMLONLAT", degrees(p.Lng), degrees(p.Lat), "BYRADIUS",
				strconv.FormatFloat(metres, 'f', 1, 64), "m", "ASC", "COUNT", strconv.Itoa(wanted))
			points := make([]geo.Point, 0, wanted)
			for _, member := range members {
				i, err := strconv.Atoi(member)
				if err != nil {
					return nil, err
				}
				points = append(points, rows[i].Point)
			}
			return points, err
		}, p)
	}
	return &peer{name: "Redis GEOSEARCH", near: near, metres: 2, tolerance: 1e-5, stop: stop}, nil // 26 bits a coordinate
}

func degrees(v float64) string { return strconv.FormatFloat(v, 'f', 7, 64) }

// redisClient speaks as much of the protocol as is needed here.
type redisClient struct {
	conn net.Conn
	in   *bufio.Reader
	out  *bufio.Writer
}

// call sends a command and reads an array of texts, or a number.
func (c *redisClient) call(words ...string) ([]string, error) {
	fmt.Fprintf(c.out, "*%d\r\n", len(words))
	for _, word := range words {
		fmt.Fprintf(c.out, "$%d\r\n%s\r\n", len(word), word)
	}
	if err := c.out.Flush(); err != nil {
		return nil, err
	}
	kind, n, err := c.line()
	if err != nil || kind != '*' {
		return nil, err
	}
	list := make([]string, n)
	for i := range list {
		_, size, err := c.line()
		if err != nil {
			return nil, err
		}
		text := make([]byte, size+2)
		if _, err := io.ReadFull(c.in, text); err != nil {
			return nil, err
		}
		list[i] = string(text[:size])
	}
	return list, nil
}

func (c *redisClient) line() (kind byte, n int, err error) {
	line, err := c.in.ReadString('\n')
	if err != nil {
		return 0, 0, err
	}
	line = strings.TrimSpace(line)
	if line == "" || line[0] == '-' {
		return 0, 0, errors.New("redis: " + line)
	}
	n, err = strconv.Atoi(line[1:])
	return line[0], n, err
}

// postgis is the nearest neighbours of a GiST index, in a cluster of its own.
func (b *bench) postgis(rows []nearby.Row) (*peer, error) {
	const name = "PostGIS GiST"
	cluster, err := dbtest.Start(true)
	if err != nil {
		return nil, fmt.Errorf("%s: %w (%w)", name, errMissing, err)
	}
	ctx := context.WithoutCancel(b.ctx)
	conn, err := pgx.Connect(ctx, cluster.URL)
	if err != nil {
		cluster.Stop()
		return nil, err
	}
	stop := func() { _ = conn.Close(ctx); cluster.Stop() }
	if _, err := conn.Exec(ctx, "CREATE EXTENSION postgis"); err != nil {
		stop()
		return nil, fmt.Errorf("%s: %w", name, errMissing)
	}
	i := 0
	_, err = conn.Exec(ctx, "CREATE TABLE raw (lat float8, lng float8)")
	if err == nil {
		_, err = conn.CopyFrom(ctx, pgx.Identifier{"raw"}, []string{"lat", "lng"}, pgx.CopyFromFunc(func() ([]any, error) {
			if i == len(rows) {
				return nil, nil
			}
			i++
			return []any{rows[i-1].Point.Lat, rows[i-1].Point.Lng}, nil
		}))
	}
	for _, step := range []string{
		"CREATE TABLE places AS SELECT lat, lng, ST_SetSRID(ST_MakePoint(lng, lat), 4326)::geography AS at FROM raw",
		"CREATE INDEX ON places USING gist (at)", "VACUUM ANALYZE places",
	} {
		if err == nil {
			_, err = conn.Exec(ctx, step)
		}
	}
	if err != nil {
		stop()
		return nil, err
	}
	near := func(p geo.Point) ([]geo.Point, error) {
		found, err := conn.Query(ctx, "SELECT lat, lng FROM places ORDER BY at <-> ST_SetSRID(ST_MakePoint($1, $2), 4326)::geography LIMIT $3", p.Lng, p.Lat, wanted)
		if err != nil {
			return nil, err
		}
		return pgx.CollectRows(found, pgx.RowToStructByPos[geo.Point])
	}
	return &peer{name: name, near: near, metres: 0.1, tolerance: 0.006, stop: stop}, nil // it measures on an ellipsoid
}
