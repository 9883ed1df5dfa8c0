package gate

// websiteOp is what a visitor of a website does. It is no operation of the S3 API, so no request there can be led to it.
var websiteOp = Op{Name: "GetWebsiteObject", Action: "s3:GetObject", Short: "read", Scope: Object, Class: ObjectRequests, Log: "WEBSITE.GET.OBJECT", Doc: "WEBSITE.md"}

// Website returns the row of a visit to a website: reading the current version of one object. Its front has made sure that an
// administrator mapped the domain to the bucket, and that the bucket has a website configuration; that allows what nothing
// denies. The row must not be changed.
func Website() *Op { return &websiteOp }
