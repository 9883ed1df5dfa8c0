// Package inventory is the inventory configurations of a bucket: which lists of its objects are to be written, how often, and where to. It
// is pure; work/inventory writes the reports.
//
// A bucket has up to [MaxConfigs] configurations, each with an Id. They are stored together, as one [Set] in JSON, in the order of
// their ids.
//
// # What is refused
//
// A configuration that asks for what is not offered is refused, so that nobody waits for a report that never comes, or relies on one that
// lacks something: the format ORC, encryption by keys of the KMS, and the optional fields that there is nothing to say about here. AccountId
// is kept and has no effect, as there are no accounts: who owns both buckets decides.
//
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/configure-inventory.html
package inventory
