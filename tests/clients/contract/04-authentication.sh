#!/usr/bin/env bash
# Section 4: who sends a request, lockout, and the check after an update.
. "$(dirname "$0")/lib.sh"
bucket my-bucket
put /my-bucket/file.txt hello

# The two headers.
curl $ENDPOINT/my-bucket/file.txt \
  -H "X-Access-Key: $ACCESS_KEY" -H "X-Secret-Key: $SECRET_KEY"
answer 200 hello
# A signature.
curl $ENDPOINT/my-bucket/file.txt "${SIGNED[@]}"
answer 200 hello
# Neither.
curl $ENDPOINT/my-bucket/file.txt
answer 403 AccessDenied "!hello"
curl $ENDPOINT/
answer 403 AccessDenied
curl $ENDPOINT/iam/users
answer 403 AccessDenied
# Half of them.
curl $ENDPOINT/my-bucket/file.txt -H "X-Access-Key: $ACCESS_KEY"
answer 403 AccessDenied "!hello"
# Both: nobody knows which one is meant.
curl $ENDPOINT/my-bucket/file.txt "${SIGNED[@]}" -H "X-Access-Key: $ACCESS_KEY" -H "X-Secret-Key: $SECRET_KEY"
answer 400 InvalidArgument "!hello"
# Credentials that do not exist.
curl $ENDPOINT/my-bucket/file.txt -H "X-Access-Key: nobody-at-all" -H "X-Secret-Key: $SECRET_KEY"
answer 403 InvalidAccessKeyId
# Credentials that are not meant for a shared cache.
curl $ENDPOINT/my-bucket/file.txt -H "Authorization: Bearer $SECRET_KEY"
answer 400 "!$SECRET_KEY"

# Credential expiry: by the header pair and by a signature.
user '[{"bucket": "*", "actions": ["list", "read"]}]' 2020-01-01T00:00:00Z
as_user GET /my-bucket/file.txt
answer 403 expired "!hello"
curl --aws-sigv4 "aws:amz:$REGION:s3" --user "$USER_ACCESS_KEY:$USER_SECRET_KEY" -H "x-amz-content-sha256: UNSIGNED-PAYLOAD" $ENDPOINT/my-bucket/file.txt
answer 403 expired "!hello"

# Lockout protection: after AUTH_MAX_ATTEMPTS (5) failures the access key is locked for this address, with the right secret too.
user '[{"bucket": "*", "actions": ["list", "read"]}]'
may GET /my-bucket/file.txt
for i in 1 2 3 4 5; do
	curl $ENDPOINT/my-bucket/file.txt -H "X-Access-Key: $USER_ACCESS_KEY" -H "X-Secret-Key: wrong-$i"
	answer 403 SignatureDoesNotMatch
done
as_user GET /my-bucket/file.txt
answer 403 "Access temporarily locked. Try again in" "!hello"
curl --aws-sigv4 "aws:amz:$REGION:s3" --user "$USER_ACCESS_KEY:$USER_SECRET_KEY" -H "x-amz-content-sha256: UNSIGNED-PAYLOAD" $ENDPOINT/my-bucket/file.txt
answer 403 "locked" "!hello"
# Nobody else is.
admin GET /my-bucket/file.txt
answer 200 hello

# Post-update verification.
# 1. Health check
curl $ENDPOINT/myfsio/health
answer 200 '"status":"ok"' '"version"'
# 3. Test IAM authentication
curl -H "X-Access-Key: $ACCESS_KEY" -H "X-Secret-Key: $SECRET_KEY" $ENDPOINT/
answer 200 '<Name>my-bucket</Name>'
# The documentation's own line for it sends both keys in X-Amz-Security-Token. No server ever took that for a proof, this
# one neither: the header is for the token of temporary credentials.
curl -H "X-Amz-Security-Token: $ACCESS_KEY:$SECRET_KEY" \
  $ENDPOINT/
answer 403 AccessDenied
# 4. Test presigned URL generation
admin POST /admin/presign -H "Content-Type: application/json" -d '{"bucket": "my-bucket", "key": "file.txt"}'
answer 200 X-Amz-Signature
