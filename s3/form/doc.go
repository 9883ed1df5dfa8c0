// Package form is uploads from HTML forms: POST with multipart/form-data, the policy documents that bind what a form may
// say, and what its fields mean. It knows nothing of who sends the form, nor of storage.
// https://docs.aws.amazon.com/AmazonS3/latest/API/RESTObjectPOST.html
//
// # Order of use
//
//	f, err := form.Read(contentType, body)   // the fields; the file is not read yet
//	...                                      // prove the signature over the field policy, if f.Signed
//	p, err := f.Policy()                     // nil when there is none
//	err = p.Check(f, bucket, now)            // conditions, expiry, fields without a condition
//	h, err := f.Header()                     // the headers of the PUT that the form stands for
//	target, err := f.Redirect(hosts, host)   // before anything is stored
//	...                                      // store f.File(p.Length()) under f.Key()
//
// # Fields
//
// Names have no case. All fields stand before the field file; of what follows it only a second file matters, and is
// refused. They are held in memory, up to 20 KiB as S3 bounds them, and the file never is. A field may come once;
// x-amz-meta- fields may be repeated and are joined by commas, as S3 documents.
//
// ${filename} in the value of a field stands for the name of the sender's file, without directories, and is replaced before
// the policy looks at it. It stays as it is when the file has no name at all.
//
// # Policies
//
// https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-HTTPPOSTConstructPolicy.html
//
// All conditions must hold, and every field but the proof, the file and x-ignore- fields must have one. A condition on
// bucket looks at the bucket of the request, and there must be one. A field that is not there counts as empty.
//
// # Deviations from S3
//
// S3 fails a condition on a field that is not there even where it allows any value; the product accepts that. S3 ignores
// a redirect it cannot use; one to a host that is not allowed is an error here, since it is a mistake of the form
// or an attack on its users. A form with two files is refused as a whole, as documented.
package form
