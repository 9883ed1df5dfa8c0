package auth

import (
	"context"
	"errors"
	"io"
	"net/http"
	"os"
	"time"

	"myfsio/fault"
)

// identifyBody is Identify for APIs with small bodies, such as STS and the admin API: it reads the body, at most max bytes, which the
// signature then covers even where the client leaves x-amz-content-sha256 out (see sigv4.Verifier.ParseBody). The body of an anonymous request is
// not read. Signature V2, which signs no body, is refused. Further errors: EntityTooLarge, IncompleteBody, Timeout.
func (a *Authenticator) identifyBody(ctx context.Context, r *http.Request, from Source, max int64) (Proof, []byte, error) {
	m := methodsOf(r)
	if m == 0 {
		return Proof{}, nil, nil
	}
	body, err := readBody(r, max)
	if err != nil {
		return Proof{}, nil, err
	}
	c := claim{method: m.name()}
	switch m {
	case v4Header, v4Query:
		q, parseErr := a.Verifier.ParseBody(r, body)
		if err = parseErr; err == nil {
			a.claimV4(&c, q)
		}
	case v2Header, v2Query:
		err = unsupported()
	case headerPair:
		err = a.claimPair(&c, r, from)
	default:
		err = m.refused()
	}
	p, err := a.settle(ctx, &c, from, err)
	if err != nil {
		return p, nil, err
	}
	return p, body, nil
}

// bodyTimeout is how long a body may take.
const bodyTimeout = 30 * time.Second

// IdentifySigned is identifyBody for requests that have to be signed, in a header: nobody hands out links to such APIs. w is where the answer
// goes; the body has 30 seconds to come. Further errors: Unauthenticated, AccessDenied.
func (a *Authenticator) IdentifySigned(ctx context.Context, w http.ResponseWriter, r *http.Request, from Source, max int64) (Proof, []byte, error) {
	wire := http.NewResponseController(w)
	wire.SetReadDeadline(time.Now().Add(bodyTimeout)) // a writer without deadlines is one of a test
	p, body, err := a.identifyBody(ctx, r, from, max)
	if err != nil {
		return p, nil, err
	}
	wire.SetReadDeadline(time.Time{})
	switch {
	case p.Principal.UserID == "":
		return p, nil, fault.New(fault.Unauthenticated, "")
	case p.Type != TypeHeader:
		return p, nil, fault.New(fault.AccessDenied, "Sign the request in its Authorization header: links are for objects alone.")
	}
	return p, body, nil
}

func readBody(r *http.Request, max int64) ([]byte, error) {
	if r.Body == nil {
		return nil, nil
	}
	if r.ContentLength > max {
		return nil, fault.New(fault.EntityTooLarge, "The body of this request may have %d bytes at most.", max)
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, max+1))
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded):
		return nil, fault.Wrap(fault.Timeout, err, "The body of the request did not come in time.")
	case err != nil:
		return nil, fault.Wrap(fault.IncompleteBody, err, "The body of the request is not complete.")
	case int64(len(body)) > max:
		return nil, fault.New(fault.EntityTooLarge, "The body of this request may have %d bytes at most.", max)
	}
	return body, nil
}
