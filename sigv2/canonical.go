package sigv2

import (
	"cmp"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"myfsio/fault"
)

// signed are the sub-resources and overrides that are part of what is signed.
var signed = set("accelerate", "acl", "analytics", "cors", "defaultObjectAcl", "delete", "inventory", "lifecycle", "location", "logging",
	"metrics", "notification", "object-lock", "partNumber", "policy", "replication", "requestPayment", "restore", "select", "select-type",
	"storageClass", "tagging", "torrent", "uploadId", "uploads", "versionId", "versioning", "versions", "website",
	"response-cache-control", "response-content-disposition", "response-content-encoding", "response-content-language",
	"response-content-type", "response-expires")

// harmless are parameters that are not signed and choose no operation: they steer listings.
var harmless = set("continuation-token", "delimiter", "encoding-type", "fetch-owner", "key-marker", "list-type", "marker", "max-buckets", "max-keys",
	"max-parts", "max-uploads", "part-number-marker", "prefix", "start-after", "upload-id-marker", "version-id-marker", "x-id")

func set(names ...string) map[string]bool {
	m := make(map[string]bool, len(names))
	for _, n := range names {
		m[n] = true
	}
	return m
}

type pair struct{ name, value string }

// params are the parameters of a query, by what they are for.
type params struct {
	auth                    auth
	sub                     []pair // signed sub-resources, sorted
	amz                     []pair // x-amz- parameters, which are signed as headers; names in lower case
	contentMD5, contentType string
}

type auth struct{ accessKey, expires, signature string }

func (a *auth) any() bool { return *a != auth{} }

func (p *params) read(raw string) error {
	for part := range strings.SplitSeq(raw, "&") {
		if part == "" {
			continue
		}
		name, value, _ := strings.Cut(part, "=")
		name, err := url.QueryUnescape(name)
		if err == nil {
			value, err = url.QueryUnescape(value)
		}
		if err != nil {
			return failure(fault.InvalidRequest, "InvalidURI", "Couldn't parse the specified URI.")
		}
		if err := p.add(name, value); err != nil {
			return err
		}
	}
	slices.SortFunc(p.sub, byName)
	return nil
}

func byName(a, b pair) int { return cmp.Compare(a.name, b.name) }

func (p *params) add(name, value string) error {
	switch lower := strings.ToLower(name); {
	case name == "AWSAccessKeyId":
		return once(&p.auth.accessKey, name, value)
	case name == "Expires":
		return once(&p.auth.expires, name, value)
	case name == "Signature":
		return once(&p.auth.signature, name, value)
	case signed[name]:
		if forges(value) {
			return malformed(name)
		}
		if slices.ContainsFunc(p.sub, func(s pair) bool { return s.name == name }) {
			return malformed(name)
		}
		p.sub = append(p.sub, pair{name, value})
		return nil
	case strings.HasPrefix(lower, "x-amz-"):
		if !headerName(lower) || controls(value) {
			return malformed(name)
		}
		p.amz = append(p.amz, pair{lower, strings.Trim(value, " \t")})
		return nil
	case lower == "content-md5":
		return once(&p.contentMD5, name, value)
	case lower == "content-type":
		return once(&p.contentType, name, value)
	case harmless[name]:
		return nil
	}
	return notSigned()
}

func once(to *string, name, value string) error {
	if *to != "" || value == "" || controls(value) {
		return malformed(name)
	}
	*to = value
	return nil
}

func malformed(name string) error {
	if len(name) > 64 {
		name = name[:64]
	}
	return failure(fault.MalformedAuth, "AuthorizationQueryParametersError", "The query parameter %q is empty, mal-formed or comes twice.", name)
}

// forges reports whether a value could be read as more than one sub-resource, or as more than one line.
func forges(value string) bool {
	if controls(value) {
		return true
	}
	for rest := value; ; {
		_, after, found := strings.Cut(rest, "&")
		if !found {
			return false
		}
		name, _, _ := strings.Cut(after, "&")
		name, _, _ = strings.Cut(name, "=")
		if signed[name] {
			return true
		}
		rest = after
	}
}

func controls(s string) bool {
	return strings.ContainsFunc(s, func(c rune) bool { return c < ' ' && c != '\t' || c == 0x7f })
}

// headerName reports whether s is letters in lower case, digits and hyphens.
func headerName(s string) bool {
	return !strings.ContainsFunc(s, func(c rune) bool {
		return (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' && c != '_' && c != '.'
	})
}

// headers are the headers that are signed.
type headers struct {
	contentMD5, contentType string
	amz                     []pair // sorted
}

func (h *headers) get(name string) string {
	for _, p := range h.amz {
		if p.name == name {
			return p.value
		}
	}
	return ""
}

// headersOf collects the signed headers of r, and the parameters that stand for headers. A header that comes as both is refused, and so is
// one that comes twice where each would change what the other says.
func headersOf(r *http.Request, p *params) (*headers, error) {
	h := &headers{contentMD5: p.contentMD5, contentType: p.contentType, amz: p.amz}
	for name, values := range r.Header {
		lower := strings.ToLower(name)
		switch {
		case lower == "content-md5" || lower == "content-type":
			if len(values) != 1 {
				return nil, notSigned()
			}
			if lower == "content-md5" {
				h.contentMD5 = values[0]
			} else {
				h.contentType = values[0]
			}
		case strings.HasPrefix(lower, "x-amz-"):
			if len(values) > 1 && !mayRepeat(lower) {
				return nil, notSigned()
			}
			h.amz = append(h.amz, pair{lower, joined(values)})
		}
	}
	slices.SortFunc(h.amz, byName)
	for i := 1; i < len(h.amz); i++ {
		if h.amz[i].name == h.amz[i-1].name {
			return nil, notSigned()
		}
	}
	return h, nil
}

// mayRepeat names the headers that are lists, one value a line.
func mayRepeat(name string) bool {
	return strings.HasPrefix(name, "x-amz-meta-") || name == "x-amz-object-attributes" || name == "x-amz-optional-object-attributes" || name == "x-amz-trailer"
}

func joined(values []string) string {
	if len(values) == 1 {
		return strings.Trim(values[0], " \t")
	}
	trimmed := make([]string, len(values))
	for i, v := range values {
		trimmed[i] = strings.Trim(v, " \t")
	}
	return strings.Join(trimmed, ",")
}

// pathOf returns the path that is signed. Where it is that of a bucket alone, other is the same with a slash behind it, which
// many clients sign and do not send: botocore, boto and s3cmd.
func pathOf(r *http.Request, bucket string) (path, other string) {
	path = r.URL.EscapedPath()
	switch {
	case path == "":
		path = "/"
	case bucket == "" && strings.LastIndexByte(path, '/') == 0 && path != "/":
		other = path + "/"
	}
	return path, other
}

// stringToSign is the text under the signature.
func stringToSign(r *http.Request, h *headers, p *params, date, bucket, path string) []byte {
	b := make([]byte, 0, 256)
	for _, line := range [...]string{r.Method, h.contentMD5, h.contentType, date} {
		b = append(append(b, line...), '\n')
	}
	for _, a := range h.amz {
		b = append(append(b, a.name...), ':')
		b = append(append(b, a.value...), '\n')
	}
	if bucket != "" {
		b = append(append(b, '/'), bucket...)
	}
	b = append(b, path...)
	sep := byte('?')
	for _, s := range p.sub {
		b = append(append(b, sep), s.name...)
		if s.value != "" {
			b = append(append(b, '='), s.value...)
		}
		sep = '&'
	}
	return b
}
