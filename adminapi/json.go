package adminapi

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"unicode/utf8"

	"myfsio/fault"
)

const (
	maxBody  = 1 << 20 // bytes of a request's body
	maxDepth = 32      // of nested JSON
)

// media is the form of a body.
type media uint8

const (
	mediaJSON media = iota
	mediaForm
	mediaOther
)

// mediaOf tells the form of the body by Content-Type. None is taken for JSON.
func mediaOf(r *http.Request) media {
	ct := r.Header.Get("Content-Type")
	if ct == "" {
		return mediaJSON
	}
	t, params, err := mime.ParseMediaType(ct)
	if cs := params["charset"]; err != nil || cs != "" && !strings.EqualFold(cs, "utf-8") {
		return mediaOther
	}
	switch {
	case t == "application/json" || strings.HasPrefix(t, "application/") && strings.HasSuffix(t, "+json"):
		return mediaJSON
	case t == "application/x-www-form-urlencoded":
		return mediaForm
	}
	return mediaOther
}

// readJSON reads the JSON body of a request into v. Unknown members are ignored; a member that stands twice
// is refused, because readers differ in which one they believe.
func (c *call) readJSON(v any) error {
	if mediaOf(c.http) != mediaJSON {
		return unsupported("application/json")
	}
	return parseJSON(c.body, v)
}

// readOptional is readJSON for a body that may be left out.
func (c *call) readOptional(v any) error {
	if len(bytes.TrimSpace(c.body)) == 0 {
		return nil
	}
	return c.readJSON(v)
}

func unsupported(want string) error {
	return &fault.Error{Kind: fault.InvalidRequest, Code: unsupportedMediaType, Msg: "Content-Type must be " + want + "."}
}

func parseJSON(b []byte, v any) error {
	if len(bytes.TrimSpace(b)) == 0 {
		return fault.New(fault.InvalidRequest, "A JSON body is needed.")
	}
	if err := checkJSON(b); err != nil {
		return err
	}
	err := json.Unmarshal(b, v)
	var wrong *json.UnmarshalTypeError
	switch {
	case errors.As(err, &wrong) && wrong.Field != "":
		return invalid("%q cannot be a JSON %s.", wrong.Field, wrong.Value)
	case errors.As(err, &wrong):
		return invalid("The body cannot be a JSON %s.", wrong.Value)
	}
	return fault.Wrap(fault.InvalidArgument, err, "The JSON has a form that is not understood.")
}

// checkJSON checks that b is one JSON value, of bounded depth, without members that stand twice. Names that differ in case alone
// are the same here.
func checkJSON(b []byte) error {
	if !utf8.Valid(b) {
		return fault.New(fault.InvalidRequest, "The body is not UTF-8.")
	}
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	var open []level
	for n := 0; ; n++ {
		t, err := d.Token()
		switch {
		case err == io.EOF && len(open) == 0 && n > 0:
			return nil
		case err != nil:
			return fault.New(fault.InvalidRequest, "The body is not valid JSON.")
		}
		if open, err = nest(open, t); err != nil {
			return err
		}
		if len(open) == 0 && d.More() {
			return fault.New(fault.InvalidRequest, "The body is not one JSON value.")
		}
	}
}

// level is an object or array that a reader of JSON is in.
type level struct {
	names map[string]bool // of an object's members so far; nil in an array
	name  bool            // the next token is a name, or the end of the object
}

// nest takes a token into account.
func nest(open []level, t json.Token) ([]level, error) {
	top := len(open) - 1
	switch t {
	case json.Delim('}'), json.Delim(']'):
		return open[:top], nil
	}
	if top >= 0 && open[top].names != nil {
		at := &open[top]
		if s, ok := t.(string); ok && at.name {
			folded := strings.ToLower(s)
			if at.names[folded] {
				return nil, fault.New(fault.InvalidRequest, "The member %q stands twice.", s)
			}
			at.names[folded], at.name = true, false
			return open, nil
		}
		at.name = true
	}
	switch t {
	case json.Delim('{'):
		open = append(open, level{names: map[string]bool{}, name: true})
	case json.Delim('['):
		open = append(open, level{})
	}
	if len(open) > maxDepth {
		return nil, fault.New(fault.InvalidRequest, "The JSON is nested too deeply.")
	}
	return open, nil
}

// parseForm reads a form; a field may stand once.
func parseForm(b []byte) (url.Values, error) {
	v, err := url.ParseQuery(string(b))
	if err != nil || !utf8.Valid(b) {
		return nil, fault.New(fault.InvalidRequest, "The form is not well formed.")
	}
	for name, values := range v {
		if len(values) > 1 {
			return nil, fault.New(fault.InvalidRequest, "The field %q stands twice.", name)
		}
	}
	return v, nil
}
