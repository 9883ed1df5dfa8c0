// Package acl is access control lists: who was granted what on a bucket or object, in S3's terms.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/acl-overview.html
package acl

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

// MaxGrants is how many grants S3 takes.
const MaxGrants = 100
