#!/usr/bin/env bash
# Section 3, garbage collection: its API for administrators.
# Settings: GC_ENABLED=true
. "$(dirname "$0")/lib.sh"
bucket my-bucket
put /my-bucket/file.txt hello

admin GET /admin/gc/status
answer 200 '"enabled":true' '"interval_hours":6' '"temp_file_max_age_hours":24' '"multipart_max_age_days":7' '"dry_run":false'

curl -X POST "$ENDPOINT/admin/gc/run" \
  -H "X-Access-Key: $ACCESS_KEY" -H "X-Secret-Key: $SECRET_KEY" \
  -H "Content-Type: application/json" \
  -d '{"dry_run": true}'
answer 200 '"temp_files_deleted":0' '"multipart_uploads_deleted":0' '"errors":[]'

# An upload of today is not garbage.
admin POST '/my-bucket/large?uploads'
answer 200
id=$(sed -n 's/.*<UploadId>\(.*\)<\/UploadId>.*/\1/p' "$body")
admin POST /admin/gc/run
answer 200 '"multipart_uploads_deleted":0' '"errors":[]' '"execution_time_seconds"'
admin GET "/my-bucket/large?uploadId=$id"
answer 200 ListPartsResult
admin DELETE "/my-bucket/large?uploadId=$id"
answer 204
admin GET /my-bucket/file.txt
answer 200 hello

admin GET '/admin/gc/history?limit=50&offset=0'
answer 200 '"executions":[{' '"dry_run":true' '"dry_run":false'
admin GET '/admin/gc/history?limit=1'
answer 200 '"dry_run":false' '!"dry_run":true'
admin GET '/admin/gc/history?limit=1&offset=1'
answer 200 '"dry_run":true' '!"dry_run":false'
for wrong in limit=0 limit=201 limit=x offset=-1; do
	admin GET "/admin/gc/history?$wrong"
	answer 400
done

# It takes an administrator.
user '[{"bucket": "*", "actions": ["*"]}]'
denied GET /admin/gc/status
denied POST /admin/gc/run
denied GET /admin/gc/history
noone GET /admin/gc/status
noone POST /admin/gc/run -H "Content-Type: application/json" -d '{"dry_run": true}'
