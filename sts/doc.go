// Package sts gives out temporary credentials, by the query protocol of AWS's Security Token Service.
// https://docs.aws.amazon.com/STS/latest/APIReference/welcome.html
//
// A request is POST / with a form: Action, Version and the parameters of the action. It is signed for the service sts or s3, or
// brings X-Access-Key and X-Secret-Key.
//
//	AssumeRole         a session of the caller, which a policy may narrow; 15 minutes to 12 hours, 1 hour by default
//	GetSessionToken    a session of the caller; 15 minutes to 36 hours, 12 hours by default
//	GetCallerIdentity  who the caller is
//
// There are no roles: whoever assumes one goes on being who he is, and RoleArn is not looked at. What would make a session other than
// AWS's caller expects is refused rather than ignored: managed policies, tags, a second factor. A session
// cannot make sessions.
//
// Answers and errors are AWS's documents in its namespace. They hold secrets and must not be stored.
package sts
