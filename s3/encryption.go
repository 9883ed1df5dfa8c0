package s3

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"slices"
	"strings"

	"myfsio/fault"
	"myfsio/object"
	"myfsio/object/encrypt"
	"myfsio/s3/wire"
	"myfsio/seal"
)

// The headers of server-side encryption, by their canonical names.
const (
	sseHeader       = "X-Amz-Server-Side-Encryption"
	sseKeyID        = sseHeader + "-Aws-Kms-Key-Id"
	sseContext      = sseHeader + "-Context"
	sseBucketKey    = sseHeader + "-Bucket-Key-Enabled"
	customerPrefix  = sseHeader + "-Customer-"
	customerKeyName = customerPrefix + "Key"
	sourcePrefix    = "X-Amz-Copy-Source-Server-Side-Encryption-Customer-"
)

// sealing says which headers of encryption an operation takes.
type sealing struct{ server, customer, source bool }

// sealed are the operations that take any. Of those that need no key some clients send it all the same.
var sealed = map[string]sealing{
	"PutObject": {server: true, customer: true}, "PostObject": {server: true, customer: true}, "CreateMultipartUpload": {server: true, customer: true},
	"CopyObject": {server: true, customer: true, source: true}, "UploadPartCopy": {customer: true, source: true},
	"RenameObject": {source: true},
	"UploadPart":   {customer: true}, "CompleteMultipartUpload": {server: true, customer: true}, "ListParts": {customer: true},
	"GetObject": {customer: true}, "HeadObject": {customer: true}, "GetObjectAttributes": {customer: true}, "SelectObjectContent": {customer: true},
}

// checkSealing refuses a header of encryption that means nothing here: who sends it must not think it was heard.
func (r *request) checkSealing(name string, values []string) error {
	takes := sealed[r.gate.Op.Name]
	known, ok := true, false
	switch name {
	case sseHeader, sseKeyID, sseContext, sseBucketKey:
		ok = takes.server
	case customerPrefix + "Algorithm", customerKeyName, customerKeyName + "-Md5":
		ok = takes.customer
	case sourcePrefix + "Algorithm", sourcePrefix + "Key", sourcePrefix + "Key-Md5":
		ok = takes.source
	default:
		known = false
	}
	switch shown := strings.ToLower(name); {
	case !known:
		return notBuilt(shown)
	case !ok:
		return wire.InvalidArgument(shown, "", shown+" header is not supported for this operation.")
	case len(values) != 1 || values[0] == "":
		return wire.InvalidArgument(shown, "", "The header must have one value.")
	case (strings.HasSuffix(name, "-Customer-Key")) && r.inQuery(name):
		return wire.InvalidArgument(shown, "", "A customer's key is sent in a header: what stands in a URL gets into logs.")
	}
	r.encrypts = true
	return nil
}

// inQuery reports whether a header of the request came as a parameter of a presigned URL.
func (r *request) inQuery(name string) bool {
	return slices.ContainsFunc(r.query, func(p wire.Param) bool { return strings.EqualFold(p.Name, name) })
}

// customerKey reads the headers of SSE-C; nil when there are none.
func (r *request) customerKey() (*seal.Key, error) { return r.keyHeaders(customerPrefix) }

// sourceKey reads the headers of SSE-C that are about the source of a copy.
func (r *request) sourceKey() (*seal.Key, error) { return r.keyHeaders(sourcePrefix) }

func (r *request) keyHeaders(prefix string) (*seal.Key, error) {
	if !r.encrypts {
		return nil, nil
	}
	return seal.ParseCustomerKey(r.header(prefix+"Algorithm"), r.header(prefix+"Key"), r.header(prefix+"Key-Md5"))
}

// sealing reads how the request wants its object to be encrypted; nil when it says nothing.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/serv-side-encryption.html
func (r *request) sealing() (*object.Sealing, error) {
	if !r.encrypts {
		return nil, nil
	}
	customer, err := r.customerKey()
	if err != nil {
		return nil, err
	}
	alg, server := r.header(sseHeader), false
	for _, name := range []string{sseHeader, sseKeyID, sseContext} {
		server = server || r.header(name) != ""
	}
	switch {
	case customer != nil && server:
		return nil, wire.InvalidArgument(strings.ToLower(sseHeader), alg, "Server Side Encryption with Customer provided key is incompatible with the encryption method specified")
	case customer != nil:
		return &object.Sealing{Sort: seal.Customer, Customer: customer}, nil
	case !server:
		return nil, nil
	case alg == encrypt.KMS:
		return r.kmsSealing()
	case r.header(sseKeyID) != "":
		return nil, wire.InvalidArgument(strings.ToLower(sseKeyID), "", "Server Side Encryption with AWS KMS managed key requires HTTP header x-amz-server-side-encryption : aws:kms")
	case r.header(sseContext) != "":
		return nil, wire.InvalidArgument(strings.ToLower(sseContext), "", "An encryption context requires HTTP header x-amz-server-side-encryption : aws:kms")
	case alg == encrypt.AES256:
		return &object.Sealing{Sort: seal.S3}, nil
	case alg == "aws:kms:dsse":
		return nil, fault.New(fault.NotImplemented, "Encryption in two layers (aws:kms:dsse) is not offered.")
	}
	return nil, wire.InvalidArgument(strings.ToLower(sseHeader), alg, "The encryption method specified is not supported")
}

// kmsSealing reads what belongs to aws:kms.
func (r *request) kmsSealing() (*object.Sealing, error) {
	s := &object.Sealing{Sort: seal.KMS, KeyID: r.header(sseKeyID)}
	if len(s.KeyID) > encrypt.MaxKeyID {
		return nil, wire.InvalidArgument(strings.ToLower(sseKeyID), "", "The key id is too long.")
	}
	switch v := r.header(sseBucketKey); v {
	case "":
	case "true", "false":
		on := v == "true"
		s.BucketKey = &on
	default:
		return nil, wire.InvalidArgument(strings.ToLower(sseBucketKey), v, "The header is true or false.")
	}
	if v := r.header(sseContext); v != "" {
		doc, err := base64.StdEncoding.DecodeString(v)
		if err != nil || json.Unmarshal(doc, &s.Context) != nil {
			return nil, wire.InvalidArgument(strings.ToLower(sseContext), "", "The encryption context is not base64 of a JSON object of texts.")
		}
	}
	return s, nil
}

// asBegun refuses an end of an upload that asks for another encryption than its beginning had. What is like it the clients of MinIO
// send, and AWS takes no notice.
func (r *request) asBegun(ctx context.Context, uploadID string) error {
	if !r.encrypts || r.header(sseHeader) == "" {
		return nil
	}
	wish, err := r.sealing()
	if err != nil {
		return err
	}
	page, err := r.h.cfg.Store.ListParts(ctx, object.ListParts{Bucket: r.gate.Bucket, Key: r.gate.Key, UploadID: uploadID, Max: 1})
	if fault.Is(err, fault.NoSuchUpload) {
		return nil // the completion itself tells, or was done before
	}
	if err != nil {
		return err
	}
	if e := page.Upload.Encryption; e == nil || e.Sort != wish.Sort {
		return wire.InvalidArgument(strings.ToLower(sseHeader), r.header(sseHeader), "The upload was begun with another encryption.")
	}
	return nil
}

// setEncryption tells how an object is encrypted, as far as S3 shows it.
func (res *response) setEncryption(e *object.Encryption) {
	if e == nil {
		return
	}
	switch e.Sort {
	case seal.S3:
		res.set("x-amz-server-side-encryption", encrypt.AES256)
	case seal.KMS:
		res.set("x-amz-server-side-encryption", encrypt.KMS)
		res.set("x-amz-server-side-encryption-aws-kms-key-id", e.KeyID)
		if e.BucketKey {
			res.set("x-amz-server-side-encryption-bucket-key-enabled", "true")
		}
	case seal.Customer:
		if e.CustomerMD5 != "" {
			res.set("x-amz-server-side-encryption-customer-algorithm", encrypt.AES256)
			res.set("x-amz-server-side-encryption-customer-key-MD5", e.CustomerMD5)
		}
	}
}

// setWritten is setEncryption of an object that the request made. It repeats the context.
func (r *request) setWritten(res *response, e *object.Encryption) {
	res.setEncryption(e)
	if e != nil && e.Sort == seal.KMS {
		res.set("x-amz-server-side-encryption-context", r.header(sseContext))
	}
}
