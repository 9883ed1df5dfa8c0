// Package site is the website configuration of a bucket: the document, in XML and JSON, and what it says of a request.
//
// It knows nothing of HTTP or of what is stored. A [Config] that was parsed is checked; it is stored as JSON, see [Config.JSON].
//
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_WebsiteConfiguration.html
package site
