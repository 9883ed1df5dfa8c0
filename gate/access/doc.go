// Package access decides who may do what: it puts together what a user's policies say, what the policy of the bucket says,
// who owns the bucket, its access control lists and its block of public access.
//
// A request is decided in this order, which is AWS's:
//
//  1. An explicit Deny of the user's policies, of the session's policy or of the bucket's policy refuses.
//  2. A session policy must allow: it only narrows.
//  3. It is allowed when one of these allows it: the user's policies; the ownership of the bucket; the bucket's policy; an
//     access control list of the bucket or object. With POLICY_EVALUATION=strict a user who does not own the bucket needs
//     his own policies to allow it, whatever the others say.
//  4. Otherwise it is refused.
//
// A bucket's owner and administrators may always read, replace and delete the bucket's policy, so that no policy can lock everybody
// out. Nobody else has rights that no document gives: an administrator is a user whose policies hold iam:*, which is about
// users; the right to objects comes from the other actions in his policies.
//
// The bucket's owner may do everything with his bucket, save for its quota, which is set for him and not by him: by whom a policy gives the
// right quota, and by whom administers users, with iam:* or iam:list_users. An object
// with a list of its own gives him what the list gives; he may always delete it and change the list.
//
// A visit to a website is another matter: an administrator who maps a domain to a bucket publishes what its website shows, whatever
// the bucket's policy and lists allow. An explicit Deny of the bucket's policy refuses a visitor as it refuses any anonymous request,
// and so does a block of public access with RestrictPublicBuckets.
//
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/how-s3-evaluates-access-control.html
package access
