package event

import (
	"crypto/rand"
	"encoding/hex"
	"slices"
	"strings"
	"unicode/utf8"

	"myfsio/fault"
)

// Bounds of a configuration.
const (
	MaxDocument = 64 << 10 // bytes of the document
	MaxRules    = 100
	maxID       = 255  // characters
	maxTarget   = 2048 // bytes
	maxFilter   = 1024 // bytes of a prefix or suffix
)

// Kind is how a document names the target of a rule. All kinds act alike; a document is returned as it was given.
type Kind uint8

// The kinds.
const (
	Topic Kind = iota
	Queue
	Function
)

// Config is the notification configuration of a bucket.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_NotificationConfiguration.html
type Config struct{ Rules []Rule }

// Rule is one configuration in it.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_TopicConfiguration.html
type Rule struct {
	Kind   Kind
	ID     string
	Target string   // URL
	Events []string // s3:ObjectCreated:* or s3:ObjectCreated:Put, as given
	Filter []FilterRule
}

// FilterRule is a prefix or a suffix that keys must have.
type FilterRule struct {
	Name  string `json:"Name"` // "prefix" or "suffix" in any case
	Value string `json:"Value"`
}

// Empty reports whether the configuration asks for nothing; setting such a one clears the bucket's.
func (c *Config) Empty() bool { return len(c.Rules) == 0 }

// Targets returns the different targets, in order.
func (c *Config) Targets() []string {
	var all []string
	for i := range c.Rules {
		if !slices.Contains(all, c.Rules[i].Target) {
			all = append(all, c.Rules[i].Target)
		}
	}
	return all
}

// Check fills in ids that are missing and reports the first fault, with the code and the words of S3. target judges a URL; its error
// is shown to the client. It is run when a document is set, not when a stored one is read: what may be connected to is
// judged again at each connection.
func (c *Config) Check(target func(url string) error) error {
	if len(c.Rules) > MaxRules {
		return invalid("There are more than %d configurations.", MaxRules)
	}
	ids := map[string]bool{}
	for i := range c.Rules {
		r := &c.Rules[i]
		if r.ID == "" {
			r.ID = newID()
		}
		if ids[r.ID] {
			return invalid("Same ID used for multiple configurations. IDs must be unique.")
		}
		ids[r.ID] = true
		if err := r.check(target); err != nil {
			return err
		}
	}
	return c.overlap()
}

func (r *Rule) check(target func(url string) error) error {
	if utf8.RuneCountInString(r.ID) > maxID || !utf8.ValidString(r.ID) {
		return invalid("An ID has at most %d characters.", maxID)
	}
	if len(r.Events) == 0 {
		return malformed()
	}
	for _, e := range r.Events {
		if typesOf(e) == 0 {
			return invalid("The event %.100q is not supported for notifications.", e)
		}
	}
	if err := r.checkFilter(); err != nil {
		return err
	}
	switch {
	case len(r.Target) > maxTarget:
		return invalid("The URL of a destination has at most %d bytes.", maxTarget)
	case strings.HasPrefix(r.Target, "arn:"):
		return invalid("Unable to validate the following destination configurations: %.200q is not a URL. In place of an ARN give the URL of a webhook.", r.Target)
	}
	if err := target(r.Target); err != nil {
		return invalid("Unable to validate the following destination configurations: %s", message(err))
	}
	return nil
}

// message is the part of an error that is meant for the client.
func message(err error) string {
	if fe, ok := err.(*fault.Error); ok {
		return fe.Msg
	}
	return "the URL cannot be used"
}

func (r *Rule) checkFilter() error {
	prefixes, suffixes := 0, 0
	for _, f := range r.Filter {
		switch {
		case strings.EqualFold(f.Name, "prefix"):
			prefixes++
		case strings.EqualFold(f.Name, "suffix"):
			suffixes++
		default:
			return invalid("filter rule name must be either prefix or suffix")
		}
		if len(f.Value) > maxFilter || !utf8.ValidString(f.Value) {
			return invalid("Size of filter rule value cannot exceed %d bytes in UTF-8 representation", maxFilter)
		}
	}
	if prefixes > 1 {
		return invalid("Cannot specify more than one prefix rule in a filter.")
	}
	if suffixes > 1 {
		return invalid("Cannot specify more than one suffix rule in a filter.")
	}
	return nil
}

// affixes returns the prefix and the suffix that keys must have.
func (r *Rule) affixes() (prefix, suffix string) {
	for _, f := range r.Filter {
		if strings.EqualFold(f.Name, "prefix") {
			prefix = f.Value
		} else {
			suffix = f.Value
		}
	}
	return prefix, suffix
}

func (r *Rule) types() (s set) {
	for _, e := range r.Events {
		s |= typesOf(e)
	}
	return s
}

// overlap refuses two rules that one event of one key could match, as S3 does.
func (c *Config) overlap() error {
	for i := range c.Rules {
		a := &c.Rules[i]
		aPrefix, aSuffix := a.affixes()
		for j := range c.Rules[:i] {
			b := &c.Rules[j]
			bPrefix, bSuffix := b.affixes()
			shared := a.types() & b.types()
			near := strings.HasPrefix(aPrefix, bPrefix) || strings.HasPrefix(bPrefix, aPrefix)
			far := strings.HasSuffix(aSuffix, bSuffix) || strings.HasSuffix(bSuffix, aSuffix)
			if shared != 0 && near && far {
				return invalid("Configurations overlap. Configurations on the same bucket cannot share a common event type. (%q and %q, s3:%s)", b.ID, a.ID, shared.first())
			}
		}
	}
	return nil
}

func newID() string {
	var b [16]byte
	rand.Read(b[:]) // never fails
	return hex.EncodeToString(b[:])
}

func invalid(format string, args ...any) error {
	return fault.New(fault.InvalidArgument, format, args...)
}

func malformed() error {
	return &fault.Error{Kind: fault.MalformedXML, Code: "MalformedXML",
		Msg: "The XML you provided was not well-formed or did not validate against our published schema"}
}
