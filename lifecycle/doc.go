// Package lifecycle is the lifecycle configuration of a bucket: the document, in XML and JSON, and what its rules say of an object, a
// version or an upload at a point in time. It is pure: it reads no clock and no store; work/lifecycle acts on what it says.
//
// A [Config] that was parsed is checked; it is stored as JSON, see [Config.JSON], and compiled to [Rules] for use.
//
// # Nothing is obeyed in part
//
// These documents destroy data. One with an element that is not understood, or that asks for what is not offered (transitions to
// other storage classes), is refused as a whole. A filter always narrows: each of its predicates must hold, and a rule whose
// filter has tags is never taken for one without.
//
// # When
//
// As on S3, days end at midnight UTC: an object of the 15th, 10:30, that lives for 3 days expires on the 19th at 0:00. A date is a
// midnight, from which on the rule holds for all objects, later ones included. Before that time nothing happens.
//
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/intro-lifecycle-rules.html
package lifecycle
