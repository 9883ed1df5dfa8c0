// Package acl is access control lists: who was granted what on a bucket or object, in S3's terms.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/acl-overview.html
//
// A list says what it grants and nothing more: that an owner may always read and write the list of what is his, and that the
// default list leaves everything to him, is for those who ask.
package acl

import (
	"slices"

	"myfsio/fault"
)

// Permission is a set of rights.
type Permission uint8

// The rights and FULL_CONTROL, which is all of them.
const (
	Read Permission = 1 << iota
	Write
	ReadACP
	WriteACP
	FullControl = Read | Write | ReadACP | WriteACP
)

// Group is a grantee that is not one user.
type Group uint8

// The groups.
const (
	None          Group = iota // the grantee is the user ID
	AllUsers                   // everyone, anonymous included
	Authenticated              // every user of this server
	LogDelivery
)

// Grantee is a user by canonical id, or a group.
type Grantee struct {
	ID    string
	Group Group
}

// Grant gives a grantee a right.
type Grant struct {
	Grantee    Grantee
	Permission Permission
}

// List is an access control list. The zero value is the default, private one: its owner has FULL_CONTROL and
// nobody else anything. A list with grants says all there is: its owner has what it grants him, and always the
// right to read and write the list itself.
type List struct {
	Grants []Grant
}

// MaxGrants is how many grants S3 takes, each right of a grantee counted for itself.
const MaxGrants = 100

// maxID bounds the bytes of a canonical id; those of S3 have 64.
const maxID = 256

// Default reports whether l is the default list.
func (l List) Default() bool { return len(l.Grants) == 0 }

// Public reports whether l grants anything to everyone, or to every user: S3 takes both for public.
func (l List) Public() bool {
	return slices.ContainsFunc(l.Grants, func(g Grant) bool { return g.Grantee.Group.public() })
}

func (g Group) public() bool { return g == AllUsers || g == Authenticated }

// Allows reports whether l grants all of want to the user with that canonical id, "" for an anonymous one. With ignorePublic
// grants to everyone and to every user do not count. The owner is nobody special here, and the
// default list grants nothing to anybody.
func (l List) Allows(canonicalID string, authenticated bool, want Permission, ignorePublic bool) bool {
	var have Permission
	for i := range l.Grants {
		g := &l.Grants[i]
		if g.Grantee.covers(canonicalID, authenticated) && !(ignorePublic && g.Grantee.Group.public()) {
			have |= g.Permission
		}
	}
	return want != 0 && have&want == want
}

func (g *Grantee) covers(canonicalID string, authenticated bool) bool {
	switch g.Group {
	case None:
		return canonicalID != "" && g.ID == canonicalID
	case AllUsers:
		return true
	case Authenticated:
		return authenticated
	}
	return false
}

// Normal returns l with one grant for each grantee, in the order of their first ones, and without grants of nothing. A list that
// says what the default list of an owner does, FULL_CONTROL for him alone, becomes that. It shares no memory with l
// unless it is equal to it.
func (l List) Normal(owner string) List {
	if l.isNormal() {
		return l.unlessDefault(owner)
	}
	out := List{Grants: make([]Grant, 0, len(l.Grants))}
	at := make(map[Grantee]int, len(l.Grants))
	for _, g := range l.Grants {
		if g.Permission == 0 {
			continue
		}
		i, seen := at[g.Grantee]
		if !seen {
			at[g.Grantee] = len(out.Grants)
			out.Grants = append(out.Grants, g)
			continue
		}
		out.Grants[i].Permission |= g.Permission
	}
	return out.unlessDefault(owner)
}

// isNormal is the quick look at the lists that mostly come: none, or a few grants.
func (l List) isNormal() bool {
	if len(l.Grants) > 4 {
		return false
	}
	for i, g := range l.Grants {
		if g.Permission == 0 || slices.ContainsFunc(l.Grants[:i], func(o Grant) bool { return o.Grantee == g.Grantee }) {
			return false
		}
	}
	return true
}

func (l List) unlessDefault(owner string) List {
	if len(l.Grants) == 0 || len(l.Grants) == 1 && l.Grants[0] == (Grant{Grantee{ID: owner}, FullControl}) {
		return List{}
	}
	return l
}

// Check returns an error of kind InvalidArgument when l has too many grants, or one that no list can have: without a
// grantee or a right, or with a group or right that there is not.
func (l List) Check() error {
	n := 0
	for i := range l.Grants {
		g := &l.Grants[i]
		n += len(g.Permission.Names())
		if g.Permission == 0 || g.Permission&^FullControl != 0 || !g.Grantee.valid() {
			return malformed("A grant of the access control list is not valid.")
		}
	}
	if n > MaxGrants {
		return malformed("An access control list has at most 100 grants.")
	}
	return nil
}

func (g *Grantee) valid() bool {
	if g.Group == None {
		return g.ID != "" && len(g.ID) <= maxID
	}
	return g.Group <= LogDelivery && g.ID == ""
}

func malformed(msg string) error {
	return &fault.Error{Kind: fault.InvalidArgument, Code: "MalformedACLError", Msg: msg}
}
