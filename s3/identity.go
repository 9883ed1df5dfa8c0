package s3

import (
	"context"
	"net/http"
	"strings"

	"myfsio/auth"
	"myfsio/fault"
)

// identify finds out who sends the request. A proof that fails is an error: it never makes the
// request anonymous.
func (r *request) identify(ctx context.Context) error {
	proof, err := r.h.cfg.Auth.Identify(ctx, r.http, r.source())
	if err := r.proved(proof, err); err != nil {
		return err
	}
	if proof.Type == auth.TypeQuery {
		r.hoist()
	}
	return nil
}

// identifyForm finds out who sends a POST upload: by its form, or by the request as any other, but not by both.
func (r *request) identifyForm(ctx context.Context, field func(name string) (string, bool)) error {
	proof, err := r.h.cfg.Auth.Form(ctx, field, r.source())
	if err == nil && proof.Type == "" {
		return nil
	}
	if err == nil && !r.gate.Anonymous() {
		err = fault.New(fault.InvalidArgument, "Only one auth mechanism allowed; the fields of the form or the Authorization header.")
	}
	return r.proved(proof, err)
}

func (r *request) source() auth.Source {
	return auth.Source{IP: r.gate.SourceIP, Secure: r.gate.Secure, Bucket: r.h.virtualHost(r.http.Host)}
}

// proved takes over what a proof says, or adds to its error.
func (r *request) proved(p auth.Proof, err error) error {
	if err != nil {
		if fault.Is(err, fault.UnknownKey) {
			err = detail(err, "AWSAccessKeyId", p.AccessKey)
		}
		return err
	}
	r.proof, r.gate.Principal = p.Signed, p.Principal
	p.Describe(&r.gate.Conditions)
	return nil
}

// hoist makes headers of the x-amz- parameters of a presigned URL: SDKs move headers there when they sign,
// and they mean the same. A header that was sent wins.
func (r *request) hoist() {
	for _, p := range r.query {
		if len(p.Name) < 6 || !strings.EqualFold(p.Name[:6], "x-amz-") {
			continue
		}
		name := http.CanonicalHeaderKey(p.Name)
		switch name {
		case "X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-Date", "X-Amz-Expires", "X-Amz-Signedheaders", "X-Amz-Signature",
			"X-Amz-Security-Token", "X-Amz-Content-Sha256",
			"X-Amz-Sdk-Checksum-Algorithm": // older SDKs put it into URLs and send no checksum
			continue
		}
		if _, sent := r.http.Header[name]; !sent {
			r.http.Header[name] = []string{p.Value}
		}
	}
}
