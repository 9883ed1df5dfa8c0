#!/usr/bin/env bash
# Section 3, the integrity scanner: its API for administrators, and bytes that rot.
# Settings: INTEGRITY_ENABLED=true
. "$(dirname "$0")/lib.sh"
bucket my-bucket
admin GET /admin/integrity/status
answer 200 '"enabled":true' '"interval_hours":24' '"batch_size":1000' '"auto_heal":false' '"dry_run":false'

curl -X POST "$ENDPOINT/admin/integrity/run" \
  -H "X-Access-Key: $ACCESS_KEY" -H "X-Secret-Key: $SECRET_KEY" \
  -H "Content-Type: application/json" \
  -d '{"dry_run": true, "auto_heal": true}'
answer 200 '"corrupted_objects":0' '"issues":[]' '"errors":[]' '"objects_scanned":' '"buckets_scanned":' '"execution_time_seconds"'
scan() { admin POST /admin/integrity/run -H "Content-Type: application/json" -d "{\"dry_run\": $1, \"auto_heal\": $2, \"full\": true}"; }

if [ -n "${CONFIG_DIR:-}" ]; then # where the files of the server can be reached
	data=${CONFIG_DIR%/.myfsio.sys/config}/my-bucket
	put /my-bucket/file.txt hello
	# Bytes that changed under the same time are rot: nobody is given them.
	head -c 3000000 /dev/zero >"$tmp/large"
	admin PUT /my-bucket/large -T "$tmp/large"
	answer 200
	for n in {1..100}; do [ ! -s "$data/large" ] || break; sleep 0.1; done
	touch -r "$data/large" "$tmp/time"
	printf rot | dd of="$data/large" bs=1 seek=1000000 conv=notrunc status=none
	touch -r "$tmp/time" "$data/large"
	scan false false
	answer 200 '"corrupted_objects":1' '"issue_type":"corrupted_object"' '"key":"large"'
	admin GET /my-bucket/large
	[ "$STATUS" != 200 ] || wrong "rotten bytes are given out"
	admin GET /my-bucket/file.txt
	answer 200 hello
fi

admin GET '/admin/integrity/history?limit=50&offset=0'
answer 200 '"executions":[{' '"dry_run":true'
user '[{"bucket": "*", "actions": ["*"]}]'
denied GET /admin/integrity/status
denied POST /admin/integrity/run
denied GET /admin/integrity/history
