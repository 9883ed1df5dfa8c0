// Package policy is the policy language of MyFSIO: what a user, a session or a bucket allows and denies. It reads the two
// forms the language has, compiles both into one, and answers requests with one evaluator.
//
// # Documents
//
// The long form is AWS's: a document with statements, each of which allows or denies actions on resources to principals
// under conditions. [Parse] takes the whole grammar of it, with NotAction, NotResource and NotPrincipal, all operators of
// conditions with their prefixes and IfExists, and policy variables. It is strict, because a policy that is not
// understood is not a policy: an unknown element, operator, key, or action, a name that stands twice, a value of the wrong
// type or a resource outside of the bucket is an error that says what is wrong, where, and what to write instead.
//
// A document belongs to a bucket and has principals, or to a user or session and has none. Documents of users may name
// resources of other services, which match nothing here. Keys of conditions that only AWS can have a value for
// (aws:SourceVpce) are known and always absent: a statement that denies what does not come through an endpoint denies all.
//
// Where AWS has many accounts, MyFSIO has one, and no roles. The ARN of a user has any account or none; its last part is
// the username or the user's id. The ARN of an account's root, and an account's number, stand for nobody in an Allow and
// for every user in a Deny.
//
// # The short form
//
// The short form is a list of [Rule], which only allow: groups of actions (read, write, list), in one bucket or all, in
// all keys or those below a prefix. The prefix bounds actions on objects by their key, and listings by the prefix they ask
// for; other actions on the bucket have no bound. Names of AWS stand for the group they are in, so that s3:GetObject is
// all of read. A name that is in two groups, a name in none, and a pattern mean just what they match. "*" is
// all groups: all of S3 but s3:BypassGovernanceRetention and the administration of users and keys, which stand as iam:*
// and kms:* beside it, in rules about all buckets and all keys only. What nobody knows grants nothing.
//
// [Compile] joins the rules and documents of a user.
//
// # Evaluation
//
// [Policy.Eval] says what one policy says: allow, deny, or nothing. Whoever calls it joins the policies of user, session
// and bucket. Within a policy a statement that denies wins over all that allow.
//
// Conditions follow AWS in every corner. A key that a request does not have fails a positive operator and meets a
// negated one, meets any operator with IfExists, and meets ForAllValues but not ForAnyValue. An empty value is a value.
// Values in a list are alternatives; under a negated operator none of them may fit. A variable without a value fits
// nothing, and makes an Allow with NotResource fail.
//
// What a request has comes from [Context], or from its [Source] for what is seldom asked for, tags above all. A source
// that fails leaves a condition untold: an Allow fails then and a Deny matches, unless another condition of the statement
// is false anyway.
//
// # Cost
//
// Actions are numbers and sets of them bits; texts are compiled once. A decision on ten statements takes well under a
// microsecond and allocates nothing. Patterns match in time that grows with pattern and text, not with their product, but
// for a ? that floats between two stars, and Parse bounds those. No document can make a decision expensive.
package policy
