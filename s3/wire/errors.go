package wire

import "myfsio/fault"

// Field is an element of an error document beyond the common ones, such as ArgumentName.
type Field struct{ Name, Value string }

// Detail is an error with fields for its document.
type Detail struct {
	Err    error // a *fault.Error as a rule
	Fields []Field
}

// Error returns the message of Err.
func (d *Detail) Error() string { return d.Err.Error() }

// Unwrap returns Err.
func (d *Detail) Unwrap() error { return d.Err }

// InvalidArgument returns an InvalidArgument that names the argument and its value.
func InvalidArgument(name, value, msg string) error {
	return &Detail{&fault.Error{Kind: fault.InvalidArgument, Msg: msg},
		[]Field{{"ArgumentName", name}, {"ArgumentValue", value}}}
}

// Error is the document of an error.
type Error struct {
	Code, Message, Resource string
	RequestID, HostID       string
	Fields                  []Field
}

// Append writes the document. It has no namespace.
func (e *Error) Append(dst []byte) []byte {
	d := doc{append(dst, xmlHeader...)}
	d.open("Error")
	d.text("Code", e.Code)
	d.text("Message", e.Message)
	for _, f := range e.Fields {
		d.text(f.Name, f.Value)
	}
	d.opt("Resource", e.Resource)
	d.text("RequestId", e.RequestID)
	d.text("HostId", e.HostID)
	d.close("Error")
	return d.b
}
