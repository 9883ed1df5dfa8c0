#!/usr/bin/env bash
# Section 3, lifecycle rules: the example, in XML and in JSON, and what clients are told of them.
# Settings: LIFECYCLE_ENABLED=true
. "$(dirname "$0")/lib.sh"
bucket my-bucket

admin GET '/my-bucket?lifecycle'
answer 404 NoSuchLifecycleConfiguration
admin PUT '/my-bucket?lifecycle' -d '
<LifecycleConfiguration>
  <Rule>
    <ID>DeleteOldLogs</ID>
    <Status>Enabled</Status>
    <Filter><Prefix>logs/</Prefix></Filter>
    <Expiration><Days>30</Days></Expiration>
  </Rule>
</LifecycleConfiguration>'
answer 200
admin GET '/my-bucket?lifecycle'
answer 200 '<ID>DeleteOldLogs</ID>' '<Status>Enabled</Status>' '<Prefix>logs/</Prefix>' '<Days>30</Days>'
admin GET '/my-bucket?lifecycle' -H "Accept: application/json"
answer 200 '"DeleteOldLogs"' '"Days":30'

# Who writes, reads or looks at an object that a rule ends is told so.
put /my-bucket/logs/today hello
answer 200 'x-amz-expiration: expiry-date="' 'rule-id="DeleteOldLogs"'
admin GET /my-bucket/logs/today
answer 200 hello 'rule-id="DeleteOldLogs"'
admin HEAD /my-bucket/logs/today --head
answer 200 'rule-id="DeleteOldLogs"'
put /my-bucket/data/today hello
answer 200 '!x-amz-expiration'

# The other actions.
admin PUT '/my-bucket?lifecycle' -d '
<LifecycleConfiguration>
  <Rule>
    <ID>versions</ID><Status>Enabled</Status><Filter/>
    <NoncurrentVersionExpiration><NoncurrentDays>7</NoncurrentDays></NoncurrentVersionExpiration>
    <AbortIncompleteMultipartUpload><DaysAfterInitiation>3</DaysAfterInitiation></AbortIncompleteMultipartUpload>
  </Rule>
</LifecycleConfiguration>'
answer 200
admin GET '/my-bucket?lifecycle'
answer 200 '<NoncurrentDays>7</NoncurrentDays>' '<DaysAfterInitiation>3</DaysAfterInitiation>' '!DeleteOldLogs'
admin POST '/my-bucket/large?uploads'
answer 200 'x-amz-abort-date: ' 'x-amz-abort-rule-id: versions'
id=$(sed -n 's/.*<UploadId>\(.*\)<\/UploadId>.*/\1/p' "$body")
admin DELETE "/my-bucket/large?uploadId=$id"
answer 204
admin GET /my-bucket/logs/today
answer 200 '!x-amz-expiration'

# The same in JSON.
admin PUT '/my-bucket?lifecycle' -H "Content-Type: application/json" -d '
  {"Rules": [{"ID": "json", "Status": "Enabled", "Filter": {"Prefix": "tmp/"}, "Expiration": {"Days": 1}}]}'
answer 200
admin GET '/my-bucket?lifecycle'
answer 200 '<ID>json</ID>' '<Prefix>tmp/</Prefix>'

# What cannot be meant is refused, and changes nothing.
admin PUT '/my-bucket?lifecycle' -d '<LifecycleConfiguration></LifecycleConfiguration>'
answer 400 MalformedXML
rule() { admin PUT '/my-bucket?lifecycle' -d "<LifecycleConfiguration><Rule><Status>Enabled</Status><Filter/>$1</Rule></LifecycleConfiguration>"; }
rule ''
answer 400
rule '<Expiration><Days>0</Days></Expiration>'
answer 400 InvalidArgument
rule '<Transition><Days>30</Days><StorageClass>GLACIER</StorageClass></Transition>'
answer 501 NotImplemented
admin GET '/my-bucket?lifecycle'
answer 200 '<ID>json</ID>'

# Carried out: what was to be gone on a day that has passed goes with the next run.
admin PUT '/my-bucket?lifecycle' -d '<LifecycleConfiguration><Rule><ID>past</ID><Status>Enabled</Status><Filter><Prefix>logs/</Prefix></Filter>
	<Expiration><Date>2020-01-01T00:00:00Z</Date></Expiration></Rule></LifecycleConfiguration>'
answer 200
admin POST /admin/lifecycle/run -H "Content-Type: application/json" -d '{"bucket": "my-bucket", "dry_run": true}'
answer 200
admin GET /my-bucket/logs/today
answer 200 hello
admin POST /admin/lifecycle/run -H "Content-Type: application/json" -d '{"bucket": "my-bucket"}'
answer 200
admin GET /my-bucket/logs/today
answer 404 NoSuchKey
admin GET /my-bucket/data/today
answer 200 hello
admin GET '/admin/lifecycle/history?bucket=my-bucket'
answer 200 '"executions":[{'
admin GET /admin/lifecycle/status
answer 200 '"enabled":true'

# The right "lifecycle" is enough, and needed.
user '[{"bucket": "*", "actions": ["list", "lifecycle"]}]'
may GET '/my-bucket?lifecycle'
may DELETE '/my-bucket?lifecycle'
answer 204
admin GET '/my-bucket?lifecycle'
answer 404 NoSuchLifecycleConfiguration
user '[{"bucket": "*", "actions": ["list", "read", "write", "delete"]}]'
denied GET '/my-bucket?lifecycle'
denied DELETE '/my-bucket?lifecycle'
denied POST /admin/lifecycle/run
