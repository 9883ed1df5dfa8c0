#!/usr/bin/env bash
# Section 20: uploads from HTML forms, unsigned and signed. curl -F sends what a browser sends.
. "$(dirname "$0")/lib.sh"
bucket my-bucket
cd "$tmp"
printf 'a photo' >photo.jpg

# form sends the form of the documentation, with further arguments of curl.
form() {
	curl "$@" "$ENDPOINT/my-bucket" \
	  -F 'key=uploads/${filename}' \
	  -F 'Content-Type=image/jpeg' \
	  -F 'x-amz-meta-user=john' \
	  -F 'file=@photo.jpg'
}

# A private bucket refuses the unsigned form.
form
answer 403 AccessDenied
admin GET /my-bucket/uploads/photo.jpg
answer 404 NoSuchKey

# One that everybody may write to, as a policy says,
admin PUT '/my-bucket?policy' -d '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "s3:PutObject", "Resource": "arn:aws:s3:::my-bucket/uploads/*"}]}'
answer 204
form
answer 204 ETag
admin GET /my-bucket/uploads/photo.jpg
answer 200 'a photo' 'Content-Type: image/jpeg' 'x-amz-meta-user: john'
curl "$ENDPOINT/my-bucket" -F key=elsewhere/photo.jpg -F file=@photo.jpg
answer 403 AccessDenied
curl "$ENDPOINT/my-bucket" -F key=uploads/created -F success_action_status=201 -F file=@photo.jpg
answer 201 '<Key>uploads/created</Key>' '<Bucket>my-bucket</Bucket>'
curl "$ENDPOINT/my-bucket" -F key=uploads/ok -F success_action_status=200 -F file=@photo.jpg
answer 200
admin DELETE '/my-bucket?policy'
answer 204
# or a list.
admin PUT '/my-bucket?acl' -H "x-amz-acl: public-read-write"
answer 200
form
answer 204
admin PUT '/my-bucket?acl' -H "x-amz-acl: private"
answer 200
form
answer 403 AccessDenied

# With policy (signed upload).
hmac() { printf %s "$2" | openssl dgst -sha256 -mac HMAC -macopt "hexkey:$1" | sed 's/.* //'; }
# sign ACCESS_KEY SECRET_KEY POLICY makes the fields of a signed form.
sign() {
	local day date key
	date=$(date -u +%Y%m%dT%H%M%SZ) day=$(date -u +%Y%m%d)
	key=$(printf %s "AWS4$2" | od -An -v -tx1 | tr -d ' \n')
	for part in "$day" "$REGION" s3 aws4_request; do key=$(hmac "$key" "$part"); done
	credential=$1/$day/$REGION/s3/aws4_request
	document=$(printf %s "${3/CREDENTIAL/$credential}" | sed "s/DATE/$date/" | openssl base64 -A)
	fields=(-F "policy=$document" -F "x-amz-signature=$(hmac "$key" "$document")" -F "x-amz-credential=$credential"
		-F "x-amz-algorithm=AWS4-HMAC-SHA256" -F "x-amz-date=$date")
}
policy='{"expiration": "2036-01-01T00:00:00Z", "conditions": [
  {"bucket": "my-bucket"}, ["starts-with", "$key", "uploads/"], {"Content-Type": "image/jpeg"}, ["starts-with", "$x-amz-meta-user", ""],
  ["content-length-range", 1, 1000], {"x-amz-credential": "CREDENTIAL"}, {"x-amz-algorithm": "AWS4-HMAC-SHA256"}, {"x-amz-date": "DATE"}]}'
user '[{"bucket": "my-bucket", "actions": ["write"]}]'
sign "$USER_ACCESS_KEY" "$USER_SECRET_KEY" "$policy"
form "${fields[@]}"
answer 204
admin GET /my-bucket/uploads/photo.jpg
answer 200 'a photo'
# The wrong secret.
sign "$USER_ACCESS_KEY" wrong "$policy"
form "${fields[@]}"
answer 403 SignatureDoesNotMatch
# A policy that ended.
sign "$USER_ACCESS_KEY" "$USER_SECRET_KEY" "${policy/2036/2020}"
form "${fields[@]}"
answer 403 AccessDenied expired
# What the policy does not allow: another key, a field it does not name, too many bytes.
sign "$USER_ACCESS_KEY" "$USER_SECRET_KEY" "${policy/uploads/private}"
form "${fields[@]}"
answer 403 AccessDenied
sign "$USER_ACCESS_KEY" "$USER_SECRET_KEY" "$policy"
form "${fields[@]}" -F x-amz-meta-other=1
answer 403 AccessDenied
sign "$USER_ACCESS_KEY" "$USER_SECRET_KEY" "${policy/1000/6}"
form "${fields[@]}"
answer 400 EntityTooLarge
sign "$USER_ACCESS_KEY" "$USER_SECRET_KEY" "${policy/1, 1000/8, 1000}"
form "${fields[@]}"
answer 400 EntityTooSmall
# The signer needs the right to write.
user '[{"bucket": "my-bucket", "actions": ["read"]}]'
sign "$USER_ACCESS_KEY" "$USER_SECRET_KEY" "$policy"
form "${fields[@]}"
answer 403 AccessDenied
