#!/usr/bin/env bash
# Section 8: quotas of buckets.
. "$(dirname "$0")/lib.sh"
bucket my-bucket

# Set quota (max 100MB, max 1000 objects)
curl -X PUT "$ENDPOINT/bucket/my-bucket?quota" \
  -H "Content-Type: application/json" \
  -H "X-Access-Key: $ACCESS_KEY" -H "X-Secret-Key: $SECRET_KEY" \
  -d '{"max_bytes": 104857600, "max_objects": 1000}'
answer 204

# Get current quota
curl "$ENDPOINT/bucket/my-bucket?quota" \
  -H "X-Access-Key: $ACCESS_KEY" -H "X-Secret-Key: $SECRET_KEY"
answer 200 '{"quota":{"max_bytes":104857600,"max_objects":1000},"usage":{"bytes":0,"objects":0}}'
admin GET '/my-bucket?quota' # release 0.4.0 has it there
answer 200 '"max_bytes":104857600'

# Version counting
admin PUT '/my-bucket?versioning' -d '<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>'
answer 200
put /my-bucket/a 12345
put /my-bucket/a 123456
admin GET '/my-bucket?quota'
answer 200 '"usage":{"bytes":11,"objects":2}'

# Enforcement points, and the error
admin PUT '/my-bucket?quota' -d '{"max_size_bytes": 20}'
answer 204
admin PUT /my-bucket/b -d 1234567890
answer 400 '<Code>QuotaExceeded</Code>' '<Message>Bucket quota exceeded: storage limit reached</Message>' '<BucketName>my-bucket</BucketName>'
admin POST '/my-bucket/b?uploads'
answer 200
upload=$(grep -o '<UploadId>[^<]*' "$body" | cut -d '>' -f 2)
admin PUT "/my-bucket/b?partNumber=1&uploadId=$upload" -d 1234567890
answer 200
etag=$(grep -i '^etag:' "$headers" | cut -d '"' -f 2)
admin POST "/my-bucket/b?uploadId=$upload" -d "<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>$etag</ETag></Part></CompleteMultipartUpload>"
answer 400 '<Code>QuotaExceeded</Code>' '<BucketName>my-bucket</BucketName>'
admin DELETE "/my-bucket/b?uploadId=$upload"
answer 204
admin PUT '/my-bucket?quota' -d '{"max_objects": 2}'
answer 204
admin PUT /my-bucket/b -d x
answer 400 '<Code>QuotaExceeded</Code>' 'object limit reached'

# Restricted to administrators: iam:* or iam:list_users, and to who has the right itself
user '[{"bucket": "*", "actions": ["list", "read", "write", "policy"]}]'
denied PUT '/my-bucket?quota' -d '{"max_objects": 200}'
denied PUT '/bucket/my-bucket?quota' -d '{"max_objects": 200}'
user '[{"bucket": "*", "actions": ["create_bucket"]}]'
may PUT /users-own
buckets+=(users-own)
may GET '/users-own?quota'
denied PUT '/users-own?quota' -d '{"max_objects": 200}'
denied DELETE '/users-own?quota'
user '[{"bucket": "*", "actions": ["iam:list_users"]}]'
may PUT '/bucket/my-bucket?quota' -d '{"max_objects": 200}'
may GET '/my-bucket?quota'
denied GET '/my-bucket/a'
user '[{"bucket": "my-bucket", "actions": ["quota"]}]'
may PUT '/my-bucket?quota' -d '{"max_objects": 200}'
denied PUT '/users-own?quota' -d '{"max_objects": 200}'
noone GET '/my-bucket?quota'

# Remove quota
curl -X PUT "$ENDPOINT/bucket/my-bucket?quota" \
  -H "Content-Type: application/json" \
  -H "X-Access-Key: $ACCESS_KEY" -H "X-Secret-Key: $SECRET_KEY" \
  -d '{"max_bytes": null, "max_objects": null}'
answer 204
admin GET '/my-bucket?quota'
answer 200 '"quota":{"max_bytes":null,"max_objects":null}'
admin DELETE '/my-bucket?quota'
answer 204

# so that nothing is left
for v in $(admin GET '/my-bucket?versions' && grep -o '<VersionId>[^<]*' "$body" | cut -d '>' -f 2); do admin DELETE "/my-bucket/a?versionId=$v"; answer 204; done
