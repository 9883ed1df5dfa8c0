#!/usr/bin/env bash
# Section 7, the keys of encryption.
# Settings: KMS_ENABLED=true
. "$(dirname "$0")/lib.sh"

# Create a new KMS key
curl -X POST "$ENDPOINT/kms/keys" \
  -H "Content-Type: application/json" \
  -H "X-Access-Key: $ACCESS_KEY" -H "X-Secret-Key: $SECRET_KEY" \
  -d '{"alias": "my-key", "description": "Production encryption key"}'
answer 200 '"KeyMetadata"' '"Description":"Production encryption key"' '"Enabled":true' '"KeyState":"Enabled"' '"Arn":"arn:aws:kms:'
key=$(field KeyId)

# List all keys
curl "$ENDPOINT/kms/keys" \
  -H "X-Access-Key: $ACCESS_KEY" -H "X-Secret-Key: $SECRET_KEY"
answer 200 '"Keys":[{' "\"KeyId\":\"$key\"" '"KeyArn"'

# Get key details
curl "$ENDPOINT/kms/keys/$key" \
  -H "X-Access-Key: $ACCESS_KEY" -H "X-Secret-Key: $SECRET_KEY"
answer 200 "\"KeyId\":\"$key\"" '"Description":"Production encryption key"'

# The routes of the matrix: encrypt and decrypt, data keys, random bytes. The bytes are in base64.
kms() { admin POST "/kms/$1" -H "Content-Type: application/json" -d "$2"; }
plain=$(printf 'a secret' | base64)
kms encrypt "{\"KeyId\": \"$key\", \"Plaintext\": \"$plain\", \"EncryptionContext\": {\"for\": \"me\"}}"
answer 200 '"CiphertextBlob"' "\"KeyId\":\"" "!$plain"
blob=$(field CiphertextBlob)
kms decrypt "{\"CiphertextBlob\": \"$blob\", \"EncryptionContext\": {\"for\": \"me\"}}"
answer 200 "\"Plaintext\":\"$plain\""
kms decrypt "{\"CiphertextBlob\": \"$blob\"}"
answer 400 "!$plain"
kms decrypt "{\"CiphertextBlob\": \"${blob:0:-8}AAAAAAA=\", \"EncryptionContext\": {\"for\": \"me\"}}"
answer 400 "!$plain"
kms encrypt "{\"KeyId\": \"alias/my-key\", \"Plaintext\": \"$plain\"}"
answer 200 '"CiphertextBlob"'
kms generate-data-key "{\"KeyId\": \"$key\"}"
answer 200 '"Plaintext"' '"CiphertextBlob"'
data=$(field Plaintext) wrapped=$(field CiphertextBlob)
[ "$(printf %s "$data" | base64 -d | wc -c)" = 32 ] || wrong "a data key of another length"
kms decrypt "{\"CiphertextBlob\": \"$wrapped\"}"
answer 200 "\"Plaintext\":\"$data\""
kms generate-random '{"NumberOfBytes": 48}'
answer 200 '"Plaintext"'
[ "$(field Plaintext | base64 -d | wc -c)" = 48 ] || wrong "not 48 bytes"

# Rotate a key (creates new key material)
curl -X POST "$ENDPOINT/kms/keys/$key/rotate" \
  -H "X-Access-Key: $ACCESS_KEY" -H "X-Secret-Key: $SECRET_KEY"
answer 200 "\"KeyId\":\"$key\""
kms decrypt "{\"CiphertextBlob\": \"$blob\", \"EncryptionContext\": {\"for\": \"me\"}}"
answer 200 "\"Plaintext\":\"$plain\""

# Disable/Enable a key
curl -X POST "$ENDPOINT/kms/keys/$key/disable" \
  -H "X-Access-Key: $ACCESS_KEY" -H "X-Secret-Key: $SECRET_KEY"
answer 200
kms decrypt "{\"CiphertextBlob\": \"$blob\", \"EncryptionContext\": {\"for\": \"me\"}}"
answer 409 DisabledException "!$plain"
kms encrypt "{\"KeyId\": \"$key\", \"Plaintext\": \"$plain\"}"
answer 409 DisabledException
curl -X POST "$ENDPOINT/kms/keys/$key/enable" \
  -H "X-Access-Key: $ACCESS_KEY" -H "X-Secret-Key: $SECRET_KEY"
answer 200
kms decrypt "{\"CiphertextBlob\": \"$blob\", \"EncryptionContext\": {\"for\": \"me\"}}"
answer 200 "\"Plaintext\":\"$plain\""

# Who is no administrator has no right to them, whatever else he may do; one right is not another.
user '[{"bucket": "*", "actions": ["*"]}]'
denied GET /kms/keys
denied GET "/kms/keys/$key"
denied POST /kms/keys -H "Content-Type: application/json" -d '{}'
denied POST /kms/decrypt -H "Content-Type: application/json" -d "{\"CiphertextBlob\": \"$blob\", \"EncryptionContext\": {\"for\": \"me\"}}"
denied DELETE "/kms/keys/$key?waiting_period_days=7"
plain GET /kms/keys
answer 403 MissingAuthenticationToken
user '[{"bucket": "*", "actions": ["kms:Encrypt"]}]'
may POST /kms/encrypt -H "Content-Type: application/json" -d "{\"KeyId\": \"$key\", \"Plaintext\": \"$plain\"}"
denied POST /kms/decrypt -H "Content-Type: application/json" -d "{\"CiphertextBlob\": \"$blob\", \"EncryptionContext\": {\"for\": \"me\"}}"

# Schedule key deletion (30-day waiting period)
curl -X DELETE "$ENDPOINT/kms/keys/$key?waiting_period_days=30" \
  -H "X-Access-Key: $ACCESS_KEY" -H "X-Secret-Key: $SECRET_KEY"
answer 200 '"KeyState":"PendingDeletion"' '"DeletionDate"'
kms decrypt "{\"CiphertextBlob\": \"$blob\", \"EncryptionContext\": {\"for\": \"me\"}}"
answer 409 KMSInvalidStateException "!$plain"
for days in 0 6 31 x; do
	admin DELETE "/kms/keys/$key?waiting_period_days=$days"
	answer 400
done
admin GET /kms/keys/no-such-key
answer 404 NotFoundException
