package acl

import "strings"

// rights are the names of single rights, in the order of their bits.
var rights = [...]string{"READ", "WRITE", "READ_ACP", "WRITE_ACP"}

const fullControl = "FULL_CONTROL"

// names[p] are the names of p, so that showing a list allocates nothing for them.
var names = func() (out [FullControl + 1][]string) {
	for p := range out {
		for i, name := range rights {
			if p>>i&1 == 1 {
				out[p] = append(out[p], name)
			}
		}
	}
	out[FullControl] = []string{fullControl}
	return out
}()

// Names returns the names of the rights of p as S3 writes them, FULL_CONTROL for all of them. S3 shows each as a grant of its
// own. The caller does not change the slice.
func (p Permission) Names() []string { return names[p&FullControl] }

// String returns S3's name of p; those of several rights with commas between.
func (p Permission) String() string { return strings.Join(p.Names(), ",") }

// ParsePermission reads S3's name of a right.
func ParsePermission(name string) (Permission, bool) {
	if name == fullControl {
		return FullControl, true
	}
	for i, n := range rights {
		if n == name {
			return 1 << i, true
		}
	}
	return 0, false
}

// uris are the groups as S3 names them.
var uris = [...]string{
	AllUsers:      "http://acs.amazonaws.com/groups/global/AllUsers",
	Authenticated: "http://acs.amazonaws.com/groups/global/AuthenticatedUsers",
	LogDelivery:   "http://acs.amazonaws.com/groups/s3/LogDelivery",
}

// URI returns S3's name of the group, "" for None.
func (g Group) URI() string {
	if int(g) < len(uris) {
		return uris[g]
	}
	return ""
}

// ParseGroup reads S3's name of a group.
func ParseGroup(uri string) (Group, bool) {
	for g, u := range uris {
		if u == uri && u != "" {
			return Group(g), true
		}
	}
	return None, false
}

// Canned returns the list that x-amz-acl names, for what owner owns in a bucket of bucketOwner, both canonical ids; for a
// bucket itself they are the same. A list that says what the default list does is that. It reports false for a name it
// does not know; aws-exec-read is one, as there is nothing here that it could mean.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/acl-overview.html#canned-acl
func Canned(name, owner, bucketOwner string) (List, bool) {
	own := Grant{Grantee{ID: owner}, FullControl}
	with := func(more ...Grant) List { return List{append([]Grant{own}, more...)}.Normal(owner) }
	switch name {
	case "private":
		return List{}, true
	case "public-read":
		return with(Grant{Grantee{Group: AllUsers}, Read}), true
	case "public-read-write":
		return with(Grant{Grantee{Group: AllUsers}, Read | Write}), true
	case "authenticated-read":
		return with(Grant{Grantee{Group: Authenticated}, Read}), true
	case "bucket-owner-read":
		return with(Grant{Grantee{ID: bucketOwner}, Read}), true
	case "bucket-owner-full-control":
		return with(Grant{Grantee{ID: bucketOwner}, FullControl}), true
	case "log-delivery-write":
		return with(Grant{Grantee{Group: LogDelivery}, Write | ReadACP}), true
	}
	return List{}, false
}
