package s3

import (
	"errors"
	"net/http"

	"myfsio/fault"
	"myfsio/s3/wire"
)

// problem is an error in the words of S3.
type problem struct {
	kind   fault.Kind
	code   string
	status int
	msg    string
}

// byKind gives each kind of fault its S3 code, status and message. The message stands where the error has none.
// https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
var byKind = [...]problem{
	fault.Internal:            {code: "InternalError", status: 500, msg: "We encountered an internal error. Please try again."},
	fault.NoSuchBucket:        {code: "NoSuchBucket", status: 404, msg: "The specified bucket does not exist"},
	fault.NoSuchKey:           {code: "NoSuchKey", status: 404, msg: "The specified key does not exist."},
	fault.NoSuchVersion:       {code: "NoSuchVersion", status: 404, msg: "The specified version does not exist."},
	fault.NoSuchUpload:        {code: "NoSuchUpload", status: 404, msg: "The specified multipart upload does not exist. The upload ID may be invalid, or the upload may have been aborted or completed."},
	fault.NoSuchConfig:        {code: "NoSuchConfiguration", status: 404, msg: "The specified configuration does not exist."},
	fault.NoSuchUser:          {code: "NoSuchEntity", status: 404, msg: "The user does not exist."},
	fault.BucketExists:        {code: "BucketAlreadyExists", status: 409, msg: "The requested bucket name is not available. Please select a different name and try again."},
	fault.BucketOwned:         {code: "BucketAlreadyOwnedByYou", status: 409, msg: "Your previous request to create the named bucket succeeded and you already own it."},
	fault.BucketNotEmpty:      {code: "BucketNotEmpty", status: 409, msg: "The bucket you tried to delete is not empty"},
	fault.InvalidBucketName:   {code: "InvalidBucketName", status: 400, msg: "The specified bucket is not valid."},
	fault.KeyTooLong:          {code: "KeyTooLongError", status: 400, msg: "Your key is too long"},
	fault.InvalidArgument:     {code: "InvalidArgument", status: 400, msg: "Invalid Argument"},
	fault.InvalidRequest:      {code: "InvalidRequest", status: 400, msg: "Invalid Request"},
	fault.InvalidRange:        {code: "InvalidRange", status: 416, msg: "The requested range is not satisfiable"},
	fault.InvalidPart:         {code: "InvalidPart", status: 400, msg: "One or more of the specified parts could not be found."},
	fault.InvalidPartOrder:    {code: "InvalidPartOrder", status: 400, msg: "The list of parts was not in ascending order."},
	fault.InvalidPartNumber:   {code: "InvalidPartNumber", status: 416, msg: "The requested partnumber is not satisfiable"},
	fault.InvalidTag:          {code: "InvalidTag", status: 400, msg: "The tag provided was not a valid tag."},
	fault.InvalidDigest:       {code: "InvalidDigest", status: 400, msg: "The Content-MD5 you specified was invalid."},
	fault.BadDigest:           {code: "BadDigest", status: 400, msg: "The digest you specified did not match what we received."},
	fault.PayloadHash:         {code: "XAmzContentSHA256Mismatch", status: 400, msg: "The provided 'x-amz-content-sha256' header does not match what was computed."},
	fault.EntityTooSmall:      {code: "EntityTooSmall", status: 400, msg: "Your proposed upload is smaller than the minimum allowed size"},
	fault.EntityTooLarge:      {code: "EntityTooLarge", status: 400, msg: "Your proposed upload exceeds the maximum allowed size"},
	fault.MetadataTooLarge:    {code: "MetadataTooLarge", status: 400, msg: "Your metadata headers exceed the maximum allowed metadata size"},
	fault.IncompleteBody:      {code: "IncompleteBody", status: 400, msg: "You did not provide the number of bytes specified by the Content-Length HTTP header"},
	fault.MissingLength:       {code: "MissingContentLength", status: 411, msg: "You must provide the Content-Length HTTP header."},
	fault.MalformedXML:        {code: "MalformedXML", status: 400, msg: "The XML you provided was not well-formed or did not validate against our published schema"},
	fault.NotModified:         {code: "NotModified", status: 304, msg: "Not Modified"},
	fault.PreconditionFailed:  {code: "PreconditionFailed", status: 412, msg: "At least one of the pre-conditions you specified did not hold"},
	fault.ConditionalConflict: {code: "ConditionalRequestConflict", status: 409, msg: "The conditional request cannot succeed due to a conflicting operation against this resource."},
	fault.MethodNotAllowed:    {code: "MethodNotAllowed", status: 405, msg: "The specified method is not allowed against this resource."},
	fault.AccessDenied:        {code: "AccessDenied", status: 403, msg: "Access Denied"},
	fault.Unauthenticated:     {code: "AccessDenied", status: 403, msg: "Access Denied"},
	fault.UnknownKey:          {code: "InvalidAccessKeyId", status: 403, msg: "The AWS Access Key Id you provided does not exist in our records."},
	fault.BadSignature:        {code: "SignatureDoesNotMatch", status: 403, msg: "The request signature we calculated does not match the signature you provided. Check your key and signing method."},
	fault.ClockSkew:           {code: "RequestTimeTooSkewed", status: 403, msg: "The difference between the request time and the current time is too large."},
	fault.Expired:             {code: "AccessDenied", status: 403, msg: "Request has expired"},
	fault.MalformedAuth:       {code: "AuthorizationHeaderMalformed", status: 400, msg: "The authorization header that you provided is not valid."},
	fault.QuotaExceeded:       {code: "QuotaExceeded", status: 400, msg: "The quota of the bucket is exceeded."},
	fault.Locked:              {code: "AccessDenied", status: 403, msg: "Access Denied because object protected by object lock."},
	fault.SlowDown:            {code: "SlowDown", status: 503, msg: "Please reduce your request rate."},
	fault.Timeout:             {code: "RequestTimeout", status: 400, msg: "Your socket connection to the server was not read from or written to within the timeout period."},
	fault.Unavailable:         {code: "ServiceUnavailable", status: 503, msg: "Service is unable to handle request."},
	fault.Corrupted:           {code: "InternalError", status: 500, msg: "The stored bytes of the object do not match their checksum. The administrator has been told."},
	fault.NotImplemented:      {code: "NotImplemented", status: 501, msg: "A header or query you provided requested a function that is not implemented."},
	fault.InvalidState:        {code: "InvalidBucketState", status: 409, msg: "The request is not valid for the current state of the bucket."},
}

// byCode gives exact codes their status where it is not that of their kind.
var byCode = map[string]int{
	"AuthorizationQueryParametersError":   400,
	"InvalidToken":                        400,
	"ExpiredToken":                        400,
	"InvalidStorageClass":                 400,
	"InvalidURI":                          400,
	"IllegalLocationConstraintException":  400,
	"IllegalVersioningConfigurationError": 400,
	"NoSuchTagSet":                        404,
	"UnsupportedMediaType":                415,
}

// problemOf puts err into the words of S3. Only the message of a fault is shown; its cause, and any other
// error, stays in the log.
func problemOf(err error) problem {
	var fe *fault.Error
	if !errors.As(err, &fe) {
		return byKind[fault.Internal]
	}
	p := byKind[fault.Internal]
	if int(fe.Kind) < len(byKind) {
		p = byKind[fe.Kind]
	}
	p.kind = fe.Kind
	if fe.Code != "" && fe.Kind != fault.Internal {
		p.code = fe.Code
		if status, ok := byCode[fe.Code]; ok {
			p.status = status
		}
	}
	if fe.Msg != "" && fe.Kind != fault.Internal {
		p.msg = fe.Msg
	}
	return p
}

// fieldsOf returns the elements of an error document beyond the common ones.
func (r *request) fieldsOf(err error, p problem) []wire.Field {
	var d *wire.Detail
	var fields []wire.Field
	if errors.As(err, &d) {
		fields = d.Fields
	}
	switch p.kind {
	case fault.NoSuchBucket, fault.BucketExists, fault.BucketOwned, fault.BucketNotEmpty, fault.InvalidBucketName, fault.NoSuchConfig, fault.QuotaExceeded:
		fields = append(fields, wire.Field{Name: "BucketName", Value: r.gate.Bucket})
	case fault.NoSuchKey:
		fields = append(fields, wire.Field{Name: "Key", Value: r.gate.Key})
	case fault.NoSuchVersion:
		fields = append(fields, wire.Field{Name: "Key", Value: r.gate.Key}, wire.Field{Name: "VersionId", Value: r.gate.VersionID})
	case fault.NoSuchUpload:
		fields = append(fields, wire.Field{Name: "UploadId", Value: r.query.Get("uploadId")})
	case fault.MethodNotAllowed:
		fields = append(fields, wire.Field{Name: "Method", Value: r.http.Method}, wire.Field{Name: "ResourceType", Value: r.resourceType()})
	case fault.MalformedAuth:
		if p.code == "AuthorizationHeaderMalformed" {
			fields = append(fields, wire.Field{Name: "Region", Value: r.h.cfg.Region})
		}
	}
	return fields
}

func (r *request) resourceType() string {
	switch {
	case r.gate.Bucket == "":
		return "SERVICE"
	case r.gate.Key == "":
		return "BUCKET"
	}
	return "OBJECT"
}

// detail adds a field to an error's document.
func detail(err error, name, value string) error {
	return &wire.Detail{Err: err, Fields: []wire.Field{{Name: name, Value: value}}}
}

// notBuilt refuses a header of the request that asks for something this server does not do.
func notBuilt(header string) error {
	return detail(fault.New(fault.NotImplemented, "A header you provided implies functionality that is not implemented: %s", header),
		"Header", http.CanonicalHeaderKey(header))
}

// CodeOf returns the S3 code of an error, for logs.
func CodeOf(err error) string { return problemOf(err).code }
