#!/usr/bin/env bash
# Section 5: bucket policies, the presets, and files that are edited by hand. The last needs CONFIG_DIR, the directory of
# bucket_policies.json and iam.json (data/.myfsio.sys/config).
. "$(dirname "$0")/lib.sh"
bucket test
put /test/file.txt hello
put /test/dir/file.txt hello

noone GET /test
# Editing via CLI
curl -X PUT "$ENDPOINT/test?policy" \
  -H "Content-Type: application/json" \
  -H "X-Access-Key: $ACCESS_KEY" -H "X-Secret-Key: $SECRET_KEY" \
  -d '{
        "Version": "2012-10-17",
        "Statement": [
          {
            "Effect": "Allow",
            "Principal": "*",
            "Action": ["s3:ListBucket"],
            "Resource": ["arn:aws:s3:::test"]
          }
        ]
      }'
answer 204
anyone GET /test
answer 200 '<Key>file.txt</Key>'
anyone GET '/test?list-type=2&prefix=dir/'
answer 200 '<Key>dir/file.txt</Key>' '!<Key>file.txt</Key>'
noone GET /test/file.txt
noone PUT /test/new.txt -d x
noone GET '/test?policy'
admin GET '/test?policy'
answer 200 '"Principal":"*"' 's3:ListBucket'
admin GET '/test?policyStatus'
answer 200 '<IsPublic>true</IsPublic>'

# Preset Private: detaches the policy.
admin DELETE '/test?policy'
answer 204
noone GET /test
admin GET '/test?policy'
answer 404 NoSuchBucketPolicy
admin DELETE '/test?policy'
answer 204

# Preset Public: anonymous s3:ListBucket and s3:GetObject, as the server hands it out.
admin GET '/admin/policy-presets?bucket=test'
answer 200 '"Private"' '"Public"' '"Custom"' '"document":null'
public=$(sed 's/.*"document":\({"Version".*}\)},{"name":"Custom".*/\1/' "$body")
admin PUT '/test?policy' -H "Content-Type: application/json" -d "$public"
answer 204
anyone GET /test
anyone GET /test/file.txt
answer 200 hello
noone PUT /test/file.txt -d x
noone DELETE /test/file.txt
noone GET '/test?acl'

# Custom: what somebody writes; a Deny wins.
admin PUT '/test?policy' -H "Content-Type: application/json" -d '{
  "Version": "2012-10-17",
  "Statement": [
    {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::test/*"},
    {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "arn:aws:s3:::test/dir/*"}
  ]
}'
answer 204
anyone GET /test/file.txt
noone GET /test/dir/file.txt
noone GET /test
user '[{"bucket": "test", "actions": ["list", "read", "write"]}]'
may PUT /test/new.txt -d x
denied PUT /test/dir/new.txt -d x
denied GET /test/dir/file.txt
admin GET /test/dir/file.txt
answer 403 AccessDenied
# For one user.
admin PUT '/test?policy' -d '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::000000000000:user/'"${users[0]}"'"},
  "Action": ["s3:DeleteObject"], "Resource": "arn:aws:s3:::test/*"}]}'
answer 204
may DELETE /test/new.txt
noone DELETE /test/file.txt
# What is no policy is refused, and the last one stays.
admin PUT '/test?policy' -d '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::other/*"}]}'
answer 400 MalformedPolicy
admin PUT '/test?policy' -d '{"Version": "2012-10-17", "Statement": ['
answer 400 MalformedPolicy
admin PUT '/test?policy' -d '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::test/*",
  "Condition": {"StringSounds": {"aws:username": "bob"}}}]}'
answer 400 MalformedPolicy
admin GET '/test?policy'
answer 200 s3:DeleteObject
admin DELETE '/test?policy'
answer 204

if [ -z "${CONFIG_DIR:-}" ]; then
	echo "CONFIG_DIR is not set: nothing was edited by hand"
	exit
fi

# kept FILE TEXT: the damaged file is beside the good one.
kept() {
	local f
	for f in "$CONFIG_DIR/$1".damaged-*; do
		if [ "$(cat "$f")" = "$2" ]; then
			rm "$f"
			return
		fi
	done
	wrong "the damaged $1 was not kept"
}

# Hot reload: an edit of bucket_policies.json acts on the next request.
allow='{"policies": {"test": {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::test/*"}]}}}'
noone GET /test/file.txt
echo "$allow" >"$CONFIG_DIR/bucket_policies.json"
anyone GET /test/file.txt
admin GET '/test?policy'
answer 200 s3:GetObject
echo "${allow/s3:GetObject/s3:ListBucket}" | sed 's|test/\*|test|' >"$CONFIG_DIR/bucket_policies.json"
noone GET /test/file.txt
anyone GET /test
echo '{"policies": {}}' >"$CONFIG_DIR/bucket_policies.json"
noone GET /test
# What the API writes and what a person writes live together.
echo "$allow" >"$CONFIG_DIR/bucket_policies.json"
bucket other
admin PUT '/other?policy' -d '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "s3:ListBucket", "Resource": "arn:aws:s3:::other"}]}'
answer 204
anyone GET /test/file.txt
anyone GET /other
grep -q s3:ListBucket "$CONFIG_DIR/bucket_policies.json" || wrong "the policy is not in the file"
# A file that is half written changes nothing. A change by the API starts from the last good state, and keeps what was there.
good=$(cat "$CONFIG_DIR/bucket_policies.json")
echo "${good:0:100}" >"$CONFIG_DIR/bucket_policies.json"
anyone GET /test/file.txt
anyone GET /other
noone PUT /test/new.txt -d x
admin DELETE '/other?policy'
answer 204
noone GET /other
anyone GET /test/file.txt
kept bucket_policies.json "${good:0:100}"
admin DELETE '/test?policy'
answer 204

# And so do edits of iam.json.
user '[{"bucket": "hand-edited", "actions": ["list", "read"]}]'
denied GET /test/file.txt
edit() { sed "$1" "$CONFIG_DIR/iam.json" >"$tmp/iam.json" && cat "$tmp/iam.json" >"$CONFIG_DIR/iam.json"; }
edit 's/"hand-edited"/"test"/'
may GET /test/file.txt
denied PUT /test/file.txt -d x
admin GET /iam/users/$USER_ACCESS_KEY
answer 200 '"bucket":"test"'
edit "s/$USER_SECRET_KEY/secret-by-hand/"
as_user GET /test/file.txt
answer 403 SignatureDoesNotMatch
USER_SECRET_KEY=secret-by-hand
may GET /test/file.txt
admin PUT /iam/users/$USER_ACCESS_KEY/policies -H "Content-Type: application/json" -d '[{"bucket": "test", "actions": ["write"]}]'
answer 200
may PUT /test/file.txt -d hello
denied GET /test/file.txt
grep -q secret-by-hand "$CONFIG_DIR/iam.json" || wrong "the secret of the edit is gone"
good=$(cat "$CONFIG_DIR/iam.json")
echo "${good:0:200}" >"$CONFIG_DIR/iam.json"
may PUT /test/file.txt -d hello
denied GET /test/file.txt
admin GET /iam/users
answer 200 "$USER_ACCESS_KEY"
echo "$good" >"$CONFIG_DIR/iam.json"
may PUT /test/file.txt -d hello
# A change by the API.
echo "${good:0:200}" >"$CONFIG_DIR/iam.json"
admin POST /iam/users/$USER_ACCESS_KEY/rotate
answer 200 secret_key
as_user PUT /test/file.txt -d x
answer 403 SignatureDoesNotMatch
USER_SECRET_KEY=$(admin POST /iam/users/$USER_ACCESS_KEY/rotate; field secret_key)
may PUT /test/file.txt -d hello
kept iam.json "${good:0:200}"
