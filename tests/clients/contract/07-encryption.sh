#!/usr/bin/env bash
# Section 7: objects encrypted under keys of the customer, of the server, and of the KMS.
# Settings: ENCRYPTION_ENABLED=true
# Settings: KMS_ENABLED=true
. "$(dirname "$0")/lib.sh"
bucket my-bucket
secret=$tmp/secret.txt
printf 'a secret of some length' >"$secret"

# Generate a 256-bit key
KEY=$(openssl rand -base64 32)
KEY_MD5=$(echo -n "$KEY" | base64 -d | openssl dgst -md5 -binary | base64)

# Upload with SSE-C
curl -X PUT "$ENDPOINT/my-bucket/secret.txt" \
  -H "X-Access-Key: $ACCESS_KEY" -H "X-Secret-Key: $SECRET_KEY" \
  -H "x-amz-server-side-encryption-customer-algorithm: AES256" \
  -H "x-amz-server-side-encryption-customer-key: $KEY" \
  -H "x-amz-server-side-encryption-customer-key-MD5: $KEY_MD5" \
  --data-binary @"$secret"
answer 200 'x-amz-server-side-encryption-customer-algorithm: AES256' "x-amz-server-side-encryption-customer-key-MD5: $KEY_MD5" '!x-amz-server-side-encryption: ' "!$KEY"

# Download with SSE-C (same key required)
curl "$ENDPOINT/my-bucket/secret.txt" \
  -H "X-Access-Key: $ACCESS_KEY" -H "X-Secret-Key: $SECRET_KEY" \
  -H "x-amz-server-side-encryption-customer-algorithm: AES256" \
  -H "x-amz-server-side-encryption-customer-key: $KEY" \
  -H "x-amz-server-side-encryption-customer-key-MD5: $KEY_MD5"
answer 200 'a secret of some length' "x-amz-server-side-encryption-customer-key-MD5: $KEY_MD5" 'Content-Length: 23' "!$KEY"

# Without the key, with another, or one whose MD5 is wrong, there is nothing to be had.
customer() { CUSTOMER=(-H "x-amz-server-side-encryption-customer-algorithm: AES256" -H "x-amz-server-side-encryption-customer-key: $1" -H "x-amz-server-side-encryption-customer-key-MD5: $2"); }
md5of() { echo -n "$1" | base64 -d | openssl dgst -md5 -binary | base64; }
admin GET /my-bucket/secret.txt
answer 400 InvalidRequest '!a secret'
other=$(openssl rand -base64 32)
customer "$other" "$(md5of "$other")"
admin GET /my-bucket/secret.txt "${CUSTOMER[@]}"
answer 403 AccessDenied '!a secret'
customer "$KEY" "$(md5of "$other")"
admin GET /my-bucket/secret.txt "${CUSTOMER[@]}"
answer 400 InvalidArgument '!a secret'
short=$(openssl rand -base64 16)
customer "$short" "$(md5of "$short")"
admin PUT /my-bucket/short.txt "${CUSTOMER[@]}" -d x
answer 400 InvalidArgument
admin PUT /my-bucket/short.txt "${CUSTOMER[@]:2}" -d x
answer 400 InvalidArgument
customer "$KEY" "$KEY_MD5"
admin HEAD /my-bucket/secret.txt --head "${CUSTOMER[@]}"
answer 200 'Content-Length: 23' 'ETag: "'"$(openssl dgst -md5 -r "$secret" | cut -d ' ' -f 1)"'"'
admin GET /my-bucket/secret.txt "${CUSTOMER[@]}" -H "Range: bytes=2-7"
answer 206 secret 'Content-Range: bytes 2-7/23'
# "The MD5 header is optional but recommended"
admin GET /my-bucket/secret.txt "${CUSTOMER[@]:0:4}"
answer 200 'a secret of some length'

# A key of the server: nothing of it is asked for or told.
admin PUT /my-bucket/server.txt -H "x-amz-server-side-encryption: AES256" --data-binary @"$secret"
answer 200 'x-amz-server-side-encryption: AES256'
admin GET /my-bucket/server.txt
answer 200 'a secret of some length' 'x-amz-server-side-encryption: AES256' 'Content-Length: 23'
admin GET /my-bucket/server.txt "${CUSTOMER[@]}"
answer 400 InvalidRequest '!a secret'
admin PUT /my-bucket/wrong.txt -H "x-amz-server-side-encryption: ROT13" -d x
answer 400 InvalidArgument

# A key of the KMS.
curl -X POST "$ENDPOINT/kms/keys" \
  -H "Content-Type: application/json" \
  -H "X-Access-Key: $ACCESS_KEY" -H "X-Secret-Key: $SECRET_KEY" \
  -d '{"alias": "my-key", "description": "Production encryption key"}'
answer 200
id=$(field KeyId)
for name in "$id" alias/my-key; do
	admin PUT /my-bucket/kms.txt -H "x-amz-server-side-encryption: aws:kms" -H "x-amz-server-side-encryption-aws-kms-key-id: $name" --data-binary @"$secret"
	answer 200 'x-amz-server-side-encryption: aws:kms' 'x-amz-server-side-encryption-aws-kms-key-id: arn:aws:kms:' "$id"
done
admin GET /my-bucket/kms.txt
answer 200 'a secret of some length' 'x-amz-server-side-encryption: aws:kms'
admin PUT /my-bucket/none.txt -H "x-amz-server-side-encryption: aws:kms" -H "x-amz-server-side-encryption-aws-kms-key-id: no-such-key" -d x
answer 400 '!<ETag'
# Objects encrypted with a disabled key cannot be decrypted until the key is re-enabled.
admin POST "/kms/keys/$id/disable"
answer 200
admin GET /my-bucket/kms.txt
answer 400 KMS.DisabledException '!a secret'
admin PUT /my-bucket/kms2.txt -H "x-amz-server-side-encryption: aws:kms" -H "x-amz-server-side-encryption-aws-kms-key-id: $id" -d x
answer 400 KMS.DisabledException
admin POST "/kms/keys/$id/enable"
answer 200
admin GET /my-bucket/kms.txt
answer 200 'a secret of some length'
# Existing objects remain encrypted with the old material.
admin POST "/kms/keys/$id/rotate"
answer 200
admin GET /my-bucket/kms.txt
answer 200 'a secret of some length'

# Default encryption: existing objects are NOT encrypted, all new ones are.
put /my-bucket/before.txt hello
admin GET '/my-bucket?encryption'
STATUS_BEFORE=$STATUS
admin PUT '/my-bucket?encryption' -H "Content-Type: application/json" -d '{"Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}]}'
answer 200
admin GET '/my-bucket?encryption'
answer 200 '<ServerSideEncryptionConfiguration' '<SSEAlgorithm>AES256</SSEAlgorithm>'
put /my-bucket/after.txt hello
answer 200 'x-amz-server-side-encryption: AES256'
admin GET /my-bucket/before.txt
answer 200 hello '!x-amz-server-side-encryption'
admin GET /my-bucket/after.txt
answer 200 hello 'x-amz-server-side-encryption: AES256'
admin PUT '/my-bucket?encryption' -d "<ServerSideEncryptionConfiguration><Rule><ApplyServerSideEncryptionByDefault><SSEAlgorithm>aws:kms</SSEAlgorithm>
	<KMSMasterKeyID>$id</KMSMasterKeyID></ApplyServerSideEncryptionByDefault><BucketKeyEnabled>true</BucketKeyEnabled></Rule></ServerSideEncryptionConfiguration>"
answer 200
admin GET '/my-bucket?encryption' -H "Accept: application/json"
answer 200 '"SSEAlgorithm":"aws:kms"' "$id"
put /my-bucket/after.txt hello
answer 200 'x-amz-server-side-encryption: aws:kms' "$id"
admin DELETE '/my-bucket?encryption'
answer 204
admin GET '/my-bucket?encryption'
answer "$STATUS_BEFORE"
put /my-bucket/after.txt hello
answer 200 '!aws:kms'

# The right "encryption" is for the setting; writing and reading take no more than without it.
user '[{"bucket": "my-bucket", "actions": ["list", "read", "write"]}]'
may GET /my-bucket/server.txt
may PUT /my-bucket/theirs.txt -H "x-amz-server-side-encryption: AES256" -d x
denied GET '/my-bucket?encryption'
denied PUT '/my-bucket?encryption' -d x
user '[{"bucket": "my-bucket", "actions": ["encryption"]}]'
granted GET '/my-bucket?encryption'
denied GET /my-bucket/server.txt
