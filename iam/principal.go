package iam

import (
	"crypto/sha256"
	"encoding/hex"
)

// Principal is who a request is from. The zero value is anonymous.
type Principal struct {
	UserID      string
	DisplayName string
	Username    string // unique: the display name where no other user bears it, else the user id
	CanonicalID string // of the user, as owner of buckets and objects
	AccessKey   string // the key that was used
	Admin       bool   // may do everything; false for a session that a policy narrows
	Temporary   bool   // a session: the key came with a token
	SessionName string // of a session, may be ""
}

// CanonicalID is the id by which buckets, objects and access control lists name a user: 64 hex digits, as S3's are.
func CanonicalID(userID string) string {
	sum := sha256.Sum256([]byte("myfsio canonical user id\x00" + userID))
	return hex.EncodeToString(sum[:])
}
