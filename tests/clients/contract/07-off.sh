#!/usr/bin/env bash
# Section 7 without its settings: there are no keys, and no request for encryption by the server is answered with plain bytes. Keys of
# the customer need no setting.
. "$(dirname "$0")/lib.sh"
bucket my-bucket
admin GET /kms/keys
answer 400 KMS_ENABLED
admin POST /kms/keys -H "Content-Type: application/json" -d '{"alias": "my-key"}'
answer 400 KMS_ENABLED
for how in AES256 aws:kms; do
	admin PUT /my-bucket/secret.txt -H "x-amz-server-side-encryption: $how" -d secret
	[[ $STATUS == [45]* ]] && passed=$((passed + 1)) || wrong "status $STATUS, want a refusal"
	admin PUT '/my-bucket?encryption' -d "<ServerSideEncryptionConfiguration><Rule><ApplyServerSideEncryptionByDefault>
		<SSEAlgorithm>$how</SSEAlgorithm></ApplyServerSideEncryptionByDefault></Rule></ServerSideEncryptionConfiguration>"
	[[ $STATUS == [45]* ]] && passed=$((passed + 1)) || wrong "status $STATUS, want a refusal"
done
admin GET /my-bucket/secret.txt
answer 404 NoSuchKey
admin GET '/my-bucket?encryption'
[[ $STATUS == [45]* ]] && passed=$((passed + 1)) || wrong "status $STATUS, want a refusal"
