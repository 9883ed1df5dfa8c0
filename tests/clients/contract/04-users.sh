#!/usr/bin/env bash
# Section 4: managing users via the API, and that each request does what it says.
. "$(dirname "$0")/lib.sh"
bucket my-bucket
put /my-bucket/file.txt hello

# List all users (requires iam:list_users)
curl $ENDPOINT/iam/users \
  -H "X-Access-Key: $ACCESS_KEY" -H "X-Secret-Key: $SECRET_KEY"
answer 200 '"users"' "\"$ACCESS_KEY\"" "!$SECRET_KEY"

# Create a new user (requires iam:create_user)
curl -X POST $ENDPOINT/iam/users \
  -H "Content-Type: application/json" \
  -H "X-Access-Key: $ACCESS_KEY" -H "X-Secret-Key: $SECRET_KEY" \
  -d '{
    "display_name": "New User",
    "policies": [{"bucket": "*", "actions": ["list", "read"]}],
    "expires_at": "2036-12-31T23:59:59Z"
  }'
answer 201 '"display_name":"New User"' '"expires_at":"2036-12-31T23:59:59' '"secret_key"' 'Cache-Control: no-store'
USER_ID=$(field user_id) USER_ACCESS_KEY=$(field access_key) USER_SECRET_KEY=$(field secret_key)
users+=("$USER_ID")

may GET '/my-bucket?list-type=2'
answer 200 '<Key>file.txt</Key>'
may GET /my-bucket/file.txt
denied PUT /my-bucket/new.txt -d x
denied GET /iam/users
denied POST /iam/users -d '{}'
curl $ENDPOINT/iam/users -H "X-Access-Key: $ACCESS_KEY" -H "X-Secret-Key: $SECRET_KEY"
answer 200 "$USER_ACCESS_KEY" "!$USER_SECRET_KEY"

# Rotate user secret (requires iam:rotate_key)
OLD_SECRET=$USER_SECRET_KEY
curl -X POST $ENDPOINT/iam/users/$USER_ACCESS_KEY/rotate \
  -H "X-Access-Key: $ACCESS_KEY" -H "X-Secret-Key: $SECRET_KEY"
answer 200 "\"access_key\":\"$USER_ACCESS_KEY\"" '"secret_key"' "!$OLD_SECRET"
USER_SECRET_KEY=$(field secret_key)
may GET /my-bucket/file.txt
USER_SECRET_KEY=$OLD_SECRET as_user GET /my-bucket/file.txt
answer 403 SignatureDoesNotMatch
curl --aws-sigv4 "aws:amz:$REGION:s3" --user "$USER_ACCESS_KEY:$OLD_SECRET" -H "x-amz-content-sha256: UNSIGNED-PAYLOAD" $ENDPOINT/my-bucket/file.txt
answer 403 SignatureDoesNotMatch
curl --aws-sigv4 "aws:amz:$REGION:s3" --user "$USER_ACCESS_KEY:$USER_SECRET_KEY" -H "x-amz-content-sha256: UNSIGNED-PAYLOAD" $ENDPOINT/my-bucket/file.txt
answer 200 hello

# Update user policies (requires iam:update_policy)
curl -X PUT $ENDPOINT/iam/users/$USER_ACCESS_KEY/policies \
  -H "Content-Type: application/json" \
  -H "X-Access-Key: $ACCESS_KEY" -H "X-Secret-Key: $SECRET_KEY" \
  -d '[{"bucket": "*", "actions": ["list", "read", "write"]}]'
answer 200 '"write"'
may PUT /my-bucket/new.txt -d x
denied DELETE /my-bucket/new.txt

# Using AWS-style action names
curl -X PUT $ENDPOINT/iam/users/$USER_ACCESS_KEY/policies \
  -H "Content-Type: application/json" \
  -H "X-Access-Key: $ACCESS_KEY" -H "X-Secret-Key: $SECRET_KEY" \
  -d '[
  {
    "bucket": "my-bucket",
    "actions": [
      "s3:ListBucket",
      "s3:GetObject",
      "s3:PutObject",
      "s3:DeleteObject"
    ]
  }
]'
answer 200
may GET '/my-bucket?list-type=2'
may GET '/my-bucket?uploads'
may GET '/my-bucket/file.txt?tagging'
may PUT '/my-bucket/file.txt?tagging' -d '<Tagging><TagSet><Tag><Key>a</Key><Value>b</Value></Tag></TagSet></Tagging>'
may DELETE /my-bucket/new.txt
denied GET '/my-bucket?policy'

# A mistake is refused and changes nothing.
admin PUT /iam/users/$USER_ACCESS_KEY/policies -H "Content-Type: application/json" -d '[{"bucket": "*", "actions": ["lsit"]}]'
answer 400 lsit
may GET /my-bucket/file.txt

# Update credential expiry (requires iam:update_policy)
curl -X POST $ENDPOINT/iam/users/$USER_ACCESS_KEY/expiry \
  -H "Content-Type: application/x-www-form-urlencoded" \
  -H "X-Access-Key: $ACCESS_KEY" -H "X-Secret-Key: $SECRET_KEY" \
  -d 'expires_at=2036-12-31T23:59:59Z'
answer 200 2036-12-31T23:59:59
may GET /my-bucket/file.txt

# One in the past ends the credentials, whatever they are used with.
curl -X POST $ENDPOINT/iam/users/$USER_ACCESS_KEY/expiry \
  -H "Content-Type: application/x-www-form-urlencoded" \
  -H "X-Access-Key: $ACCESS_KEY" -H "X-Secret-Key: $SECRET_KEY" \
  -d 'expires_at=2020-12-31T23:59:59Z'
answer 200 2020-12-31T23:59:59
as_user GET /my-bucket/file.txt
answer 403 expired
curl --aws-sigv4 "aws:amz:$REGION:s3" --user "$USER_ACCESS_KEY:$USER_SECRET_KEY" -H "x-amz-content-sha256: UNSIGNED-PAYLOAD" $ENDPOINT/my-bucket/file.txt
answer 403 expired

# Remove credential expiry (never expires)
curl -X POST $ENDPOINT/iam/users/$USER_ACCESS_KEY/expiry \
  -H "Content-Type: application/x-www-form-urlencoded" \
  -H "X-Access-Key: $ACCESS_KEY" -H "X-Secret-Key: $SECRET_KEY" \
  -d 'expires_at='
answer 200 '"expires_at":null'
may GET /my-bucket/file.txt

# Get user details (requires iam:get_user) — via Admin API
curl $ENDPOINT/admin/iam/users/$USER_ID \
  "${SIGNED[@]}"
answer 200 "\"user_id\":\"$USER_ID\"" "\"access_key\":\"$USER_ACCESS_KEY\"" '"enabled":true' '"prefix":"*"' "!$USER_SECRET_KEY"
curl $ENDPOINT/admin/iam/users/$USER_ACCESS_KEY \
  "${SIGNED[@]}"
answer 200 "\"user_id\":\"$USER_ID\""

# Get user policies (requires iam:get_policy) — via Admin API
curl $ENDPOINT/admin/iam/users/$USER_ID/policies \
  "${SIGNED[@]}"
answer 200 '"policies"' s3:ListBucket

# Create additional access key for a user (requires iam:create_key)
curl -X POST $ENDPOINT/admin/iam/users/$USER_ID/keys \
  "${SIGNED[@]}"
answer 201 '"access_key"' '"secret_key"'
SECOND_ACCESS_KEY=$(field access_key) SECOND_SECRET_KEY=$(field secret_key)
USER_ACCESS_KEY=$SECOND_ACCESS_KEY USER_SECRET_KEY=$SECOND_SECRET_KEY may GET /my-bucket/file.txt
curl $ENDPOINT/admin/iam/users/$SECOND_ACCESS_KEY "${SIGNED[@]}"
answer 200 "\"user_id\":\"$USER_ID\"" "$USER_ACCESS_KEY"

# Disable a user account (requires iam:disable_user)
curl -X POST $ENDPOINT/admin/iam/users/$USER_ID/disable \
  "${SIGNED[@]}"
answer 200 '"status":"disabled"'
as_user GET /my-bucket/file.txt
answer 403 disabled
USER_ACCESS_KEY=$SECOND_ACCESS_KEY USER_SECRET_KEY=$SECOND_SECRET_KEY as_user GET /my-bucket/file.txt
answer 403 disabled
curl --aws-sigv4 "aws:amz:$REGION:s3" --user "$USER_ACCESS_KEY:$USER_SECRET_KEY" -H "x-amz-content-sha256: UNSIGNED-PAYLOAD" $ENDPOINT/my-bucket/file.txt
answer 403 disabled

# Re-enable a user account (requires iam:disable_user)
curl -X POST $ENDPOINT/admin/iam/users/$USER_ID/enable \
  "${SIGNED[@]}"
answer 200 '"status":"enabled"'
may GET /my-bucket/file.txt

# Delete an access key (requires iam:delete_key)
curl -X DELETE $ENDPOINT/admin/iam/users/$USER_ID/keys/$SECOND_ACCESS_KEY \
  "${SIGNED[@]}"
answer 204
USER_ACCESS_KEY=$SECOND_ACCESS_KEY USER_SECRET_KEY=$SECOND_SECRET_KEY as_user GET /my-bucket/file.txt
answer 403 InvalidAccessKeyId
may GET /my-bucket/file.txt
# The last one stays: a user without keys is deleted or disabled.
curl -X DELETE $ENDPOINT/admin/iam/users/$USER_ID/keys/$USER_ACCESS_KEY "${SIGNED[@]}"
answer 400

# Delete a user (requires iam:delete_user)
curl -X DELETE $ENDPOINT/iam/users/$USER_ACCESS_KEY \
  -H "X-Access-Key: $ACCESS_KEY" -H "X-Secret-Key: $SECRET_KEY"
answer 204
as_user GET /my-bucket/file.txt
answer 403 InvalidAccessKeyId
curl $ENDPOINT/admin/iam/users/$USER_ID "${SIGNED[@]}"
answer 404

# The last administrator cannot go.
admin DELETE /iam/users/$ACCESS_KEY
answer 409
