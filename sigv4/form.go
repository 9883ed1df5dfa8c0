package sigv4

import (
	"crypto/subtle"
	"encoding/hex"
	"time"

	"myfsio/fault"
)

// Form is the proof in the fields of a POST upload. The policy document is what is signed; its
// expiry bounds the proof in time, so the date is not held against the clock.
type Form struct {
	AccessKey string // as sent; not yet proven
	Token     string // x-amz-security-token, "" for none
	Date      time.Time

	policy string
	q      Request
}

// ParseForm reads the fields policy, x-amz-algorithm, -credential, -date, -signature and -security-token; field returns the
// value of a form field by its name in lower case, "" where there is none.
func (v *Verifier) ParseForm(field func(name string) string) (*Form, error) {
	for _, name := range [...]string{"policy", "x-amz-algorithm", "x-amz-credential", "x-amz-date", "x-amz-signature"} {
		if field(name) == "" {
			return nil, failure(fault.InvalidArgument, CodeInvalidArgument, "Bucket POST must contain a field named '%s'.  If it is specified, please check the order of the fields.", name)
		}
	}
	f := &Form{policy: field("policy"), Token: field("x-amz-security-token"), q: Request{v: v}}
	if field("x-amz-algorithm") != algorithm {
		return nil, failure(fault.InvalidArgument, CodeInvalidArgument, "X-Amz-Algorithm only supports %q.", algorithm)
	}
	if !f.q.credential(field("x-amz-credential")) || !f.q.setSignature(field("x-amz-signature")) {
		return nil, formMalformed("the credential or the signature is mal-formed.")
	}
	date, ok := parseBasic(field("x-amz-date"))
	if !ok || field("x-amz-date")[:8] != f.q.day {
		return nil, formMalformed("x-amz-date is mal-formed or is not the date of the credential.")
	}
	if err := f.q.checkScope(formMalformed); err != nil {
		return nil, err
	}
	f.AccessKey, f.Date = f.q.AccessKey, date
	return f, nil
}

func formMalformed(format string, args ...any) error {
	return failure(fault.InvalidArgument, CodeInvalidArgument, "Error parsing the POST form; "+format, args...)
}

// Verify checks the signature over the policy with the secret of AccessKey, in constant time. Its error is a
// BadSignature.
func (f *Form) Verify(secret []byte) error {
	key := f.q.v.keys.get(secret, f.q.day, f.q.Region, f.q.service)
	var sum [32]byte
	if subtle.ConstantTimeCompare(key.sign(sum[:0], []byte(f.policy)), f.q.signature[:]) != 1 {
		return mismatch()
	}
	return nil
}

// SignPolicy returns the form fields that prove s for a base64 policy document.
func (s Signer) SignPolicy(policy string, now time.Time) map[string]string {
	date := now.UTC().Format(timeFormat)
	var sum [32]byte
	fields := map[string]string{
		"policy":           policy,
		"x-amz-algorithm":  algorithm,
		"x-amz-credential": s.AccessKey + "/" + s.scope(date),
		"x-amz-date":       date,
		"x-amz-signature":  hex.EncodeToString(s.key(date).sign(sum[:0], []byte(policy))),
	}
	if s.Token != "" {
		fields["x-amz-security-token"] = s.Token
	}
	return fields
}
