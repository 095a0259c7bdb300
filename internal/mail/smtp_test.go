package mail_test

import (
	"bufio"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net"
	netmail "net/mail"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"nearby/internal/errs"
	"nearby/internal/mail"
)

// delivery is one message as the server received it.
type delivery struct {
	from, to, user string
	encrypted      bool
	data           string
}

// smtpServer speaks as much SMTP as a client needs (RFC 5321, 3207, 4954).
type smtpServer struct {
	port   int
	config *tls.Config
	direct bool // encrypted from the start
	caFile string
	answer func(command string) string // "" = the usual answer

	mu         sync.Mutex
	deliveries []delivery
	open       []net.Conn
}

func startSMTP(t *testing.T, encrypt, direct bool) *smtpServer {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &smtpServer{port: listener.Addr().(*net.TCPAddr).Port, direct: direct}
	if encrypt {
		s.config, s.caFile = certificate(t)
	}
	var running sync.WaitGroup
	running.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			s.mu.Lock()
			s.open = append(s.open, conn)
			s.mu.Unlock()
			running.Go(func() { s.serve(conn) })
		}
	})
	t.Cleanup(func() {
		listener.Close()
		s.mu.Lock()
		for _, conn := range s.open {
			conn.Close()
		}
		s.mu.Unlock()
		running.Wait()
	})
	return s
}

func (s *smtpServer) received() []delivery {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]delivery(nil), s.deliveries...)
}

func (s *smtpServer) serve(conn net.Conn) {
	defer func() { conn.Close() }()
	conn.SetDeadline(time.Now().Add(10 * time.Second))
	in := bufio.NewReader(conn)
	say := func(line string) { fmt.Fprintf(conn, "%s\r\n", line) }
	var d delivery
	if s.direct {
		secured := tls.Server(conn, s.config)
		if secured.Handshake() != nil {
			return
		}
		conn, in, d.encrypted = secured, bufio.NewReader(secured), true
	}
	say("220 test ready")
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			return
		}
		line = strings.TrimRight(line, "\r\n")
		command := strings.ToUpper(line)
		if s.answer != nil {
			if answer := s.answer(command); answer != "" {
				say(answer)
				continue
			}
		}
		switch {
		case strings.HasPrefix(command, "EHLO"):
			say("250-test")
			if s.config != nil && !d.encrypted {
				say("250-STARTTLS")
			}
			say("250-ENHANCEDSTATUSCODES")
			say("250 AUTH PLAIN")
		case command == "STARTTLS":
			say("220 go on")
			secured := tls.Server(conn, s.config)
			if secured.Handshake() != nil {
				return
			}
			conn, in, d.encrypted = secured, bufio.NewReader(secured), true
		case strings.HasPrefix(command, "AUTH PLAIN "):
			secret, _ := base64.StdEncoding.DecodeString(line[len("AUTH PLAIN "):])
			d.user = strings.ReplaceAll(string(secret), "\x00", "|")
			say("235 2.7.0 welcome")
		case strings.HasPrefix(command, "MAIL FROM:"):
			d.from = line[len("MAIL FROM:"):]
			say("250 2.1.0 ok")
		case strings.HasPrefix(command, "RCPT TO:"):
			d.to = line[len("RCPT TO:"):]
			say("250 2.1.5 ok")
		case command == "DATA":
			say("354 go on")
			var data strings.Builder
			for {
				line, err := in.ReadString('\n')
				if err != nil {
					return
				}
				if line == ".\r\n" {
					break
				}
				data.WriteString(strings.TrimPrefix(line, "."))
			}
			d.data = data.String()
			s.mu.Lock()
			s.deliveries = append(s.deliveries, d)
			s.mu.Unlock()
			say("250 2.0.0 taken")
		case command == "QUIT":
			say("221 bye")
			return
		default: // NOOP, RSET
			say("250 2.0.0 ok")
		}
	}
}

// certificate makes a key pair for 127.0.0.1 and a file that makes it trusted.
func certificate(t *testing.T) (*tls.Config, string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
	return &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}, file
}

const from = "Nearby Portmere <hello@nearby.example>"

var hello = mail.Message{
	ID: "0190-abc", To: "Ada@Example.ORG", Subject: "Your order at Café Kaimauer ☕",
	Text: "Grüße!\n.\nA line with a dot alone is above.\n", HTML: "<p>Grüße!</p>",
}

func TestSMTPDelivers(t *testing.T) {
	plain, secure := startSMTP(t, false, false), startSMTP(t, true, false)
	direct := startSMTP(t, true, true)
	tests := []struct {
		name    string
		server  *smtpServer
		address string
		user    string
	}{
		{"plain", plain, fmt.Sprintf("smtp://127.0.0.1:%d?tls=off", plain.port), ""},
		{"plain with password on loopback", plain, fmt.Sprintf("smtp://ada:s3cret@127.0.0.1:%d?tls=off", plain.port), "|ada|s3cret"},
		{"starttls", secure, fmt.Sprintf("smtp://ada:s3cret@127.0.0.1:%d?ca=%s", secure.port, secure.caFile), "|ada|s3cret"},
		{"implicit", direct, fmt.Sprintf("smtp://ada:s3cret@127.0.0.1:%d?tls=implicit&ca=%s", direct.port, direct.caFile), "|ada|s3cret"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			sender, err := mail.Open(tt.address, from)
			if err != nil {
				t.Fatal(err)
			}
			before := len(tt.server.received())
			if err := sender.Send(t.Context(), hello); err != nil {
				t.Fatal(err)
			}
			got := tt.server.received()[before:]
			if len(got) != 1 {
				t.Fatalf("%d deliveries", len(got))
			}
			d := got[0]
			if d.from != "<hello@nearby.example>" || d.to != "<Ada@example.org>" || d.user != tt.user || d.encrypted != (tt.server.config != nil) {
				t.Errorf("envelope = %q %q %q encrypted %v", d.from, d.to, d.user, d.encrypted)
			}
			checkContent(t, d.data)
		})
	}
}

func checkContent(t *testing.T, data string) {
	t.Helper()
	m, err := netmail.ReadMessage(strings.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	subject, err := new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject"))
	if err != nil || subject != hello.Subject {
		t.Errorf("subject = %q, %v", subject, err)
	}
	for name, want := range map[string]string{
		"Message-Id": "<0190-abc@nearby.example>", "Auto-Submitted": "auto-generated", "User-Agent": "", "Bcc": "",
	} {
		if got := m.Header.Get(name); got != want {
			t.Errorf("%s = %q, want %q", name, got, want)
		}
	}
	kind, params, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
	if err != nil || kind != "multipart/alternative" {
		t.Fatalf("content type %q, %v", kind, err)
	}
	parts := multipart.NewReader(m.Body, params["boundary"])
	for _, want := range []string{hello.Text, hello.HTML} {
		part, err := parts.NextRawPart()
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(quotedprintable.NewReader(part))
		if got := strings.ReplaceAll(string(body), "\r\n", "\n"); err != nil || got != want {
			t.Errorf("part = %q, %v; want %q", got, err, want)
		}
	}
}

func TestSMTPRefusals(t *testing.T) {
	tests := []struct {
		name   string
		answer func(string) string
		kind   errs.Kind
		code   string
	}{
		{"no such mailbox", onRCPT("550 5.1.1 <Ada@example.org> unknown"), errs.Invalid, "mail_refused"},
		{"mailbox busy", onRCPT("450 4.2.1 try later"), errs.Unavailable, "mail_unavailable"},
		{"server not ready", func(c string) string {
			if strings.HasPrefix(c, "EHLO") || strings.HasPrefix(c, "HELO") {
				return "421 4.3.0 closing"
			}
			return ""
		}, errs.Unavailable, "mail_unavailable"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			server := startSMTP(t, false, false)
			server.answer = tt.answer
			sender, err := mail.Open(fmt.Sprintf("smtp://127.0.0.1:%d?tls=off", server.port), from)
			if err != nil {
				t.Fatal(err)
			}
			err = sender.Send(t.Context(), hello)
			if !errs.Is(err, tt.kind) || !errs.Has(err, tt.code) {
				t.Errorf("error = %v", err)
			}
			if err != nil && strings.Contains(err.Error(), "example.org") {
				t.Errorf("the error carries the address: %v", err)
			}
		})
	}
}

func onRCPT(answer string) func(string) string {
	return func(command string) string {
		if strings.HasPrefix(command, "RCPT") {
			return answer
		}
		return ""
	}
}

func TestSMTPInsistsOnTLS(t *testing.T) {
	server := startSMTP(t, false, false) // offers no STARTTLS
	sender, err := mail.Open(fmt.Sprintf("smtp://ada:s3cret@127.0.0.1:%d", server.port), from)
	if err != nil {
		t.Fatal(err)
	}
	if err := sender.Send(t.Context(), hello); !errs.Has(err, "mail_unavailable") {
		t.Errorf("error = %v", err)
	}
	stranger := startSMTP(t, true, false) // a certificate that nobody trusts
	if sender, err = mail.Open(fmt.Sprintf("smtp://127.0.0.1:%d", stranger.port), from); err != nil {
		t.Fatal(err)
	}
	if err := sender.Send(t.Context(), hello); !errs.Has(err, "mail_unavailable") {
		t.Errorf("error = %v", err)
	}
	if n := len(server.received()) + len(stranger.received()); n > 0 {
		t.Errorf("%d messages went out unprotected", n)
	}
}

func TestOpenRefuses(t *testing.T) {
	for _, address := range []string{
		"", "pigeon:", "smtp://", "smtp://host:0", "smtp://host:99999", "smtp://host?tls=maybe", "smtp://host?from=nobody",
		"smtp://ada:s3cret@mail.example:25?tls=off", "smtp://host?ca=/does/not/exist", "smtp://ada:s3cret@host:port",
	} {
		_, err := mail.Open(address, from)
		if err == nil {
			t.Errorf("Open(%q) succeeded", address)
		} else if strings.Contains(err.Error(), "s3cret") {
			t.Errorf("Open(%q) repeats the password: %v", address, err)
		}
	}
}
