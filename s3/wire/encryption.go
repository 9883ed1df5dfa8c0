package wire

import (
	"regexp"
	"strings"

	"myfsio/fault"
	"myfsio/jsondoc"
)

// ObjectEncryption is the document of UpdateObjectEncryption: a key of SSE-KMS, by its ARN.
type ObjectEncryption struct {
	KMSKeyArn string // as AWS writes it: that of a key, no alias
	BucketKey bool
}

const objectEncryption = "ObjectEncryption"

// kmsKeyARN is the form of an ARN of a key. Ids of this server's keys may have "_" and ".".
var kmsKeyARN = regexp.MustCompile(`^arn:aws[a-zA-Z0-9-]*:kms:[a-z0-9-]+:[0-9]{12}:key/[A-Za-z0-9_.-]+$`)

// maxKeyARN bounds an ARN in bytes.
const maxKeyARN = 2048

// Append writes the document.
func (o *ObjectEncryption) Append(dst []byte) []byte {
	d := begin(dst, objectEncryption)
	d.open("SSE-KMS")
	d.text("KMSKeyArn", o.KMSKeyArn)
	if o.BucketKey {
		d.text("BucketKeyEnabled", "true")
	}
	d.close("SSE-KMS")
	d.close(objectEncryption)
	return d.b
}

// MarshalJSON writes the document in JSON.
func (o ObjectEncryption) MarshalJSON() ([]byte, error) {
	type kms struct {
		KMSKeyArn        string
		BucketKeyEnabled bool `json:",omitempty"`
	}
	return jsondoc.MustEncode(map[string]kms{"SSE-KMS": {o.KMSKeyArn, o.BucketKey}}), nil
}

// ParseObjectEncryption reads the XML body of UpdateObjectEncryption. What it refuses it refuses with AWS's words.
func ParseObjectEncryption(body []byte) (ObjectEncryption, error) {
	var o ObjectEncryption
	root, err := parseRoot(body, objectEncryption)
	if err != nil {
		return o, err
	}
	if len(root.Children) != 1 || strings.TrimSpace(root.Text) != "" {
		return o, errNoEncryptionType()
	}
	kms := &root.Children[0]
	if kms.Name != "SSE-KMS" {
		return o, encryptionType(kms.Name)
	}
	bucketKey := ""
	if !kms.Read(Fields{"KMSKeyArn": Word(&o.KMSKeyArn), "BucketKeyEnabled": Word(&bucketKey)}, nil) {
		return o, ErrMalformedXML()
	}
	switch bucketKey {
	case "", "false":
	case "true":
		o.BucketKey = true
	default:
		return o, fault.New(fault.InvalidRequest, "The BucketKeyEnabled value isn't valid. Valid values are true or false. Modify the request to specify a valid value, and then try again.")
	}
	return o, o.check()
}

// ParseObjectEncryptionJSON reads {"SSE-KMS":{"KMSKeyArn":"","BucketKeyEnabled":true}}; SSEKMS, as the tools of AWS name it, is the same.
func ParseObjectEncryptionJSON(body []byte) (ObjectEncryption, error) {
	type kms struct {
		KMSKeyArn        string
		BucketKeyEnabled bool
	}
	var in struct {
		KMS    *kms      `json:"SSE-KMS"`
		Tools  *kms      `json:"SSEKMS"`
		S3     *struct{} `json:"SSE-S3"`
		ToolS3 *struct{} `json:"SSES3"`
	}
	if err := DecodeJSON(body, &in); err != nil {
		return ObjectEncryption{}, err
	}
	if in.KMS == nil {
		in.KMS, in.Tools = in.Tools, nil
	}
	if in.KMS == nil || in.Tools != nil || in.S3 != nil || in.ToolS3 != nil {
		return ObjectEncryption{}, errNoEncryptionType()
	}
	o := ObjectEncryption{in.KMS.KMSKeyArn, in.KMS.BucketKeyEnabled}
	return o, o.check()
}

// encryptionType is the error about another type than SSE-KMS.
func encryptionType(name string) error {
	switch name {
	case "SSE-C", "SSEC", "DSSE-KMS", "DSSEKMS":
		return fault.New(fault.InvalidRequest, "The UpdateObjectEncryption operation doesn't support updating the encryption type to DSSE-KMS or SSE-C. Modify the request to specify SSE-KMS for the updated encryption type, and then try again.")
	}
	return errNoEncryptionType()
}

func errNoEncryptionType() error {
	return fault.New(fault.InvalidRequest, "Requests that modify an object encryption configuration require a valid new encryption type. Valid values are SSEKMS. Modify the request to specify SSE-KMS for the updated encryption type, and then try again.")
}

func (o *ObjectEncryption) check() error {
	switch {
	case o.KMSKeyArn == "":
		return fault.New(fault.InvalidRequest, "Requests that modify an object's encryption type to SSE-KMS require an Amazon Web Services KMS key Amazon Resource Name (ARN). Modify the request to specify a KMS key ARN, and then try again.")
	case len(o.KMSKeyArn) > maxKeyARN || !kmsKeyARN.MatchString(o.KMSKeyArn):
		return fault.New(fault.InvalidRequest, "Requests that modify an object's encryption type to SSE-KMS require a valid Amazon Web Services KMS key Amazon Resource Name (ARN). Confirm that you have a correctly formatted KMS key ARN in your request, and then try again.")
	}
	return nil
}
