package accesslog

import (
	"crypto/tls"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Entry is a request that was answered, or a key of one, or something that the server did by itself: then HTTP is nil. Strings may be "", for
// what there was not.
type Entry struct {
	Bucket           string // that was asked for
	Time             time.Time
	RemoteIP         string
	Requester        string // canonical id
	RequestID        string
	Operation        string // REST.GET.OBJECT
	Key              string
	HTTP             *http.Request
	Status           int
	Code             string
	Sent             int64 // bytes of the body of the answer
	Size             int64 // of the object, negative where there is none
	Total            time.Duration
	TurnAround       time.Duration // until the first byte of the answer
	Referer          string
	UserAgent        string
	VersionID        string
	HostID           string
	SignatureVersion string // as the condition key s3:signatureversion has it
	AuthType         string // as the condition key s3:authType has it
	Host             string
	// Part says that the line is about a key of a request that has a line of its own: it leaves out what is in that one.
	Part bool
}

// append writes the line of an entry, with the newline, behind dst.
func (e *Entry) append(dst []byte, owner string) []byte {
	dst = word(dst, owner)
	dst = word(dst, e.Bucket)
	dst = append(dst, '[')
	dst = e.Time.UTC().AppendFormat(dst, "02/Jan/2006:15:04:05 -0700")
	dst = append(dst, "] "...)
	dst = word(dst, e.RemoteIP)
	dst = word(dst, e.Requester)
	dst = word(dst, e.RequestID)
	dst = word(dst, e.Operation)
	dst = key(dst, e.Key)
	if e.Part {
		dst = append(dst, "- "...) // S3 quotes no field of such a line
	} else {
		dst = quoted(dst, e.uri())
	}
	dst = number(dst, int64(e.Status), e.Status > 0)
	dst = word(dst, e.Code)
	dst = number(dst, e.Sent, e.Sent > 0)
	dst = number(dst, e.Size, e.Size >= 0)
	if e.Part {
		dst = append(dst, "- - - - "...)
	} else {
		dst = number(dst, e.Total.Milliseconds(), e.HTTP != nil)
		dst = number(dst, e.TurnAround.Milliseconds(), e.TurnAround > 0)
		dst = quoted(dst, e.Referer)
		dst = quoted(dst, e.UserAgent)
	}
	version := e.VersionID
	if version == "null" {
		version = ""
	}
	dst = word(dst, version)
	dst = word(dst, e.HostID)
	dst = word(dst, signatures[e.SignatureVersion])
	suite, version := secured(e.HTTP)
	dst = word(dst, suite)
	dst = word(dst, authTypes[e.AuthType])
	dst = word(dst, e.Host)
	dst = word(dst, version)
	return append(dst, "- -\n"...) // access point; whether an access control list was needed
}

// The words of the log for those of the condition keys.
var (
	signatures = map[string]string{"AWS4-HMAC-SHA256": "SigV4", "AWS": "SigV2"}
	authTypes  = map[string]string{"REST-HEADER": "AuthHeader", "REST-QUERY-STRING": "QueryString", "POST": "POST"}
)

// word writes a field that stands without quotes.
func word(dst []byte, s string) []byte {
	if s == "" {
		return append(dst, "- "...)
	}
	return append(escape(dst, s, ' '), ' ')
}

// quoted writes a field that stands in quotes.
func quoted(dst []byte, s string) []byte {
	if s == "" {
		return append(dst, `"-" `...)
	}
	return append(escape(append(dst, '"'), s, '"'), `" `...)
}

func number(dst []byte, n int64, known bool) []byte {
	if !known {
		return append(dst, "- "...)
	}
	return append(strconv.AppendInt(dst, n, 10), ' ')
}

const hex = "0123456789ABCDEF"

// escape writes s with everything percent-encoded that could end the field or the line, or is no ASCII: clients choose these
// texts. A percent sign stays, as it does in S3's logs.
func escape(dst []byte, s string, end byte) []byte {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c >= 0x7F || c == end || c == '"' {
			dst = append(dst, '%', hex[c>>4], hex[c&15])
		} else {
			dst = append(dst, c)
		}
	}
	return dst
}

// key writes a key encoded like a URL twice, as S3 does.
func key(dst []byte, s string) []byte {
	if s == "" {
		return append(dst, "- "...)
	}
	for i := range len(s) {
		switch c := s[i]; {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', strings.IndexByte("-_.~/", c) >= 0:
			dst = append(dst, c)
		default:
			dst = append(dst, '%', '2', '5', hex[c>>4], hex[c&15])
		}
	}
	return append(dst, ' ')
}

// uri is the first line of the request, without what would allow to send it again.
func (e *Entry) uri() string {
	if e.HTTP == nil {
		return ""
	}
	target := e.HTTP.RequestURI
	if target == "" {
		target = e.HTTP.URL.RequestURI()
	}
	return e.HTTP.Method + " " + redact(target) + " " + e.HTTP.Proto
}

// secrets are the parameters, in lower case, whose values prove who sends a request.
var secrets = map[string]bool{"x-amz-signature": true, "x-amz-security-token": true, "signature": true}

func redact(target string) string {
	path, query, found := strings.Cut(target, "?")
	if !found || !strings.Contains(query, "=") {
		return target
	}
	var b strings.Builder
	b.WriteString(path)
	sep := byte('?')
	for p := range strings.SplitSeq(query, "&") {
		b.WriteByte(sep)
		sep = '&'
		name, _, valued := strings.Cut(p, "=")
		if valued && secrets[strings.ToLower(unescape(name))] {
			p = name + "=REDACTED"
		}
		b.WriteString(p)
	}
	return b.String()
}

// unescape resolves the percent-encoding of a name, in which somebody might hide it.
func unescape(s string) string {
	if strings.IndexByte(s, '%') < 0 {
		return s
	}
	out := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		if s[i] == '%' && i+2 < len(s) {
			if n, err := strconv.ParseUint(s[i+1:i+3], 16, 8); err == nil {
				out = append(out, byte(n))
				i += 2
				continue
			}
		}
		out = append(out, s[i])
	}
	return string(out)
}

// secured returns the cipher suite by OpenSSL's name and the version of TLS, "" for a plain connection.
func secured(r *http.Request) (suite, version string) {
	if r == nil || r.TLS == nil {
		return "", ""
	}
	suite = tls.CipherSuiteName(r.TLS.CipherSuite)
	if exchange, cipher, found := strings.Cut(strings.TrimPrefix(suite, "TLS_"), "_WITH_"); found {
		suite = strings.ReplaceAll(exchange, "_", "-") + "-" + strings.NewReplacer("AES_128", "AES128", "AES_256", "AES256", "_", "-").Replace(cipher)
	}
	if tail, ok := strings.CutPrefix(tls.VersionName(r.TLS.Version), "TLS "); ok {
		version = "TLSv" + tail
	}
	return suite, version
}
