package form

import (
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"strconv"
	"strings"
	"unicode/utf8"

	"myfsio/fault"
	"myfsio/s3/wire"
)

// Read reads the fields of a form up to its file. contentType is the header of the request. What body fails with is
// returned when it is a fault; any other fault of the form is one of S3's errors.
func Read(contentType string, body io.Reader) (*Form, error) {
	boundary, err := boundaryOf(contentType)
	if err != nil {
		return nil, err
	}
	src := &bounded{src: body, left: MaxFields + slack}
	f := &Form{values: map[string]string{}, src: src, parts: multipart.NewReader(src, boundary)}
	left := MaxFields
	for count := 0; ; count++ {
		// Not NextPart, which decodes quoted-printable: the bytes of a file are what was sent.
		part, err := f.parts.NextRawPart()
		switch {
		case err == io.EOF:
			return nil, errFiles("0")
		case err != nil:
			return nil, f.malformed(err)
		case isFile(part):
			return f, f.open(part)
		}
		if left -= overhead(part, boundary); left < 0 || count == MaxCount {
			return nil, errFields()
		}
		value, err := io.ReadAll(io.LimitReader(part, int64(left)+1))
		if err != nil {
			return nil, f.malformed(err)
		}
		if left -= len(value); left < 0 {
			return nil, errFields()
		}
		if err := f.add(strings.ToLower(part.FormName()), string(value)); err != nil {
			return nil, err
		}
	}
}

// boundaryOf returns the boundary in a Content-Type.
func boundaryOf(contentType string) (string, error) {
	kind, params, err := mime.ParseMediaType(contentType)
	if err != nil {
		kind, _, _ = strings.Cut(contentType, ";")
	}
	if !strings.EqualFold(strings.TrimSpace(kind), "multipart/form-data") {
		return "", &wire.Detail{Err: fault.New(fault.PreconditionFailed, "At least one of the pre-conditions you specified did not hold"),
			Fields: []wire.Field{{Name: "Condition", Value: "Bucket POST must be of the enclosure-type multipart/form-data"}}}
	}
	boundary := params["boundary"]
	if err != nil || boundary == "" || len(boundary) > 70 {
		return "", errMalformed(err)
	}
	return boundary, nil
}

// overhead is the length of a part without its value: its boundary, its header and the line ends.
func overhead(part *multipart.Part, boundary string) int {
	n := len("--") + len(boundary) + 3*len("\r\n")
	for name, values := range part.Header {
		for _, v := range values {
			n += len(name) + len(v) + len(": \r\n")
		}
	}
	return n
}

// add takes a field in. Parts without a name mean nothing.
func (f *Form) add(name, value string) error {
	if name == "" {
		return nil
	}
	if !utf8.ValidString(name) || !utf8.ValidString(value) {
		return errMalformed(nil)
	}
	old, twice := f.values[name]
	switch {
	case !twice:
		f.set(name, value)
	case strings.HasPrefix(name, metaPrefix):
		f.values[name] = old + "," + value
	case !strings.HasPrefix(name, ignorePrefix):
		return wire.InvalidArgument(name, "", "The form has more than one field of this name.")
	}
	return nil
}

const (
	metaPrefix   = "x-amz-meta-"
	ignorePrefix = "x-ignore-"
)

// open makes the part the file, and replaces ${filename}.
func (f *Form) open(part *multipart.Part) error {
	f.part, f.src.left = part, unbounded
	// FileName of the part knows no backslashes and does not tell an empty name from none.
	_, params, err := mime.ParseMediaType(part.Header.Get("Content-Disposition"))
	if err != nil {
		return errMalformed(err)
	}
	name, named := params["filename"]
	if !named {
		return nil
	}
	name = name[strings.LastIndexAny(name, `/\`)+1:]
	if len(name) > maxFileName || !utf8.ValidString(name) {
		return wire.InvalidArgument("filename", "", "The name of the file is too long or is not UTF-8.")
	}
	return f.expand(name)
}

const variable = "${filename}"

// expand puts the name of the file into the fields, but for those that prove the form.
func (f *Form) expand(name string) error {
	total := 0
	for _, field := range f.names {
		v := f.values[field]
		n := strings.Count(v, variable)
		if total += len(v) + n*len(name); total > 2*MaxFields {
			return errFields()
		}
		if n > 0 && !proof(field) {
			f.values[field] = strings.ReplaceAll(v, variable, name)
		}
	}
	return nil
}

// proof reports whether a field belongs to the signature.
func proof(name string) bool {
	switch name {
	case "policy", "x-amz-date", "x-amz-security-token":
		return true
	}
	for _, p := range proofs {
		if p == name {
			return true
		}
	}
	return false
}

// unbounded lets a bounded reader read everything.
const unbounded = 1 << 62

// bounded reads no more than left bytes of src, and then fails with errFields, and left < 0.
type bounded struct {
	src  io.Reader
	left int64
	err  error // what it failed with, a fault
}

func (b *bounded) Read(p []byte) (int, error) {
	if b.left <= 0 {
		b.left, b.err = -1, errFields()
		return 0, b.err
	}
	if int64(len(p)) > b.left {
		p = p[:b.left]
	}
	n, err := b.src.Read(p)
	b.left -= int64(n)
	var fe *fault.Error
	if errors.As(err, &fe) {
		b.err = err
	}
	return n, err
}

// malformed makes a fault of what the reader of parts failed with: that of the body, which it may not pass on, or its own.
func (f *Form) malformed(err error) error {
	if f.src.err != nil {
		return f.src.err
	}
	return errMalformed(err)
}

func errMalformed(cause error) error {
	return &fault.Error{Kind: fault.InvalidRequest, Code: "MalformedPOSTRequest", Err: cause,
		Msg: "The body of your POST request is not well-formed multipart/form-data."}
}

func errFields() error {
	return &wire.Detail{
		Err: &fault.Error{Kind: fault.InvalidRequest, Code: "MaxPostPreDataLengthExceeded",
			Msg: "Your POST request fields preceding the upload file were too large."},
		Fields: []wire.Field{{Name: "MaxPostPreDataLengthBytes", Value: strconv.Itoa(MaxFields)}}}
}

func errFiles(n string) error {
	return wire.InvalidArgument("file", n, "POST requires exactly one file upload per request.")
}

func decimal(n int64) string { return strconv.FormatInt(n, 10) }
