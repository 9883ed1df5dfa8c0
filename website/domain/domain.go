// Package domain keeps which domain shows the website of which bucket, in one JSON file that people may edit,
// website_domains.json:
//
//	{"example.com": "my-site", "docs.example.com": "docs"}
//
// An edit acts on the next request (see docstore). A mapping makes a bucket public through its website, whatever the policies
// and lists of the bucket allow, so only administrators make one; the bucket's owner has the other key to that door, since
// nothing is served before he gives the bucket a website configuration. A mapping outlives its bucket.
//
// Domains are host names in lower case, without port. Names that are the server's own, such as those of S3, are never mapped,
// whatever the file says: nobody can take the API away by a mapping.
package domain

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"myfsio/docstore"
	"myfsio/fault"
)

// Options say where the mappings live. Path is needed.
type Options struct {
	Path string
	// Reserved reports whether a host, in lower case and without port, is the server's own; nil: none is.
	Reserved func(host string) bool
	Log      *slog.Logger // nil: none
}

// Mapping is a domain and the bucket whose website it shows.
type Mapping struct {
	Domain string `json:"domain"`
	Bucket string `json:"bucket"`
}

// Store is the mappings. Its methods may be called at the same time.
type Store struct {
	docs     *docstore.Store[file]
	reserved func(string) bool
}

// file is website_domains.json, decoded: all that it holds, and the mappings in it by domains in their normal form.
type file struct {
	raw map[string]json.RawMessage
	of  map[string]string
}

// maxMappings bounds what the API makes; a file may hold more.
const maxMappings = 10000

// Open reads the mappings. It fails for a file that is no JSON object, and leaves it alone.
func Open(o Options) (*Store, error) {
	if o.Reserved == nil {
		o.Reserved = func(string) bool { return false }
	}
	if err := os.MkdirAll(filepath.Dir(o.Path), 0o755); err != nil {
		return nil, err
	}
	docs, err := docstore.Open(docstore.Options[file]{Path: o.Path, Decode: decode, Encode: encode, New: func() *file {
		return &file{raw: map[string]json.RawMessage{}, of: map[string]string{}}
	}, Log: o.Log})
	if err != nil {
		return nil, fmt.Errorf("the domains of websites cannot be read: %w", err)
	}
	return &Store{docs, o.Reserved}, nil
}

// decode reads the file. What is no mapping is kept and does nothing. Of names that mean the same domain, the one in its normal
// form counts, else the first in the order of bytes.
func decode(b []byte) (*file, error) {
	f := &file{of: map[string]string{}}
	if err := json.Unmarshal(b, &f.raw); err != nil || f.raw == nil {
		return nil, errors.New("not a JSON object")
	}
	for _, name := range slices.Sorted(maps.Keys(f.raw)) {
		var bucket string
		domain, err := normalize(name)
		if err != nil || json.Unmarshal(f.raw[name], &bucket) != nil || bucket == "" {
			continue
		}
		if _, there := f.of[domain]; !there || name == domain {
			f.of[domain] = bucket
		}
	}
	return f, nil
}

func encode(f *file) ([]byte, error) { return json.MarshalIndent(f.raw, "", "  ") }

// set maps a domain to a bucket, or to none for "".
func (f *file) set(domain, bucket string) error {
	for name := range f.raw {
		if d, err := normalize(name); err == nil && d == domain {
			delete(f.raw, name)
		}
	}
	if bucket == "" {
		return nil
	}
	b, err := json.Marshal(bucket)
	f.raw[domain] = b
	return err
}

// Bucket returns the bucket whose website a host shows. The host is as a request names it, with or without port.
func (s *Store) Bucket(host string) (string, bool) {
	of := s.docs.Get().of
	if len(of) == 0 {
		return "", false
	}
	host = hostOf(host)
	bucket, ok := of[host]
	return bucket, ok && !s.reserved(host)
}

// Fault returns why the file on the disk is not what is in force, nil when it is.
func (s *Store) Fault() error { return s.docs.Fault() }

// List returns the mappings in the order of domains.
func (s *Store) List() []Mapping {
	of := s.docs.Get().of
	out := make([]Mapping, 0, len(of))
	for _, d := range slices.Sorted(maps.Keys(of)) {
		out = append(out, Mapping{d, of[d]})
	}
	return out
}

// Get returns the mapping of a domain, which need not be in its normal form. Without one the error is of kind NoSuchConfig.
func (s *Store) Get(domain string) (Mapping, error) {
	d, err := normalize(domain)
	if err != nil {
		return Mapping{}, errAbsent(domain)
	}
	bucket, ok := s.docs.Get().of[d]
	if !ok {
		return Mapping{}, errAbsent(d)
	}
	return Mapping{d, bucket}, nil
}

// Create maps a domain that is not mapped yet, durably. The error of one that is, or that is the server's own, is of kind
// InvalidState; of what is no domain, InvalidArgument.
func (s *Store) Create(domain, bucket string) (Mapping, error) {
	d, err := normalize(domain)
	if err != nil {
		return Mapping{}, err
	}
	if s.reserved(d) {
		return Mapping{}, fault.New(fault.InvalidState, "%s is a name of this server itself.", d)
	}
	err = s.docs.Update(func(f *file) error {
		switch _, there := f.of[d]; {
		case there:
			return fault.New(fault.InvalidState, "The domain %s is mapped already.", d)
		case len(f.of) >= maxMappings:
			return fault.New(fault.InvalidState, "There are %d mappings, which is all there can be.", maxMappings)
		}
		return f.set(d, bucket)
	})
	return Mapping{d, bucket}, err
}

// Update leads a mapped domain to another bucket, durably. Its errors are those of Get.
func (s *Store) Update(domain, bucket string) (Mapping, error) {
	m, err := s.change(domain, bucket)
	return Mapping{m.Domain, bucket}, err
}

// Delete takes a mapping away, durably, and returns it. Its errors are those of Get.
func (s *Store) Delete(domain string) (Mapping, error) { return s.change(domain, "") }

func (s *Store) change(domain, bucket string) (was Mapping, err error) {
	d, err := normalize(domain)
	if err != nil {
		return Mapping{}, errAbsent(domain)
	}
	err = s.docs.Update(func(f *file) error {
		b, there := f.of[d]
		if !there {
			return errAbsent(d)
		}
		was = Mapping{d, b}
		return f.set(d, bucket)
	})
	return was, err
}

func errAbsent(domain string) error {
	return fault.New(fault.NoSuchConfig, "The domain %.253q is not mapped.", domain)
}

// hostOf is the host of a request in its normal form: without port, in lower case.
func hostOf(host string) string {
	if i := strings.LastIndexByte(host, ':'); i >= 0 && strings.IndexByte(host[i:], ']') < 0 {
		host = host[:i]
	}
	return strings.ToLower(strings.TrimSuffix(host, "."))
}

// normalize returns a domain in its normal form. Scheme, path, port, and upper case are stripped, as people paste URLs. What is
// no host name, such as an IP address, is an error of kind InvalidArgument.
func normalize(s string) (string, error) {
	d := strings.TrimSpace(s)
	if i := strings.Index(d, "://"); i >= 0 {
		d = d[i+len("://"):]
	}
	if i := strings.IndexAny(d, "/?#"); i >= 0 {
		d = d[:i]
	}
	d = hostOf(d)
	switch _, err := netip.ParseAddr(strings.Trim(d, "[]")); {
	case d == "":
		return "", fault.New(fault.InvalidArgument, "A domain is needed.")
	case err == nil:
		return "", fault.New(fault.InvalidArgument, "A website has a domain; an IP address is none.")
	case len(d) > 253:
		return "", fault.New(fault.InvalidArgument, "The domain is longer than 253 characters.")
	}
	for label := range strings.SplitSeq(d, ".") {
		if !validLabel(label) {
			return "", fault.New(fault.InvalidArgument,
				"%q is not a domain. Write one like www.example.com; letters beyond a to z in the form that begins with xn--.", d)
		}
	}
	return d, nil
}

func validLabel(l string) bool {
	if l == "" || len(l) > 63 || l[0] == '-' || l[len(l)-1] == '-' {
		return false
	}
	for i := 0; i < len(l); i++ {
		if c := l[i]; (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' && c != '_' {
			return false
		}
	}
	return true
}
