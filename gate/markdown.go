package gate

import (
	"fmt"
	"io"
	"strings"
)

const preface = `# S3

Written from the list of operations in package gate; do not edit by hand.

What follows holds for all operations; what concerns one stands in its row.

- Every answer has x-amz-request-id and x-amz-id-2. Errors have S3's codes and statuses.
- Keys are 1 to 1024 bytes of UTF-8 and are taken as they are: a//b, ../x and a/ are keys like any other. Nothing is normalised.
- Both path style and, with S3_DOMAINS, virtual-hosted style work.
- Signature V4 is checked in headers, presigned URLs and every chunk and trailer of aws-chunked bodies. Credentials may name any region unless
  SIGV4_ANY_REGION=false. The header pair X-Access-Key, X-Secret-Key is accepted unless ALLOW_LEGACY_HEADER_AUTH=false. V4A and V2 are refused.
- Configuration documents are XML, and JSON of the same names: with Content-Type application/json in a request, and for a client that accepts
  application/json in an answer.
- Browsers: OPTIONS is answered on every path, without proof of identity, and every answer to a request with Origin, errors included, carries the
  headers that the rules of the bucket give, or the CORS_ settings where it has none.
- Who may do what is decided by the policies of users and buckets, by ownership and by access control lists, as in AWS; see doc/adr/0010.
- Requests that ask for what is not built (encryption in two layers) are refused with 501: nothing is accepted and ignored.
- Encryption: AES256 and aws:kms by header, or by the bucket's default; aws:kms:dsse is refused. Who may read an object may read it decrypted: rights on keys (kms:Decrypt) are not asked for.
  Bucket keys are recorded and shown, and change nothing. The ETag is the MD5 of the plaintext always. SSE-C works over HTTP as well; a customer's key in a URL is refused.
- A copy that asks for no encryption gets the default of the bucket it goes to; without one, the copy of an encrypted object gets the server's (DEFAULT_ENCRYPTION_ALGORITHM).
- Storage classes are recorded and returned, and change nothing. x-amz-request-payer is accepted: nobody is billed.
- Checksums: CRC32, CRC32C, CRC64NVME, SHA1, SHA256, SHA512, MD5, XXHASH64, XXHASH3, XXHASH128, by header or trailer. An object that was
  sent without one has none: AWS adds a CRC64NVME of its own.
- Appending (PutObject with x-amz-write-offset-bytes) needs s3:PutObject and costs as much as the bytes that are sent. Metadata, tags, lists and encryption stay: headers that say other things are refused (400), and
  SSE-C needs its key again. Each append is a part: at most 10000, and partNumber reads it. The ETag is the MD5 of the former ETag's bytes and the MD5 of what was appended, and the number of parts; but up to 16 KiB the object is written anew and
  has the ETag of one in one piece. A CRC of the whole object is carried on; another checksum ends with the first append. Versions share no bytes: 400 InvalidRequest where versioning is enabled, and for a version that was written then.
- CompleteMultipartUpload moves no bytes and answers at once; it never sends white space to keep the connection open.
- A delete with If-Match of a key that is not there fails with 412; the time and size conditions of a delete hold for it (204).

`

// Markdown writes doc/S3.md.
func Markdown(w io.Writer) error {
	var b strings.Builder
	b.WriteString(preface)
	works, refused, own := 0, 0, 0
	for i := range ops {
		switch o := &ops[i]; {
		case !o.OfSDK():
			own++
		case o.State.Refused():
			refused++
		default:
			works++
		}
	}
	fmt.Fprintf(&b, "Of the %d operations of AWS's SDKs %d work and %d are refused with 501 NotImplemented; none is accepted and ignored. %d more are uploads from HTML forms and MyFSIO's own.\n\n",
		works+refused, works, refused, own)
	b.WriteString("| operation | right | user policy | state | differs from AWS |\n|---|---|---|---|---|\n")
	for i := range ops {
		o := &ops[i]
		right := o.Action
		if o.VersionAction != "" && o.VersionAction != o.Action {
			right += ", " + o.VersionAction
		}
		fmt.Fprintf(&b, "| [%s](%s) | %s | %s | %s | %s |\n", o.Name, o.URL(), right, o.Short, o.state(), cell(o.Deviations))
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func (o *Op) state() string {
	switch {
	case o.State.Refused():
		return "501, " + cell(o.State.Why)
	case o.State.Alias != "":
		return "older name of " + o.State.Alias
	}
	return "works"
}

// cell makes s fit into a cell of a table.
func cell(s string) string { return strings.ReplaceAll(s, "|", `\|`) }
