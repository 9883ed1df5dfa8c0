package wire

import (
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"myfsio/fault"
)

// Range is a byte range as the client wrote it: First..Last inclusive with Last -1 for the end, or the last
// Suffix bytes when First is -1.
type Range struct{ First, Last, Suffix int64 }

// ParseRange reads a Range header. It reports false for one that S3 ignores: malformed, of another
// unit, or of several ranges. Numbers beyond int64 count as the largest one.
func ParseRange(h string) (Range, bool) {
	const unit = "bytes="
	if len(h) <= len(unit) || !strings.EqualFold(h[:len(unit)], unit) {
		return Range{}, false
	}
	first, last, found := strings.Cut(strings.TrimSpace(h[len(unit):]), "-")
	if !found {
		return Range{}, false
	}
	if first == "" {
		n, ok := parseOffset(last)
		return Range{First: -1, Last: -1, Suffix: n}, ok
	}
	from, ok := parseOffset(first)
	if !ok {
		return Range{}, false
	}
	if last == "" {
		return Range{First: from, Last: -1}, true
	}
	to, ok := parseOffset(last)
	return Range{First: from, Last: to}, ok && from <= to
}

// parseOffset reads decimal digits and nothing else.
func parseOffset(s string) (int64, bool) {
	if s == "" {
		return 0, false
	}
	for i := 0; i < len(s); i++ {
		if s[i] < '0' || s[i] > '9' {
			return 0, false
		}
	}
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		return math.MaxInt64, true // only too large is left
	}
	return n, true
}

// ParseCopyRange reads x-amz-copy-source-range, which is bytes=first-last and nothing else.
func ParseCopyRange(h string) (Range, error) {
	r, ok := ParseRange(h)
	if !ok || !strings.HasPrefix(h, "bytes=") || r.First < 0 || r.Last < 0 || strings.ContainsAny(h, " \t") {
		return Range{}, &fault.Error{Kind: fault.InvalidArgument,
			Msg: "The x-amz-copy-source-range value must be of the form bytes=first-last where first and last are the zero-based offsets of the first and last bytes to copy"}
	}
	return r, nil
}

// ParseETags reads an If-Match or If-None-Match header: entity tags with or without quotes, separated by
// commas. weak says that W/"x" compares like "x", as it does for If-None-Match; otherwise it keeps
// its W/ and matches nothing.
func ParseETags(h string, weak bool) []string {
	var tags []string
	for h = strings.TrimLeft(h, " \t,"); h != ""; h = strings.TrimLeft(h, " \t,") {
		var tag string
		tag, h = cutETag(h)
		if strings.HasPrefix(tag, "W/") && weak {
			tag = tag[2:]
		}
		tags = append(tags, Unquote(tag))
	}
	return tags
}

// cutETag takes the first entity tag off h; a comma inside quotes belongs to it.
func cutETag(h string) (tag, rest string) {
	quoted := false
	for i := 0; i < len(h); i++ {
		switch {
		case h[i] == '"':
			quoted = !quoted
		case h[i] == ',' && !quoted:
			return strings.TrimRight(h[:i], " \t"), h[i+1:]
		}
	}
	return strings.TrimRight(h, " \t"), ""
}

// Unquote takes one pair of quotes off an entity tag, where it has them.
func Unquote(tag string) string {
	if len(tag) >= 2 && tag[0] == '"' && tag[len(tag)-1] == '"' {
		return tag[1 : len(tag)-1]
	}
	return tag
}

// ParseTime reads a date of a header or document: any of HTTP's three forms or ISO 8601.
func ParseTime(s string) (time.Time, bool) {
	s = strings.TrimSpace(s)
	if s == "" {
		return time.Time{}, false
	}
	if t, err := http.ParseTime(s); err == nil {
		return t.UTC(), true
	}
	for _, layout := range []string{time.RFC3339Nano, time.RFC1123Z} {
		if t, err := time.Parse(layout, s); err == nil {
			return t.UTC(), true
		}
	}
	return time.Time{}, false
}

// AppendHTTPTime writes t as HTTP's headers do: Mon, 02 Jan 2006 15:04:05 GMT.
func AppendHTTPTime(dst []byte, t time.Time) []byte {
	return t.UTC().AppendFormat(dst, http.TimeFormat)
}

// CopySource is what x-amz-copy-source names.
type CopySource struct{ Bucket, Key, VersionID string }

// ParseCopySource reads x-amz-copy-source: bucket/key, with or without a slash in front, percent-escaped
// once, and ?versionId= behind it. Any other question mark is part of the key, and so is a plus.
func ParseCopySource(h string) (CopySource, error) {
	bad := &fault.Error{Kind: fault.InvalidArgument,
		Msg: "Copy Source must mention the source bucket and key: sourcebucket/sourcekey"}
	path, version := h, ""
	const mark = "?versionId="
	if i := strings.LastIndex(h, mark); i >= 0 {
		path, version = h[:i], h[i+len(mark):]
		version, _, _ = strings.Cut(version, "&")
		if version == "" {
			return CopySource{}, &fault.Error{Kind: fault.InvalidArgument, Msg: "Version id cannot be the empty string"}
		}
	}
	version, okVersion := unescape(version, false)
	// Some clients escape the slash behind the bucket as well, so the whole is decoded before it is split.
	path, ok := unescape(strings.TrimPrefix(path, "/"), false)
	if !ok || !okVersion || !utf8.ValidString(path) || !utf8.ValidString(version) {
		return CopySource{}, &fault.Error{Kind: fault.InvalidArgument, Msg: "The x-amz-copy-source header is not properly URL-encoded"}
	}
	// A client that escapes everything sends its leading slash as %2F.
	bucket, key, _ := strings.Cut(strings.TrimPrefix(path, "/"), "/")
	if bucket == "" || key == "" {
		return CopySource{}, bad
	}
	return CopySource{bucket, key, version}, nil
}

// ParseRenameSource reads x-amz-rename-source, /bucket/key or a key alone, URL-encoded. The bucket must be this one. A key that begins with a
// slash is encoded, or comes with its bucket.
func ParseRenameSource(h, bucket string) (key string, err error) {
	bad := &fault.Error{Kind: fault.InvalidArgument, Msg: "The x-amz-rename-source header must be the key of an object of the same bucket, or /bucket/key, URL-encoded."}
	if h == "" || strings.Contains(h, "?versionId=") {
		return "", bad
	}
	rest, full := strings.CutPrefix(h, "/")
	key, ok := unescape(rest, false)
	if full {
		var name string
		name, key, _ = strings.Cut(key, "/")
		ok = ok && name == bucket
	}
	if !ok || key == "" || !utf8.ValidString(key) {
		return "", bad
	}
	return key, nil
}

// Tag is a tag of an object or bucket.
type Tag struct {
	Key   string `json:"Key"`
	Value string `json:"Value"`
}

// maxTagging bounds x-amz-tagging: ten tags (or as many as a server allows), escaped.
const maxTagging = 64 << 10

// ParseTagging reads x-amz-tagging: a query string of distinct names.
func ParseTagging(h string) ([]Tag, error) {
	bad := &fault.Error{Kind: fault.InvalidArgument,
		Msg: "The header 'x-amz-tagging' shall be encoded as UTF-8 then URLEncoded URL query parameters without tag name duplicates."}
	if len(h) > maxTagging {
		return nil, bad
	}
	q, err := ParseQuery(h)
	if err != nil {
		return nil, bad
	}
	var tags []Tag
	seen := make(map[string]bool, len(q))
	for _, p := range q {
		if seen[p.Name] || !utf8.ValidString(p.Name) || !utf8.ValidString(p.Value) {
			return nil, bad
		}
		seen[p.Name] = true
		tags = append(tags, Tag{p.Name, p.Value})
	}
	return tags, nil
}
