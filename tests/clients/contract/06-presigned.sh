#!/usr/bin/env bash
# Section 6: presigned URLs. The console's button asks the same route.
. "$(dirname "$0")/lib.sh"
bucket my-bucket
put /my-bucket/file.txt hello

# presign DOCUMENT asks for a URL as the user does; $URL is what comes, if one comes.
presign() {
	as_user POST /admin/presign -H "Content-Type: application/json" -d "$1"
	if [ "$STATUS" = 200 ]; then URL=$(field url | sed 's/\\u0026/\&/g'); fi
}

user '[{"bucket": "my-bucket", "actions": ["list", "read", "write", "delete"]}]'
presign '{"bucket": "my-bucket", "key": "file.txt", "method": "GET", "expires_in": 300}'
answer 200 '"method":"GET"' '"expires_in":300' X-Amz-Signature "!$USER_SECRET_KEY"
curl "$URL"
answer 200 hello
curl -I "$URL"
answer 403 # it is for GET
curl -X PUT "$URL" -d x
answer 403 SignatureDoesNotMatch
curl "${URL/file.txt/other.txt}"
answer 403 SignatureDoesNotMatch
curl "${URL/X-Amz-Expires=300/X-Amz-Expires=301}"
answer 403 SignatureDoesNotMatch
presign '{"bucket": "my-bucket", "key": "dir/new file.txt", "method": "PUT"}'
answer 200
curl -X PUT "$URL" --data-binary 'by URL'
answer 200
admin GET /my-bucket/dir/new%20file.txt
answer 200 'by URL'
presign '{"bucket": "my-bucket", "key": "dir/new file.txt", "method": "DELETE", "expires_in": 60}'
answer 200
curl -X DELETE "$URL"
answer 204
admin GET /my-bucket/dir/new%20file.txt
answer 404 NoSuchKey

# Expiration must be 1..604800 seconds, for each method.
for method in GET PUT DELETE; do
	for seconds in 1 604800; do
		presign '{"bucket": "my-bucket", "key": "k", "method": "'$method'", "expires_in": '$seconds'}'
		answer 200 "X-Amz-Expires=$seconds"
	done
	for seconds in 0 604801 -1; do
		presign '{"bucket": "my-bucket", "key": "k", "method": "'$method'", "expires_in": '$seconds'}'
		answer 400 604800
	done
done
# So does one that a client made: this one is well formed, but for ten years.
scope=$(date -u +%Y%m%d)/$REGION/s3/aws4_request
query="X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=$USER_ACCESS_KEY/$scope&X-Amz-Date=$(date -u +%Y%m%dT%H%M%SZ)&X-Amz-SignedHeaders=host&X-Amz-Signature=$(printf '%064d' 0)"
for seconds in 0 604801 315360000; do
	curl "$ENDPOINT/my-bucket/file.txt?$query&X-Amz-Expires=$seconds"
	answer 400 AuthorizationQueryParametersError
done

# Rights count when the URL is issued,
user '[{"bucket": "my-bucket", "actions": ["read"]}]'
presign '{"bucket": "my-bucket", "key": "file.txt", "method": "PUT"}'
answer 403 AccessDenied
presign '{"bucket": "my-bucket", "key": "file.txt", "method": "DELETE"}'
answer 403 AccessDenied
presign '{"bucket": "my-bucket", "key": "file.txt", "method": "GET", "expires_in": 604800}'
answer 200
curl "$URL"
answer 200 hello
# and when it is used: the policy of the bucket,
admin PUT '/my-bucket?policy' -d '{"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Principal": "*", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::my-bucket/*"}]}'
answer 204
curl "$URL"
answer 403 AccessDenied "!hello"
presign '{"bucket": "my-bucket", "key": "file.txt", "method": "GET"}'
answer 403 AccessDenied
admin DELETE '/my-bucket?policy'
answer 204
curl "$URL"
answer 200 hello
# that of the user,
admin PUT /iam/users/$USER_ACCESS_KEY/policies -H "Content-Type: application/json" -d '[]'
answer 200
curl "$URL"
answer 403 AccessDenied "!hello"
admin PUT /iam/users/$USER_ACCESS_KEY/policies -H "Content-Type: application/json" -d '[{"bucket": "my-bucket", "actions": ["read"]}]'
answer 200
curl "$URL"
answer 200 hello
# and whether he still is one.
admin POST /iam/users/$USER_ACCESS_KEY/disable
answer 200
curl "$URL"
answer 403 disabled "!hello"
admin POST /iam/users/$USER_ACCESS_KEY/enable
answer 200
admin POST /iam/users/$USER_ACCESS_KEY/rotate
answer 200
curl "$URL"
answer 403 SignatureDoesNotMatch "!hello"
