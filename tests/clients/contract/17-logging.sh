#!/usr/bin/env bash
# Section 17: access logs.
# Settings: ACCESS_LOG_INTERVAL_SECONDS=1
. "$(dirname "$0")/lib.sh"
bucket my-bucket
bucket log-bucket

# Enable access logging
curl -X PUT "$ENDPOINT/my-bucket?logging" \
  -H "Content-Type: application/json" \
  -H "X-Access-Key: $ACCESS_KEY" -H "X-Secret-Key: $SECRET_KEY" \
  -d '{
    "LoggingEnabled": {
      "TargetBucket": "log-bucket",
      "TargetPrefix": "logs/my-bucket/"
    }
  }'
answer 200

# Get logging configuration
curl "$ENDPOINT/my-bucket?logging" \
  -H "X-Access-Key: $ACCESS_KEY" -H "X-Secret-Key: $SECRET_KEY"
answer 200 '<BucketLoggingStatus' '<TargetBucket>log-bucket</TargetBucket>' '<TargetPrefix>logs/my-bucket/</TargetPrefix>'
admin GET '/my-bucket?logging' -H "Accept: application/json"
answer 200 '"LoggingEnabled"' '"log-bucket"' '"logs/my-bucket/"'

# logged TEXT waits until a line of the log holds the extended regular expression; the log follows within seconds.
logged() {
	local key n
	for n in {1..100}; do
		admin GET '/log-bucket?list-type=2&prefix=logs/my-bucket/'
		for key in $(grep -o '<Key>[^<]*</Key>' "$body" | sed 's/<[^>]*>//g'); do
			admin GET "/log-bucket/$key"
			grep -Eq "$1" "$body" && { passed=$((passed + 1)); return 0; }
		done
		sleep 0.1
	done
	wrong "no line of the log is $1"
}
put /my-bucket/report.txt hello
admin GET /my-bucket/report.txt -H "Referer: https://example.com/page" -A "agent of the example"
answer 200 hello
admin GET /my-bucket/none
answer 404
# owner bucket [time] address requester request-id operation key "request" status error sent size total turn-around "referrer" "agent"
logged ' my-bucket \[[^]]+\] [0-9a-f.:]+ [^ ]+ [^ ]+ REST.PUT.OBJECT report.txt "PUT /my-bucket/report.txt HTTP/1.1" 200 - - 5 [0-9]+ '
logged ' REST.GET.OBJECT report.txt "GET /my-bucket/report.txt HTTP/1.1" 200 - 5 5 [0-9]+ [0-9-]+ "https://example.com/page" "agent of the example" '
logged ' REST.GET.OBJECT none "GET /my-bucket/none HTTP/1.1" 404 NoSuchKey '

# Disable logging (empty configuration)
curl -X PUT "$ENDPOINT/my-bucket?logging" \
  -H "Content-Type: application/json" \
  -H "X-Access-Key: $ACCESS_KEY" -H "X-Secret-Key: $SECRET_KEY" \
  -d '{}'
answer 200
admin GET '/my-bucket?logging'
answer 200 '<BucketLoggingStatus' '!LoggingEnabled'
put /my-bucket/unseen hello

# A target that is not there, or that somebody may not write to, is refused.
target() { "$1" PUT '/my-bucket?logging' -d "<BucketLoggingStatus><LoggingEnabled><TargetBucket>$2</TargetBucket><TargetPrefix/></LoggingEnabled></BucketLoggingStatus>"; }
target admin no-such-bucket
answer 400 InvalidTargetBucketForLogging
user '[{"bucket": "my-bucket", "actions": ["list", "read", "write", "logging"]}]'
may PUT '/my-bucket?logging' -d '<BucketLoggingStatus/>'
denied GET /log-bucket
user '[{"bucket": "my-bucket", "actions": ["list", "read", "write", "delete"]}]'
denied GET '/my-bucket?logging'
target as_user log-bucket
answer 403 AccessDenied
