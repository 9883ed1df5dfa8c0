#!/usr/bin/env bash
# Section 18, security notes: without ALLOW_INTERNAL_ENDPOINTS no webhook leads into the network of the server.
. "$(dirname "$0")/lib.sh"
bucket my-bucket
hook() { admin PUT '/my-bucket?notification' -H "Content-Type: application/json" -d '{"TopicConfigurations": [{"TopicArn": "'"$1"'", "Events": ["s3:ObjectCreated:*"]}]}'; }
for url in http://127.0.0.1:9/x http://localhost:9/x http://10.1.2.3/x http://192.168.0.1/x http://172.16.0.1/x 'http://[::1]:9/x' 'http://[fc00::1]/x' \
	'http://[::ffff:127.0.0.1]/x' http://169.254.169.254/latest/meta-data/ http://0.0.0.0:9/x http://2130706433/x http://0x7f.1/x \
	redis://127.0.0.1:6379/0?stream=x; do
	hook "$url"
	answer 400 InvalidArgument
done
for url in file:///etc/passwd gopher://example.com/ http:// ftp://example.com/x http://user:password@example.com/x; do
	hook "$url"
	answer 400 InvalidArgument
done
admin GET '/my-bucket?notification'
answer 200 '!Topic'
