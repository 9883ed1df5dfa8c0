#!/usr/bin/env bash
# Section 4, permission precedence: a user's policy must grant the action and the bucket's policy must not forbid it.
# Settings: POLICY_EVALUATION=strict
# (Usually the policy of a bucket grants by itself, as in AWS; then this script does not apply.)
. "$(dirname "$0")/lib.sh"
bucket my-bucket
put /my-bucket/file.txt hello
allow='{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": "*", "Action": ["s3:GetObject", "s3:PutObject"], "Resource": "arn:aws:s3:::my-bucket/*"}]}'

# The user's policy grants, and no bucket policy exists.
user '[{"bucket": "my-bucket", "actions": ["read"]}]'
may GET /my-bucket/file.txt
denied PUT /my-bucket/file.txt -d x
# The bucket's policy grants, the user's does not.
admin PUT '/my-bucket?policy' -d "$allow"
answer 204
may GET /my-bucket/file.txt
denied PUT /my-bucket/file.txt -d x
# So for a list.
admin DELETE '/my-bucket?policy'
answer 204
admin PUT '/my-bucket?acl' -H "x-amz-acl: public-read-write"
answer 200
denied PUT /my-bucket/file.txt -d x
denied GET /my-bucket
admin PUT '/my-bucket?acl' -H "x-amz-acl: private"
answer 200
# Who has no user policy at all, since he is nobody, is let in by the bucket's policy.
admin PUT '/my-bucket?policy' -d "$allow"
answer 204
anyone GET /my-bucket/file.txt
# A Deny stands above both.
admin PUT '/my-bucket?policy' -d "${allow/Allow/Deny}"
answer 204
denied GET /my-bucket/file.txt
noone GET /my-bucket/file.txt
