#!/usr/bin/env bash
# Section 22: access control lists, and what they mean for somebody without credentials.
. "$(dirname "$0")/lib.sh"
bucket my-bucket
put /my-bucket/file.txt hello
cd "$tmp"
printf 'by upload' >file.txt
noone GET /my-bucket
noone GET /my-bucket/file.txt

# Set bucket ACL using canned ACL
curl -X PUT "$ENDPOINT/my-bucket?acl" \
  -H "X-Access-Key: $ACCESS_KEY" -H "X-Secret-Key: $SECRET_KEY" \
  -H "x-amz-acl: public-read"
answer 200
anyone GET /my-bucket
answer 200 '<Key>file.txt</Key>'
noone GET /my-bucket/file.txt # the list of a bucket is not that of its objects
noone PUT /my-bucket/new.txt -d x
noone GET '/my-bucket?acl'
noone PUT '/my-bucket?acl' -H "x-amz-acl: public-read-write"

# Set object ACL
curl -X PUT "$ENDPOINT/my-bucket/file.txt?acl" \
  -H "X-Access-Key: $ACCESS_KEY" -H "X-Secret-Key: $SECRET_KEY" \
  -H "x-amz-acl: private"
answer 200
noone GET /my-bucket/file.txt
curl -X PUT "$ENDPOINT/my-bucket/file.txt?acl" \
  -H "X-Access-Key: $ACCESS_KEY" -H "X-Secret-Key: $SECRET_KEY" \
  -H "x-amz-acl: public-read"
answer 200
anyone GET /my-bucket/file.txt
answer 200 hello
noone PUT /my-bucket/file.txt -d x
noone DELETE /my-bucket/file.txt
noone GET '/my-bucket/file.txt?acl'

# Set ACL during upload
curl -X PUT "$ENDPOINT/my-bucket/file.txt" \
  -H "X-Access-Key: $ACCESS_KEY" -H "X-Secret-Key: $SECRET_KEY" \
  -H "x-amz-acl: public-read" \
  --data-binary @file.txt
answer 200
anyone GET /my-bucket/file.txt
answer 200 'by upload'
put /my-bucket/file.txt again # a new object has the list of its own upload
noone GET /my-bucket/file.txt

# Get bucket ACL
curl "$ENDPOINT/my-bucket?acl" \
  -H "X-Access-Key: $ACCESS_KEY" -H "X-Secret-Key: $SECRET_KEY"
answer 200 AccessControlPolicy '<Permission>FULL_CONTROL</Permission>' http://acs.amazonaws.com/groups/global/AllUsers '<Permission>READ</Permission>' '!<Permission>WRITE'

# Get object ACL
curl "$ENDPOINT/my-bucket/file.txt?acl" \
  -H "X-Access-Key: $ACCESS_KEY" -H "X-Secret-Key: $SECRET_KEY"
answer 200 AccessControlPolicy '<Permission>FULL_CONTROL</Permission>' '!AllUsers'

# Canned ACLs. private: Owner gets FULL_CONTROL (default)
admin PUT '/my-bucket?acl' -H "x-amz-acl: private"
answer 200
noone GET /my-bucket
user '[]'
denied GET /my-bucket
denied GET /my-bucket/file.txt
# public-read-write: Owner FULL_CONTROL, public READ and WRITE
admin PUT '/my-bucket?acl' -H "x-amz-acl: public-read-write"
answer 200
anyone GET /my-bucket
anyone PUT /my-bucket/by-anyone.txt -d x
anyone DELETE /my-bucket/by-anyone.txt
may PUT /my-bucket/by-user.txt -d x
noone PUT '/my-bucket?policy' -d '{}'
# authenticated-read: Owner FULL_CONTROL, authenticated users READ
admin PUT '/my-bucket?acl' -H "x-amz-acl: authenticated-read"
answer 200
admin PUT '/my-bucket/file.txt?acl' -H "x-amz-acl: authenticated-read"
answer 200
noone GET /my-bucket
noone GET /my-bucket/file.txt
noone PUT /my-bucket/new.txt -d x
may GET /my-bucket
may GET /my-bucket/file.txt
denied PUT /my-bucket/new.txt -d x
admin PUT '/my-bucket?acl' -H "x-amz-acl: no-such-list"
answer 400 InvalidArgument

# A list needs the right to share.
user '[{"bucket": "my-bucket", "actions": ["list", "read", "write"]}]'
denied PUT '/my-bucket?acl' -H "x-amz-acl: public-read"
denied PUT '/my-bucket/file.txt?acl' -H "x-amz-acl: public-read"
denied PUT /my-bucket/mine.txt -H "x-amz-acl: public-read" -d x
may PUT /my-bucket/mine.txt -H "x-amz-acl: private" -d x
user '[{"bucket": "my-bucket", "actions": ["list", "read", "write", "share"]}]'
may PUT /my-bucket/mine.txt -H "x-amz-acl: public-read" -d x
anyone GET /my-bucket/mine.txt
may PUT '/my-bucket/mine.txt?acl' -H "x-amz-acl: private"
noone GET /my-bucket/mine.txt

# A Deny of the bucket's policy stands above every list.
admin PUT '/my-bucket/file.txt?acl' -H "x-amz-acl: public-read"
answer 200
anyone GET /my-bucket/file.txt
admin PUT '/my-bucket?policy' -d '{"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Principal": "*", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::my-bucket/*"}]}'
answer 204
noone GET /my-bucket/file.txt
admin DELETE '/my-bucket?policy'
answer 204
