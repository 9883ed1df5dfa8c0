package wire

import (
	"encoding/base64"
	"encoding/binary"
	"hash/crc32"
	"strconv"
	"strings"
	"unicode/utf8"
)

// List is the parameters of the listings. Each listing uses its own part of them.
type List struct {
	Prefix, Delimiter string
	EncodeURL         bool // encoding-type=url
	Max               int  // 0..1000

	Marker            string // ListObjects
	StartAfter        string // ListObjectsV2
	ContinuationToken string // as sent
	HasToken          bool
	FetchOwner        bool

	KeyMarker       string // ListObjectVersions, ListMultipartUploads
	VersionIDMarker string
	UploadIDMarker  string
}

// maxPage is the largest page of a listing.
const maxPage = 1000

// ParseList reads the parameters of a listing. maxName is the name of its bound: max-keys or max-uploads.
func ParseList(q Query, maxName string) (List, error) {
	l := List{
		Prefix: q.Get("prefix"), Delimiter: q.Get("delimiter"), Marker: q.Get("marker"),
		StartAfter: q.Get("start-after"), ContinuationToken: q.Get("continuation-token"),
		HasToken:   q.Has("continuation-token"),
		FetchOwner: strings.EqualFold(q.Get("fetch-owner"), "true"),
		KeyMarker:  q.Get("key-marker"), VersionIDMarker: q.Get("version-id-marker"),
		UploadIDMarker: q.Get("upload-id-marker"),
	}
	for _, p := range q {
		if !utf8.ValidString(p.Value) {
			return List{}, InvalidArgument(p.Name, "", "The value must be UTF-8.")
		}
	}
	switch enc := q.Get("encoding-type"); enc {
	case "":
	case "url":
		l.EncodeURL = true
	default:
		return List{}, InvalidArgument("encoding-type", enc, "Invalid Encoding Method specified in Request")
	}
	if l.HasToken && l.ContinuationToken == "" {
		return List{}, InvalidArgument("continuation-token", "", "The continuation token provided is incorrect")
	}
	var err error
	l.Max, err = ParseMax(q.Get(maxName), maxName, maxPage)
	return l, err
}

// ParseMax reads the bound of a page: max when it is not given or greater.
func ParseMax(s, name string, max int) (int, error) {
	if s == "" {
		return max, nil
	}
	n, err := strconv.ParseInt(s, 10, 32)
	if err != nil {
		return 0, InvalidArgument(name, s, "Provided "+name+" not an integer or within integer range")
	}
	if n < 0 {
		return 0, InvalidArgument(name, s, "Argument "+name+" must be an integer between 0 and 2147483647")
	}
	return min(int(n), max), nil
}

// token kinds keep the tokens of one listing out of another.
const (
	TokenObjects byte = 1
	TokenBuckets byte = 2
	// TokenInventories is of ListBucketInventoryConfigurations.
	TokenInventories byte = 3
	// TokenAnnotations is of ListObjectAnnotations.
	TokenAnnotations byte = 4
)

// EncodeToken makes an opaque continuation token of the place where the next page begins.
func EncodeToken(kind byte, after string) string {
	b := make([]byte, 5, 5+len(after))
	b[0] = kind
	b = append(b, after...)
	binary.BigEndian.PutUint32(b[1:5], tokenSum(kind, after))
	return base64.RawURLEncoding.EncodeToString(b)
}

// DecodeToken reads a token that EncodeToken made, and refuses any other.
func DecodeToken(kind byte, token string) (string, error) {
	b, err := base64.RawURLEncoding.Strict().DecodeString(token)
	if err != nil || len(b) < 5 || b[0] != kind || binary.BigEndian.Uint32(b[1:5]) != tokenSum(kind, string(b[5:])) {
		return "", InvalidArgument("continuation-token", token, "The continuation token provided is incorrect")
	}
	return string(b[5:]), nil
}

// tokenSum tells our tokens from foreign ones; it is no secret, as a token gives nothing that start-after does not.
func tokenSum(kind byte, after string) uint32 {
	return crc32.ChecksumIEEE(append([]byte{'m', 'y', 'f', 's', kind}, after...))
}
