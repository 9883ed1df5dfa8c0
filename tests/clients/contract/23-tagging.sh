#!/usr/bin/env bash
# Section 23: tags of buckets and objects.
. "$(dirname "$0")/lib.sh"
bucket my-bucket
cd "$tmp"
printf 'some bytes' >file.txt

# Set bucket tags
curl -X PUT "$ENDPOINT/my-bucket?tagging" \
  -H "Content-Type: application/json" \
  -H "X-Access-Key: $ACCESS_KEY" -H "X-Secret-Key: $SECRET_KEY" \
  -d '{
    "TagSet": [
      {"Key": "Environment", "Value": "Production"},
      {"Key": "Team", "Value": "Engineering"}
    ]
  }'
answer 204

# Get bucket tags
curl "$ENDPOINT/my-bucket?tagging" \
  -H "X-Access-Key: $ACCESS_KEY" -H "X-Secret-Key: $SECRET_KEY"
answer 200 '<Tag><Key>Environment</Key><Value>Production</Value></Tag>' '<Key>Team</Key>'
admin GET '/my-bucket?tagging' -H "Accept: application/json"
answer 200 '{"TagSet":[{"Key":"Environment","Value":"Production"},{"Key":"Team","Value":"Engineering"}]}'

# Delete bucket tags
curl -X DELETE "$ENDPOINT/my-bucket?tagging" \
  -H "X-Access-Key: $ACCESS_KEY" -H "X-Secret-Key: $SECRET_KEY"
answer 204
admin GET '/my-bucket?tagging'
answer 404 NoSuchTagSet

# Set tags during upload
curl -X PUT "$ENDPOINT/my-bucket/file.txt" \
  -H "X-Access-Key: $ACCESS_KEY" -H "X-Secret-Key: $SECRET_KEY" \
  -H "x-amz-tagging: Environment=Staging&Team=QA" \
  --data-binary @file.txt
answer 200
admin GET '/my-bucket/file.txt?tagging'
answer 200 '<Key>Environment</Key><Value>Staging</Value>' '<Key>Team</Key><Value>QA</Value>'

# Set object tags
curl -X PUT "$ENDPOINT/my-bucket/file.txt?tagging" \
  -H "Content-Type: application/json" \
  -H "X-Access-Key: $ACCESS_KEY" -H "X-Secret-Key: $SECRET_KEY" \
  -d '{
    "TagSet": [
      {"Key": "Classification", "Value": "Confidential"},
      {"Key": "Owner", "Value": "john@example.com"}
    ]
  }'
answer 200

# Get object tags
curl "$ENDPOINT/my-bucket/file.txt?tagging" \
  -H "X-Access-Key: $ACCESS_KEY" -H "X-Secret-Key: $SECRET_KEY"
answer 200 '<Key>Classification</Key><Value>Confidential</Value>' '<Key>Owner</Key><Value>john@example.com</Value>' '!Staging'

# Delete object tags
curl -X DELETE "$ENDPOINT/my-bucket/file.txt?tagging" \
  -H "X-Access-Key: $ACCESS_KEY" -H "X-Secret-Key: $SECRET_KEY"
answer 204
admin GET '/my-bucket/file.txt?tagging'
answer 200 '<TagSet></TagSet>'

# Limits of keys and values, in characters
tag() { admin PUT "/my-bucket$1?tagging" -H "Content-Type: application/json" -d "{\"TagSet\": [{\"Key\": \"$2\", \"Value\": \"$3\"}]}"; }
key=$(printf 'ü%.0s' $(seq 128)) value=$(printf 'ü%.0s' $(seq 256))
tag '' "$key" "$value"
answer 204
tag '' "x$key" ''
answer 400 InvalidTag
tag '' k "x$value"
answer 400 InvalidTag
tag '' '' v
answer 400 InvalidTag
tag /file.txt "$key" "$value"
answer 200
tag /file.txt "x$key" ''
answer 400 InvalidTag

# tags N prints so many.
tags() { printf '{"TagSet": [%s]}' "$(seq -s , -f '{"Key": "k%g", "Value": ""}' "$1")"; }
admin PUT '/my-bucket?tagging' -H "Content-Type: application/json" -d "$(tags 50)"
answer 204
admin PUT '/my-bucket?tagging' -H "Content-Type: application/json" -d "$(tags 51)"
answer 400 InvalidTag
admin GET '/my-bucket?tagging'
answer 200 '<Key>k50</Key>'
