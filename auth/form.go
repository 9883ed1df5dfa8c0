package auth

import (
	"context"

	"myfsio/fault"
	"myfsio/sigv4"
)

// Form proves who sends a POST upload by the fields of its form; get returns a field by its name in lower case and whether it is
// there. A form with neither a policy nor a signature is anonymous. The caller checks the policy document itself, and that the request
// shows no other proof.
func (a *Authenticator) Form(ctx context.Context, get func(field string) (string, bool), from Source) (Proof, error) {
	has := func(names ...string) bool {
		for _, name := range names {
			if _, ok := get(name); ok {
				return true
			}
		}
		return false
	}
	field := func(name string) string {
		v, _ := get(name)
		return v
	}
	v4, v2 := has("x-amz-signature", "x-amz-credential", "x-amz-algorithm"), has("awsaccesskeyid", "signature")
	c := claim{method: "Other"}
	var err error
	switch {
	case v4 && v2:
		c.method, err = "Several", several()
	case v4:
		c.method = "SigV4-Form"
		err = a.claimFormV4(&c, field)
	case v2:
		c.method = "SigV2-Form"
		err = a.claimFormV2(&c, field)
	case has("policy"):
		err = &fault.Error{Kind: fault.InvalidArgument, Code: sigv4.CodeInvalidArgument,
			Msg: "Bucket POST must contain a field named 'x-amz-signature'.  If it is specified, please check the order of the fields."}
	default:
		return Proof{}, nil
	}
	return a.settle(ctx, &c, from, err)
}

func (a *Authenticator) claimFormV4(c *claim, field func(string) string) error {
	f, err := a.Verifier.ParseForm(field)
	if err != nil {
		return err
	}
	c.accessKey, c.token, c.proof = f.AccessKey, f.Token, f
	c.result = Proof{Type: TypePost, SignatureVersion: VersionV4, SignatureAge: a.age(f.Date)}
	return nil
}

func (a *Authenticator) claimFormV2(c *claim, field func(string) string) error {
	if !a.SigV2 {
		return unsupported()
	}
	f, err := a.v2().ParseForm(field)
	if err != nil {
		return err
	}
	c.accessKey, c.token, c.proof = f.AccessKey, f.Token, f
	c.result = Proof{Type: TypePost, SignatureVersion: VersionV2}
	return nil
}
