#!/usr/bin/env bash
# Section 18: events, sent to a webhook of this script on this machine, which the server must be allowed to reach.
# Settings: ALLOW_INTERNAL_ENDPOINTS=true
. "$(dirname "$0")/lib.sh"
bucket my-bucket
inbox=$tmp/inbox
mkdir "$inbox"
python3 "$(dirname "$0")/receiver.py" "$inbox" &
for n in {1..100}; do [ ! -e "$inbox/port" ] || break; sleep 0.1; done
hook=http://127.0.0.1:$(<"$inbox/port")/s3-events

# Set notification configuration
curl -X PUT "$ENDPOINT/my-bucket?notification" \
  -H "Content-Type: application/json" \
  -H "X-Access-Key: $ACCESS_KEY" -H "X-Secret-Key: $SECRET_KEY" \
  -d '{
    "TopicConfigurations": [
      {
        "Id": "upload-notify",
        "TopicArn": "'"$hook"'",
        "Events": ["s3:ObjectCreated:*"],
        "Filter": {
          "Key": {
            "FilterRules": [
              {"Name": "prefix", "Value": "uploads/"},
              {"Name": "suffix", "Value": ".jpg"}
            ]
          }
        }
      }
    ]
  }'
answer 200

# Get notification configuration
curl "$ENDPOINT/my-bucket?notification" \
  -H "X-Access-Key: $ACCESS_KEY" -H "X-Secret-Key: $SECRET_KEY"
answer 200 '<TopicConfiguration><Id>upload-notify</Id>' "<Topic>$hook</Topic>" '<Event>s3:ObjectCreated:*</Event>' '<Value>uploads/</Value>' '<Value>.jpg</Value>'
admin GET '/my-bucket?notification' -H "Accept: application/json"
answer 200 '"upload-notify"' "\"$hook\"" '"s3:ObjectCreated:*"' '"uploads/"'
admin GET "/admin/notifications/secret?bucket=my-bucket&url=$hook"
answer 200
secret=$(field secret)

# event TEXT... takes the next event, checks its signature, and looks for texts in it as answer does.
taken=0
event() {
	local n t v1
	taken=$((taken + 1)) REQUEST="event $taken"
	for n in {1..100}; do [ ! -e "$inbox/$taken.json" ] || break; sleep 0.1; done
	[ -e "$inbox/$taken.json" ] || { wrong "no event came"; return 0; }
	cp "$inbox/$taken.json" "$body"
	cp "$inbox/$taken.headers" "$headers"
	t=$(sed -n 's/^X-MyFSIO-Signature: t=\([0-9]*\),v1=[0-9a-f]*.*/\1/Ip' "$headers")
	v1=$(sed -n 's/^X-MyFSIO-Signature: t=[0-9]*,v1=\([0-9a-f]*\).*/\1/Ip' "$headers")
	[ "$( (printf '%s.' "$t"; cat "$body") | openssl dgst -sha256 -hmac "$secret" -r | cut -d ' ' -f 1)" = "$v1" ] || wrong "the signature $v1 is not by the secret"
	[ $(($(date +%s) - t)) -le 60 ] || wrong "the signature is of another time"
	STATUS=200
	answer 200 "$@"
}
event '"Event":"s3:TestEvent"' '"Bucket":"my-bucket"' 'Content-Type: application/json'

# The payload of the example, for the keys of the filter alone.
put /my-bucket/uploads/notes.txt hello
put /my-bucket/photo.jpg hello
put /my-bucket/uploads/photo.jpg hello
event '"Records":[{"eventVersion":"2.1","eventSource":"myfsio:s3",' '"eventTime":"20' '"eventName":"ObjectCreated:Put"' \
	'"bucket":{"name":"my-bucket"' '"object":{"key":"uploads/photo.jpg","size":5,"eTag":"5d41402abc4b2a76b9719d911017c592"' '"configurationId":"upload-notify"'
admin PUT '/my-bucket/uploads/a%20copy.jpg' -H "x-amz-copy-source: /my-bucket/photo.jpg"
answer 200
event '"eventName":"ObjectCreated:Copy"' '"key":"uploads/a+copy.jpg"'
curl -X POST "$ENDPOINT/my-bucket" -H "X-Access-Key: $ACCESS_KEY" -H "X-Secret-Key: $SECRET_KEY" -F key=uploads/form.jpg -F file=hello
answer 204
event '"eventName":"ObjectCreated:Post"' '"key":"uploads/form.jpg"'
admin POST '/my-bucket/uploads/parts.jpg?uploads'
answer 200
id=$(sed -n 's/.*<UploadId>\(.*\)<\/UploadId>.*/\1/p' "$body")
admin PUT "/my-bucket/uploads/parts.jpg?partNumber=1&uploadId=$id" -d hello
answer 200
admin POST "/my-bucket/uploads/parts.jpg?uploadId=$id" \
	-d '<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>5d41402abc4b2a76b9719d911017c592</ETag></Part></CompleteMultipartUpload>'
answer 200
event '"eventName":"ObjectCreated:CompleteMultipartUpload"' '"key":"uploads/parts.jpg","size":5'

# Removals, in XML. The destination is known already: no test event.
admin PUT '/my-bucket?notification' -d "<NotificationConfiguration><QueueConfiguration><Id>gone</Id><Queue>$hook</Queue>
	<Event>s3:ObjectRemoved:*</Event></QueueConfiguration></NotificationConfiguration>"
answer 200
admin DELETE /my-bucket/uploads/photo.jpg
answer 204
event '"eventName":"ObjectRemoved:Delete"' '"key":"uploads/photo.jpg"' '"configurationId":"gone"' '!"size"'
user '[{"bucket": "my-bucket", "actions": ["delete"]}]'
may DELETE /my-bucket/uploads/form.jpg
event '"eventName":"ObjectRemoved:Delete"' '"key":"uploads/form.jpg"' "\"principalId\":\"${users[-1]}\""

# What a destination refuses waits, and an administrator sees it.
admin PUT '/my-bucket?notification' -H "Content-Type: application/json" -d '{"TopicConfigurations": [{"TopicArn": "'"${hook%/*}/refuses"'", "Events": ["s3:ObjectCreated:Put"]}]}'
answer 200
for n in {1..100}; do
	admin GET /admin/notifications
	[[ $(<"$body") != *503* ]] || break
	sleep 0.1
done
answer 200 "\"${hook%/*}/refuses\"" 503
admin GET /admin/notifications/failures
answer 200 '"failures":[]'

# An empty configuration ends it.
admin PUT '/my-bucket?notification' -d '<NotificationConfiguration/>'
answer 200
admin GET '/my-bucket?notification'
answer 200 '<NotificationConfiguration' '!Topic'
put /my-bucket/uploads/silent.jpg hello

# What cannot be is refused.
admin PUT '/my-bucket?notification' -H "Content-Type: application/json" -d '{"TopicConfigurations": [{"TopicArn": "'"$hook"'", "Events": ["s3:NoSuchEvent"]}]}'
answer 400 InvalidArgument
admin PUT '/my-bucket?notification' -H "Content-Type: application/json" -d '{"TopicConfigurations": [{"TopicArn": "arn:aws:sns:us-east-1:123456789012:topic", "Events": ["s3:ObjectCreated:*"]}]}'
answer 400 InvalidArgument
denied GET '/my-bucket?notification'
REQUEST="the events after all"
[ ! -e "$inbox/$((taken + 1)).json" ] || { cp "$inbox/$((taken + 1)).json" "$body"; wrong "an event that nobody asked for"; }
