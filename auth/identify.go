package auth

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"net/http"
	"net/netip"
	"time"

	"myfsio/fault"
	"myfsio/sigv2"
	"myfsio/sigv4"
)

// claim is a proof that is well formed and has yet to be verified.
type claim struct {
	method           string
	accessKey, token string
	proof            interface{ Verify(secret []byte) error }
	result           Proof // when it is right, but for the principal
}

// Identify proves who sends r. An anonymous request has a zero Proof. r must be as it came: nobody may have changed its
// method, URL, host or headers. Errors are fault.Errors with the Code of S3.
func (a *Authenticator) Identify(ctx context.Context, r *http.Request, from Source) (Proof, error) {
	m := methodsOf(r)
	if m == 0 {
		return Proof{}, nil
	}
	c := claim{method: m.name()}
	var err error
	switch m {
	case v4Header, v4Query:
		var q *sigv4.Request
		if q, err = a.Verifier.Parse(r); err == nil {
			a.claimV4(&c, q)
		}
	case v2Header, v2Query:
		err = a.claimV2(&c, r, from)
	case headerPair:
		err = a.claimPair(&c, r, from)
	default:
		err = m.refused()
	}
	return a.settle(ctx, &c, from, err)
}

// refused is the error of methods that cannot be a proof.
func (m methods) refused() error {
	if m == otherScheme {
		return unsupported()
	}
	return several()
}

func (a *Authenticator) claimV4(c *claim, q *sigv4.Request) {
	c.accessKey, c.token, c.proof = q.AccessKey, q.Token, q
	c.result = Proof{Type: TypeHeader, SignatureVersion: VersionV4, SignatureAge: a.age(q.Date), Signed: q}
	if q.Mode == sigv4.Presigned {
		c.result.Type = TypeQuery
	}
}

func (a *Authenticator) claimV2(c *claim, r *http.Request, from Source) error {
	if !a.SigV2 {
		return unsupported()
	}
	q, err := a.v2().Parse(r, from.Bucket)
	if err != nil {
		return err
	}
	c.accessKey, c.token, c.proof = q.AccessKey, q.Token, q
	c.result = Proof{Type: TypeHeader, SignatureVersion: VersionV2, SignatureAge: a.age(q.Date)}
	if q.Query {
		c.result.Type = TypeQuery
	}
	return nil
}

func (a *Authenticator) v2() *sigv2.Verifier {
	clock := a.Verifier.Clock
	clock.Now = a.now
	return &sigv2.Verifier{Clock: clock}
}

// age is the time since a signature was made, 0 where that is not known.
func (a *Authenticator) age(signed time.Time) time.Duration {
	if signed.IsZero() {
		return 0
	}
	return max(0, a.now().Sub(signed))
}

func (a *Authenticator) claimPair(c *claim, r *http.Request, from Source) error {
	if !a.HeaderPair {
		return denied("X-Access-Key and X-Secret-Key are switched off on this server. Sign the request with AWS Signature Version 4.")
	}
	key, secret := r.Header["X-Access-Key"], r.Header["X-Secret-Key"]
	if len(key) != 1 || len(secret) != 1 || key[0] == "" || secret[0] == "" {
		return denied("X-Access-Key and X-Secret-Key belong together, once each.")
	}
	token := append(append([]string(nil), r.Header["X-Amz-Security-Token"]...), r.Header["X-Session-Token"]...)
	if len(token) > 1 {
		return denied("The session token may be sent once only, in X-Amz-Security-Token or X-Session-Token.")
	}
	if len(token) == 1 {
		c.token = token[0]
	}
	if a.Log != nil && !from.Secure && !local(from.IP) {
		a.warn.Do(func() {
			a.Log.Warn("a client sends its secret key unencrypted over the network, in X-Secret-Key; use TLS or signatures, or set ALLOW_LEGACY_HEADER_AUTH=false", "from", from.IP)
		})
	}
	c.accessKey, c.proof, c.result = key[0], sumOf(secret[0]), Proof{Type: TypeHeader}
	return nil
}

// Login proves somebody who typed an access key and its secret: the console. It is bound by the lockout as every other way, and not by
// HeaderPair.
func (a *Authenticator) Login(ctx context.Context, accessKey, secret string, from Source) (Proof, error) {
	c := claim{method: "Login", accessKey: accessKey, proof: sumOf(secret)}
	var err error
	if accessKey == "" || secret == "" {
		err = denied("The access key and the secret key are both needed.")
	}
	return a.settle(ctx, &c, from, err)
}

func sumOf(secret string) *pairSum {
	sum := pairSum(sha256.Sum256([]byte(secret)))
	return &sum
}

// pairSum is the hash of a secret that was sent: hashes are of one length, so that comparing them tells nothing of the secret's.
type pairSum [sha256.Size]byte

// Verify compares in constant time.
func (p *pairSum) Verify(secret []byte) error {
	want := sha256.Sum256(secret)
	if subtle.ConstantTimeCompare(p[:], want[:]) != 1 {
		return &fault.Error{Kind: fault.BadSignature, Code: sigv4.CodeSignature, Msg: "The secret key in X-Secret-Key is not the one of this access key."}
	}
	return nil
}

// local reports whether an address is this machine's own.
func local(ip string) bool {
	addr, err := netip.ParseAddr(ip)
	return err == nil && addr.Unmap().IsLoopback()
}
