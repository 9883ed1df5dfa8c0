#!/usr/bin/env bash
# Section 3: lifecycle rules, garbage collection and the integrity scanner are off until they are turned on. Rules can be set, and nobody is told that they
# will be carried out.
. "$(dirname "$0")/lib.sh"
bucket my-bucket
admin PUT '/my-bucket?lifecycle' -d '<LifecycleConfiguration><Rule><ID>x</ID><Status>Enabled</Status><Filter/>
	<Expiration><Date>2020-01-01T00:00:00Z</Date></Expiration></Rule></LifecycleConfiguration>'
answer 200
put /my-bucket/file.txt hello
answer 200 '!x-amz-expiration'
admin GET /my-bucket/file.txt
answer 200 hello '!x-amz-expiration'
admin GET /admin/gc/status
answer 200 '"enabled":false' GC_ENABLED
admin POST /admin/gc/run
answer 400 GC_ENABLED
admin GET /admin/gc/history
answer 200 '"executions":[]'
admin GET /admin/integrity/status
answer 200 '"enabled":false' INTEGRITY_ENABLED
admin POST /admin/integrity/run
answer 400 INTEGRITY_ENABLED
