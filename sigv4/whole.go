package sigv4

import (
	"net/http"
	"strings"

	"myfsio/fault"
)

// globalRegion is what clients of IAM and STS sign for wherever they are.
const globalRegion = "us-east-1"

// ParseBody is [Verifier.Parse] for APIs with small bodies that were read already: STS, IAM, the admin API. Their clients sign the
// SHA-256 of the body without sending x-amz-content-sha256; where it is sent it must match the body, or the body be empty. They may sign for the service s3, sts or iam,
// for the latter two in us-east-1 as well. Request.Body is of no use afterwards.
func (v *Verifier) ParseBody(r *http.Request, body []byte) (*Request, error) {
	return (&Request{r: r, v: v, Mode: ModeOf(r), whole: true, body: body}).parse()
}

func wholeService(name string) bool { return name == "s3" || name == "sts" || name == "iam" }

// wholePayload sets the payload of a body in memory; sha is what the client says of it, "" for nothing.
func (q *Request) wholePayload(sha string) error {
	hash := PayloadHash(q.body)
	switch {
	case sha == "":
		sha = hash
	case sha == unsignedPayload && len(q.body) == 0, strings.EqualFold(sha, hash):
	case sha == unsignedPayload:
		return failure(fault.InvalidRequest, CodeInvalidRequest, "The body of this request must be signed: leave x-amz-content-sha256 out, or send the SHA-256 of the body in it.")
	default:
		return failure(fault.PayloadHash, CodeSHA256Mismatch, "The provided 'x-amz-content-sha256' header does not match what was computed.")
	}
	return q.setPayload(sha)
}
