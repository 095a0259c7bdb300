package phone

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
)

// sms is any provider that takes {"to", "text", "ref"} by POST. User and
// password of the address go as basic authentication, the password alone as a
// bearer token.
type sms struct {
	address string
	user    *url.Userinfo
	price   int64
	http    *http.Client
}

func newSMS(u *url.URL, price int64) *sms {
	at := *u
	at.Scheme, at.User = strings.TrimPrefix(u.Scheme, "sms+"), nil
	return &sms{address: at.String(), user: u.User, price: price, http: &http.Client{Timeout: patience}}
}

// Name is its word.
func (*sms) Name() string { return "sms" }

// Price is what a code usually costs.
func (s *sms) Price() int64 { return s.price }

// Send hands over the whole text.
func (s *sms) Send(ctx context.Context, c Code) (Receipt, error) {
	body, err := json.Marshal(map[string]string{"to": c.Number, "text": c.Text, "ref": c.Ref})
	if err != nil {
		return Receipt{}, err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, s.address, bytes.NewReader(body))
	if err != nil {
		return Receipt{}, err
	}
	request.Header.Set("Content-Type", "application/json")
	if password, ok := s.user.Password(); ok && s.user.Username() == "" {
		request.Header.Set("Authorization", "Bearer "+password)
	} else if ok {
		request.SetBasicAuth(s.user.Username(), password)
	}
	answer, err := s.http.Do(request)
	if err != nil {
		return Receipt{}, errors.New("the SMS provider does not answer")
	}
	defer answer.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(answer.Body, maxAnswer))
	switch {
	case answer.StatusCode < 300:
		return Receipt{Cost: -1}, nil
	case answer.StatusCode == http.StatusNotFound, answer.StatusCode == http.StatusUnprocessableEntity:
		return Receipt{}, fmt.Errorf("%w: status %d", ErrCannot, answer.StatusCode)
	}
	return Receipt{}, fmt.Errorf("the SMS provider answered %d", answer.StatusCode)
}
