package form

import (
	"io"
	"math"
	"mime/multipart"
	"net/http"
	"strings"

	"myfsio/fault"
	"myfsio/s3/wire"
)

// Bounds of a form.
const (
	MaxFields = 20 << 10 // bytes of everything before the file
	MaxCount  = 200      // fields
	// slack is how much of the file may have been read ahead of it.
	slack = 8 << 10
	// maxRest is how many bytes may follow the file.
	maxRest = 1 << 20
	// Overhead is how much longer than its file a form can be.
	Overhead = MaxFields + slack + maxRest
	// maxFileName is the length of a file's name in bytes, beyond that of any key.
	maxFileName = 1024
)

// Form is a form whose file is yet to be read. It belongs to one goroutine.
type Form struct {
	names  []string // in their order, in lower case
	values map[string]string

	parts *multipart.Reader
	src   *bounded
	part  *multipart.Part // the file
}

// Get returns a field by its name in lower case, with ${filename} replaced.
func (f *Form) Get(name string) (string, bool) {
	v, ok := f.values[name]
	return v, ok
}

// SetDefault sets a field that the form does not have; for the key in the path of a request.
func (f *Form) SetDefault(name, value string) {
	if _, ok := f.values[name]; !ok {
		f.set(name, value)
	}
}

func (f *Form) set(name, value string) {
	f.names = append(f.names, name)
	f.values[name] = value
}

// Key returns the key of the object to be.
func (f *Form) Key() (string, error) {
	key, ok := f.values["key"]
	switch {
	case !ok:
		return "", wire.InvalidArgument("key", "", "Bucket POST must contain a field named 'key'.  If it is specified, please check the order of the fields.")
	case key == "":
		return "", wire.InvalidArgument("key", "", "User key must have a length greater than 0.")
	}
	return key, nil
}

// proofs are the fields that prove who made the form. One of them makes it a signed form, which must have all of
// its scheme.
var proofs = []string{"x-amz-signature", "x-amz-credential", "x-amz-algorithm", "signature", "awsaccesskeyid"}

// Status is the status of success the form asks for: 200, 201, or 204 for want of a better one.
func (f *Form) Status() int {
	switch f.values["success_action_status"] {
	case "200":
		return http.StatusOK
	case "201":
		return http.StatusCreated
	}
	return http.StatusNoContent
}

// Length bounds the length of a file in bytes, both ends included.
type Length struct{ Min, Max int64 }

// AnyLength is no bound.
var AnyLength = Length{0, math.MaxInt64}

// File returns the file. Read fails with fault.EntityTooLarge as soon as more has come than is allowed, and with
// fault.EntityTooSmall or an error in the form's end in place of io.EOF. It may be called once.
func (f *Form) File(limit Length) io.Reader { return &file{form: f, limit: limit} }

type file struct {
	form  *Form
	limit Length
	n     int64
	err   error // once it was given
}

func (r *file) Read(p []byte) (int, error) {
	if r.err != nil {
		return 0, r.err
	}
	n, err := r.form.part.Read(p)
	r.n += int64(n)
	switch {
	case r.n > r.limit.Max:
		n, err = 0, r.tooLarge()
	case err == io.EOF:
		err = r.end()
	case err != nil:
		err = r.form.malformed(err)
	}
	r.err = err
	return n, err
}

// end checks what is known when the file is over. What follows it is read to the end of the body, so that a second file is
// found, and a signature over the body is checked.
func (r *file) end() error {
	if r.n < r.limit.Min {
		return r.tooSmall()
	}
	src := r.form.src
	src.left = MaxFields + slack
	for {
		part, err := r.form.parts.NextRawPart()
		if err == nil && isFile(part) {
			return errFiles("2")
		}
		if err == io.EOF || src.left < 0 { // no more parts, or none worth a look
			break
		}
		if err != nil {
			return r.form.malformed(err)
		}
	}
	src.left, src.err = maxRest, nil
	if _, err := io.Copy(io.Discard, src); err != nil {
		return r.form.malformed(err)
	}
	return io.EOF
}

func (r *file) tooLarge() error {
	return &wire.Detail{Err: fault.New(fault.EntityTooLarge, "Your proposed upload exceeds the maximum allowed size"),
		Fields: []wire.Field{{Name: "MaxSizeAllowed", Value: decimal(r.limit.Max)}}}
}

func (r *file) tooSmall() error {
	return &wire.Detail{Err: fault.New(fault.EntityTooSmall, "Your proposed upload is smaller than the minimum allowed size"),
		Fields: []wire.Field{{Name: "ProposedSize", Value: decimal(r.n)}, {Name: "MinSizeAllowed", Value: decimal(r.limit.Min)}}}
}

func isFile(part *multipart.Part) bool { return strings.EqualFold(part.FormName(), "file") }
