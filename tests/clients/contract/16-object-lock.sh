#!/usr/bin/env bash
# Section 16: Object Lock. The dates of the documentation are over, so there are others here.
. "$(dirname "$0")/lib.sh"
AUTH=(-H "X-Access-Key: $ACCESS_KEY" -H "X-Secret-Key: $SECRET_KEY")
soon=$(date -u -d '+4 seconds' +%Y-%m-%dT%H:%M:%SZ)
later=$(date -u -d '+40 days' +%Y-%m-%dT%H:%M:%SZ)

# Create bucket with Object Lock enabled
curl -X PUT "$ENDPOINT/my-bucket" \
  "${AUTH[@]}" \
  -H "x-amz-bucket-object-lock-enabled: true"
answer 200
buckets+=(my-bucket)
admin GET '/my-bucket?object-lock'
answer 200 '<ObjectLockEnabled>Enabled</ObjectLockEnabled>' '!DefaultRetention'

# Set default retention configuration
curl -X PUT "$ENDPOINT/my-bucket?object-lock" \
  -H "Content-Type: application/json" \
  "${AUTH[@]}" \
  -d '{
    "ObjectLockEnabled": "Enabled",
    "Rule": {
      "DefaultRetention": {
        "Mode": "GOVERNANCE",
        "Days": 30
      }
    }
  }'
answer 200
admin GET '/my-bucket?object-lock' -H "Accept: application/json"
answer 200 '{"ObjectLockEnabled":"Enabled","Rule":{"DefaultRetention":{"Mode":"GOVERNANCE","Days":30}}}'

# version prints the id of the version that was just written.
version() { grep -i '^x-amz-version-id:' "$headers" | tr -d '\r' | cut -d ' ' -f 2; }
put /my-bucket/important.pdf important
important=$(version)
put /my-bucket/document.pdf document
document=$(version)
admin HEAD /my-bucket/important.pdf -I
answer 200 'x-amz-object-lock-mode: GOVERNANCE'

# Normal users cannot delete it; those with s3:BypassGovernanceRetention can.
user '[{"bucket": "my-bucket", "actions": ["list", "read", "write", "delete", "object_lock"]}]'
denied DELETE "/my-bucket/document.pdf?versionId=$document"
denied DELETE "/my-bucket/document.pdf?versionId=$document" -H "x-amz-bypass-governance-retention: true"
may PUT "/my-bucket/document.pdf?retention" -d "<Retention><Mode>GOVERNANCE</Mode><RetainUntilDate>$later</RetainUntilDate></Retention>"
denied PUT "/my-bucket/document.pdf?retention" -d "<Retention/>" -H "x-amz-bypass-governance-retention: true"

# Set object retention
curl -X PUT "$ENDPOINT/my-bucket/important.pdf?retention" \
  -H "Content-Type: application/json" \
  "${AUTH[@]}" \
  -H "x-amz-bypass-governance-retention: true" \
  -d '{
    "Mode": "COMPLIANCE",
    "RetainUntilDate": "'"$soon"'"
  }'
answer 200

# Get object retention
curl "$ENDPOINT/my-bucket/important.pdf?retention" \
  "${AUTH[@]}"
answer 200 '<Mode>COMPLIANCE</Mode>' "<RetainUntilDate>${soon%Z}.000Z</RetainUntilDate>"
admin DELETE "/my-bucket/important.pdf?versionId=$important" -H "x-amz-bypass-governance-retention: true"
answer 403 '<Code>AccessDenied</Code>' 'object protected by object lock'
admin PUT /my-bucket/important.pdf -d other # is another version
answer 200
other=$(version)
admin GET "/my-bucket/important.pdf?versionId=$important"
answer 200 important

# Enable legal hold
curl -X PUT "$ENDPOINT/my-bucket/document.pdf?legal-hold" \
  -H "Content-Type: application/json" \
  "${AUTH[@]}" \
  -d '{"Status": "ON"}'
answer 200
admin DELETE "/my-bucket/document.pdf?versionId=$document" -H "x-amz-bypass-governance-retention: true"
answer 403 AccessDenied
admin DELETE /my-bucket
answer 409 BucketNotEmpty

# Disable legal hold
curl -X PUT "$ENDPOINT/my-bucket/document.pdf?legal-hold" \
  -H "Content-Type: application/json" \
  "${AUTH[@]}" \
  -d '{"Status": "OFF"}'
answer 200

# Check legal hold status
curl "$ENDPOINT/my-bucket/document.pdf?legal-hold" \
  "${AUTH[@]}"
answer 200 '<Status>OFF</Status>'

# Who may bypass governance deletes; nobody deletes what is under compliance until its date.
user '[{"bucket": "my-bucket", "actions": ["delete", "s3:BypassGovernanceRetention"]}]'
denied DELETE "/my-bucket/document.pdf?versionId=$document"
may DELETE "/my-bucket/document.pdf?versionId=$document" -H "x-amz-bypass-governance-retention: true"
may DELETE "/my-bucket/important.pdf?versionId=$other" -H "x-amz-bypass-governance-retention: true"
tries=0
until as_user DELETE "/my-bucket/important.pdf?versionId=$important" -H "x-amz-bypass-governance-retention: true" && [ "$STATUS" != 403 ]; do
	[ $((tries += 1)) -lt 100 ] || break
	sleep 0.2
done
answer 204

# Object Lock must be enabled when creating a bucket, or later in one with versions.
bucket plain-bucket
admin GET '/plain-bucket?object-lock'
answer 404 ObjectLockConfigurationNotFoundError
admin PUT '/plain-bucket?object-lock' -H "Content-Type: application/json" -d '{"ObjectLockEnabled": "Enabled"}'
answer 409 InvalidBucketState
