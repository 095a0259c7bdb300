// Package probetest is an Internet of its own for tests: a DNS server that
// knows what it was told, and a web server that answers https for every host.
package probetest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/net/dns/dnsmessage"

	"nearby/internal/clock"
	"nearby/internal/probe"
)

// World is that Internet.
type World struct {
	Options probe.Options // to ask it

	mu    sync.Mutex
	texts map[string][]string
	hosts map[string]netip.Addr
	pages map[string]http.HandlerFunc // host + path
	down  bool
}

// New starts it; it ends with the test. Every host is at 127.0.0.1, which its
// Options allow to be asked.
func New(t testing.TB) *World {
	t.Helper()
	w := &World{texts: map[string][]string{}, hosts: map[string]netip.Addr{}, pages: map[string]http.HandlerFunc{}}
	socket, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = socket.Close() })
	go w.answer(socket)
	ca, key := authority(t)
	site := httptest.NewUnstartedServer(http.HandlerFunc(w.serve))
	site.TLS = &tls.Config{GetCertificate: func(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
		return certificate(hello.ServerName, ca, key)
	}}
	site.StartTLS()
	t.Cleanup(site.Close)
	_, port, err := net.SplitHostPort(site.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(ca)
	w.Options = probe.Options{
		Resolver: socket.LocalAddr().String(), Port: port, Roots: roots,
		Inside: func(a netip.Addr) bool { return probe.Inside(a) && a != netip.MustParseAddr("127.0.0.1") },
	}
	return w
}

// Client asks it.
func (w *World) Client() *probe.Client { return probe.New(w.Options) }

// Text publishes texts under a name; none takes them away.
func (w *World) Text(name string, texts ...string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.texts[name] = texts
}

// Host moves a host to another address.
func (w *World) Host(name string, at netip.Addr) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.hosts[name] = at
}

// Page puts a page behind an address such as "example.org/file".
func (w *World) Page(address string, h http.HandlerFunc) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.pages[address] = h
}

// Down has the DNS answer with a failure of its own.
func (w *World) Down(down bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.down = down
}

func (w *World) serve(to http.ResponseWriter, r *http.Request) {
	host, _, err := net.SplitHostPort(r.Host)
	if err != nil {
		host = r.Host
	}
	w.mu.Lock()
	page, known := w.pages[host+r.URL.Path]
	w.mu.Unlock()
	if !known {
		http.NotFound(to, r)
		return
	}
	page(to, r)
}

func (w *World) answer(socket net.PacketConn) {
	buffer := make([]byte, 1500)
	for {
		n, from, err := socket.ReadFrom(buffer)
		if err != nil {
			return
		}
		var m dnsmessage.Message
		if m.Unpack(buffer[:n]) != nil || len(m.Questions) != 1 {
			continue
		}
		w.fill(&m)
		if reply, err := m.Pack(); err == nil {
			_, _ = socket.WriteTo(reply, from)
		}
	}
}

func (w *World) fill(m *dnsmessage.Message) {
	w.mu.Lock()
	defer w.mu.Unlock()
	m.Response, m.Authoritative, m.RecursionAvailable, m.Additionals = true, true, true, nil
	q := m.Questions[0]
	name := strings.TrimSuffix(strings.ToLower(q.Name.String()), ".")
	head := dnsmessage.ResourceHeader{Name: q.Name, Type: q.Type, Class: q.Class, TTL: 1}
	switch texts := w.texts[name]; {
	case w.down:
		m.RCode = dnsmessage.RCodeServerFailure
	case q.Type == dnsmessage.TypeTXT && len(texts) > 0:
		for _, text := range texts {
			m.Answers = append(m.Answers, dnsmessage.Resource{Header: head, Body: &dnsmessage.TXTResource{TXT: []string{text}}})
		}
	case q.Type == dnsmessage.TypeTXT:
		m.RCode = dnsmessage.RCodeNameError
	case q.Type == dnsmessage.TypeA:
		at, moved := w.hosts[name]
		if !moved {
			at = netip.MustParseAddr("127.0.0.1")
		}
		m.Answers = []dnsmessage.Resource{{Header: head, Body: &dnsmessage.AResource{A: at.As4()}}}
	}
}

func authority(t testing.TB) (*x509.Certificate, *ecdsa.PrivateKey) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	about := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test authority"}, NotBefore: clock.System().Add(-time.Hour), NotAfter: clock.System().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	raw, err := x509.CreateCertificate(rand.Reader, about, about, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	ca, err := x509.ParseCertificate(raw)
	if err != nil {
		t.Fatal(err)
	}
	return ca, key
}

func certificate(host string, ca *x509.Certificate, key *ecdsa.PrivateKey) (*tls.Certificate, error) {
	about := &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: host}, DNSNames: []string{host}, NotBefore: ca.NotBefore, NotAfter: ca.NotAfter,
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	raw, err := x509.CreateCertificate(rand.Reader, about, ca, &key.PublicKey, key)
	if err != nil {
		return nil, err
	}
	return &tls.Certificate{Certificate: [][]byte{raw}, PrivateKey: key}, nil
}
