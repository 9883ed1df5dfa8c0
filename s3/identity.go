package s3

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"myfsio/fault"
	"myfsio/iam"
	"myfsio/sigv4"
)

// Users makes a Config.Lookup of the users in iam.json. There are no session tokens, so a request with one is refused.
func Users(users *iam.Store, now func() time.Time) func(context.Context, Claim) (Credential, error) {
	return func(_ context.Context, c Claim) (Credential, error) {
		if c.Token != "" {
			return Credential{}, &fault.Error{Kind: fault.AccessDenied, Code: "InvalidToken", Msg: "The provided token is malformed or otherwise invalid."}
		}
		cred, known := users.Lookup(c.AccessKey)
		if !known {
			return Credential{}, fault.New(fault.UnknownKey, "The AWS Access Key Id you provided does not exist in our records.")
		}
		return Credential{Secret: cred.Secret(), Principal: cred.Principal, Refused: cred.Check(now())}, nil
	}
}

// identify finds out who sends the request. A proof that fails is an error: it never makes the
// request anonymous.
func (r *request) identify(ctx context.Context) error {
	switch sigv4.ModeOf(r.http) {
	case sigv4.Header:
		return r.bySignature(ctx)
	case sigv4.Presigned:
		if err := r.bySignature(ctx); err != nil {
			return err
		}
		r.hoist()
		return nil
	case sigv4.Other:
		return &fault.Error{Kind: fault.InvalidRequest, Code: "InvalidRequest",
			Msg: "The authorization mechanism you have provided is not supported. Please use AWS4-HMAC-SHA256."}
	}
	if r.header("X-Access-Key") != "" || r.header("X-Secret-Key") != "" {
		return r.byHeaderPair(ctx)
	}
	return nil
}

// bySignature checks a Signature V4, in the header or in the query.
func (r *request) bySignature(ctx context.Context) error {
	proof, err := r.h.cfg.Verifier.Parse(r.http)
	if err != nil {
		return err
	}
	claim := Claim{AccessKey: proof.AccessKey, Token: proof.Token, SourceIP: r.gate.SourceIP}
	r.proof = proof
	return r.prove(ctx, claim, func(secret []byte) error { return proof.Verify(secret) })
}

// byHeaderPair checks X-Access-Key and X-Secret-Key.
func (r *request) byHeaderPair(ctx context.Context) error {
	if !r.h.cfg.HeaderPair {
		return fault.New(fault.AccessDenied, "X-Access-Key and X-Secret-Key are switched off on this server. Sign the request with AWS Signature Version 4.")
	}
	if !r.gate.Secure && !local(r.gate.SourceIP) {
		r.h.warn.Do(func() {
			r.h.cfg.Log.Warn("a client sends its secret key unencrypted over the network, in X-Secret-Key; use TLS or signatures, or set ALLOW_LEGACY_HEADER_AUTH=false", "from", r.gate.SourceIP)
		})
	}
	claim := Claim{AccessKey: r.header("X-Access-Key"), SourceIP: r.gate.SourceIP}
	given := sha256.Sum256([]byte(r.header("X-Secret-Key")))
	return r.prove(ctx, claim, func(secret []byte) error {
		want := sha256.Sum256(secret) // of one length, so that the comparison tells nothing of the secret's
		if subtle.ConstantTimeCompare(given[:], want[:]) != 1 {
			return &fault.Error{Kind: fault.BadSignature, Code: "SignatureDoesNotMatch", Msg: "The secret key in X-Secret-Key is not the one of this access key."}
		}
		return nil
	})
}

// local reports whether an address is this machine's own.
func local(ip string) bool {
	a, err := netip.ParseAddr(ip)
	return err == nil && a.Unmap().IsLoopback()
}

// dummySecret stands in for the secret of an unknown key, so that it takes as long to refuse.
var dummySecret = []byte("0123456789012345678901234567890123456789")

// prove looks the claim up and checks its proof.
func (r *request) prove(ctx context.Context, claim Claim, check func(secret []byte) error) error {
	cred, err := r.h.cfg.Lookup(ctx, claim)
	if err != nil {
		check(dummySecret)
		if fault.Is(err, fault.UnknownKey) {
			r.told(ctx, claim, false)
		}
		return err
	}
	err = check(cred.Secret)
	r.told(ctx, claim, err == nil)
	if err != nil {
		return err
	}
	r.gate.Principal = cred.Principal
	return cred.Refused
}

func (r *request) told(ctx context.Context, claim Claim, ok bool) {
	if r.h.cfg.Proved != nil {
		r.h.cfg.Proved(ctx, claim, ok)
	}
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
