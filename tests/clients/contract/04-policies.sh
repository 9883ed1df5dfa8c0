#!/usr/bin/env bash
# Section 4: the example policies, each on a user, and what he may do with it.
. "$(dirname "$0")/lib.sh"
for b in user-bucket public-data my-uploads team-shared shared-data my-bucket drop-box; do bucket $b; done
for key in team-a/file team-b/file; do put /shared-data/$key hello; done
for b in user-bucket public-data my-uploads team-shared my-bucket drop-box; do put /$b/file hello; done
lifecycle='<LifecycleConfiguration><Rule><ID>a</ID><Filter/><Status>Enabled</Status><Expiration><Days>1</Days></Expiration></Rule></LifecycleConfiguration>'
cors='<CORSConfiguration><CORSRule><AllowedOrigin>*</AllowedOrigin><AllowedMethod>GET</AllowedMethod></CORSRule></CORSConfiguration>'
delete='<Delete><Object><Key>file</Key></Object></Delete>'
policy='{"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Principal": "*", "Action": "s3:GetObjectTorrent", "Resource": "arn:aws:s3:::my-bucket/*"}]}'

# Full Administrator (complete system access):
user '[{"bucket": "*", "actions": ["list", "read", "write", "delete", "share", "policy", "create_bucket", "delete_bucket", "versioning", "tagging", "encryption", "lifecycle", "cors", "replication", "quota", "object_lock", "notification", "logging", "website", "iam:*"]}]'
may GET /
answer 200 user-bucket my-bucket drop-box
may PUT /new-bucket
may PUT /new-bucket/k -d x
may DELETE /new-bucket/k
may DELETE /new-bucket
may PUT '/my-bucket?policy' -d "$policy"
may DELETE '/my-bucket?policy'
may PUT '/my-bucket?acl' -H "x-amz-acl: private"
may GET /iam/users
may POST /iam/users -H "Content-Type: application/json" -d '{"display_name": "made by another", "policies": [{"bucket": "*", "actions": ["iam:*"]}]}'
users+=("$(field user_id)")

# Read-Only User (browse and download only):
user '[{"bucket": "*", "actions": ["list", "read"]}]'
may GET /
answer 200 user-bucket my-bucket drop-box
may GET '/my-bucket?list-type=2'
may GET '/my-bucket?versions'
may GET '/my-bucket?uploads'
may GET /my-bucket/file
may GET '/my-bucket/file?tagging'
denied PUT /my-bucket/file -d x
denied POST '/my-bucket/file?uploads'
denied DELETE /my-bucket/file
may POST '/my-bucket?delete' -H "Content-MD5: $(md5 "$delete")" -d "$delete" # the answer is that of each key
answer 200 '<Key>file</Key><Code>AccessDenied</Code>'
denied PUT /new-bucket
denied DELETE /my-bucket
denied GET '/my-bucket?policy'
denied PUT '/my-bucket/file?acl' -H "x-amz-acl: public-read"
denied PUT '/my-bucket?versioning' -d '<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>'
denied GET /iam/users

# Single Bucket Full Access (no access to other buckets):
user '[{"bucket": "user-bucket", "actions": ["list", "read", "write", "delete"]}]'
may GET /
answer 200 user-bucket '!my-bucket' '!drop-box'
may GET '/user-bucket?list-type=2'
may PUT /user-bucket/k -d x
may GET /user-bucket/k
may PUT /user-bucket/copy -H "x-amz-copy-source: /user-bucket/k"
may DELETE /user-bucket/k
may DELETE /user-bucket/copy
denied GET '/my-bucket?list-type=2'
denied GET /my-bucket/file
denied PUT /my-bucket/k -d x
denied PUT /user-bucket/k -H "x-amz-copy-source: /my-bucket/file"
denied DELETE /user-bucket
denied PUT '/user-bucket?policy' -d "$policy"

# Operator (data operations + bucket management, no config):
user '[{"bucket": "*", "actions": ["list", "read", "write", "delete", "create_bucket", "delete_bucket"]}]'
may PUT /new-bucket
may PUT /new-bucket/k -d x
may DELETE /new-bucket/k
may DELETE /new-bucket
may PUT /my-bucket/k -d x
may DELETE /my-bucket/k
denied PUT '/my-bucket?policy' -d "$policy"
denied PUT '/my-bucket?acl' -H "x-amz-acl: public-read"
denied PUT '/my-bucket?cors' -d "$cors"
denied GET /iam/users

# Multiple Bucket Access (different permissions per bucket):
user '[
  {"bucket": "public-data", "actions": ["list", "read"]},
  {"bucket": "my-uploads", "actions": ["list", "read", "write", "delete"]},
  {"bucket": "team-shared", "actions": ["list", "read", "write"]}
]'
may GET /public-data/file
denied PUT /public-data/file -d x
may PUT /my-uploads/k -d x
may DELETE /my-uploads/k
may PUT /team-shared/k -d x
denied DELETE /team-shared/k
denied GET /my-bucket/file
may GET /
answer 200 public-data my-uploads team-shared '!drop-box' '!user-bucket'

# Prefix-Scoped Access (restrict to a folder inside a shared bucket):
user '[{"bucket": "shared-data", "actions": ["list", "read", "write", "delete"], "prefix": "team-a/"}]'
may GET '/shared-data?list-type=2&prefix=team-a/'
answer 200 '<Key>team-a/file</Key>' '!team-b'
may GET /shared-data/team-a/file
may PUT /shared-data/team-a/k -d x
may DELETE /shared-data/team-a/k
denied GET /shared-data/team-b/file
denied PUT /shared-data/team-b/k -d x
denied DELETE /shared-data/team-b/file
denied PUT /shared-data/k -d x
denied PUT /shared-data/team-abc -d x
denied PUT /shared-data/team-a/k -H "x-amz-copy-source: /shared-data/team-b/file"
denied GET '/shared-data?list-type=2&prefix=team-b/'
denied GET '/shared-data?list-type=2'
denied GET '/shared-data?versions&prefix=team-b/'
denied GET '/shared-data?uploads'

# IAM Manager (manage users but no data access):
user '[{"bucket": "*", "actions": ["iam:list_users", "iam:create_user", "iam:delete_user", "iam:rotate_key", "iam:update_policy", "iam:create_key", "iam:delete_key", "iam:get_user", "iam:get_policy", "iam:disable_user"]}]'
may GET /iam/users
may POST /iam/users -H "Content-Type: application/json" -d '{"display_name": "managed", "policies": [{"bucket": "*", "actions": ["list"]}]}'
MANAGED=$(field user_id)
users+=("$MANAGED")
may GET /iam/users/$MANAGED
may GET /iam/users/$MANAGED/policies
may POST /iam/users/$MANAGED/rotate
may POST /iam/users/$MANAGED/keys
may DELETE "/iam/users/$MANAGED/keys/$(field access_key)"
may PUT /iam/users/$MANAGED/policies -H "Content-Type: application/json" -d '[]'
may POST /iam/users/$MANAGED/expiry -d expires_at=2036-01-01T00:00:00Z
may POST /iam/users/$MANAGED/disable
may POST /iam/users/$MANAGED/enable
may DELETE /iam/users/$MANAGED
# He is no administrator, and cannot make himself one.
denied PUT /iam/users/$USER_ACCESS_KEY/policies -H "Content-Type: application/json" -d '[{"bucket": "*", "actions": ["iam:*"]}]'
denied POST /iam/users -H "Content-Type: application/json" -d '{"policies": [{"bucket": "*", "actions": ["iam:*"]}]}'
denied POST /iam/users/$ACCESS_KEY/rotate
denied POST /iam/users/$ACCESS_KEY/keys
denied POST /iam/users/$ACCESS_KEY/disable
denied DELETE /iam/users/$ACCESS_KEY
denied GET '/my-bucket?list-type=2'
denied GET /my-bucket/file
denied PUT /my-bucket/k -d x
may GET /
answer 200 '!<Name>'

# Replication Operator (manage replication only):
user '[{"bucket": "*", "actions": ["list", "read", "replication"]}]'
may GET /my-bucket/file
granted GET '/my-bucket?replication'
granted PUT '/my-bucket?replication' -d '<ReplicationConfiguration/>'
granted DELETE '/my-bucket?replication'
denied PUT /my-bucket/k -d x
denied PUT '/my-bucket?cors' -d "$cors"

# Lifecycle Manager (configure object expiration):
user '[{"bucket": "*", "actions": ["list", "lifecycle"]}]'
may GET '/my-bucket?list-type=2'
granted GET '/my-bucket?lifecycle'
granted PUT '/my-bucket?lifecycle' -d "$lifecycle"
granted DELETE '/my-bucket?lifecycle'
denied GET /my-bucket/file
denied DELETE /my-bucket/file
denied PUT '/my-bucket?cors' -d "$cors"

# CORS Administrator (configure cross-origin access):
user '[{"bucket": "*", "actions": ["cors"]}]'
may PUT '/my-bucket?cors' -d "$cors"
may GET '/my-bucket?cors'
may DELETE '/my-bucket?cors'
denied GET '/my-bucket?list-type=2'
denied GET /my-bucket/file
denied PUT '/my-bucket?policy' -d "$policy"

# Bucket Administrator (full bucket config, no IAM access):
user '[{"bucket": "my-bucket", "actions": ["list", "read", "write", "delete", "create_bucket", "delete_bucket", "share", "policy", "versioning", "tagging", "encryption", "lifecycle", "cors", "replication", "quota", "object_lock", "notification", "logging", "website"]}]'
may GET '/my-bucket?list-type=2'
may PUT /my-bucket/k -d x
may PUT '/my-bucket/k?acl' -H "x-amz-acl: private"
may DELETE /my-bucket/k
may GET '/my-bucket?acl'
may PUT '/my-bucket?policy' -d "$policy"
may GET '/my-bucket?policy'
may DELETE '/my-bucket?policy'
may GET '/my-bucket?versioning'
may PUT '/my-bucket?cors' -d "$cors"
may DELETE '/my-bucket?cors'
for what in tagging encryption lifecycle replication quota object-lock notification logging website; do granted GET "/my-bucket?$what"; done
denied GET /iam/users
denied POST /iam/users -d '{}'
denied GET '/user-bucket?list-type=2'
denied PUT '/user-bucket?policy' -d "$policy"
denied PUT /new-bucket

# Upload-Only User (write but cannot create/delete buckets):
user '[{"bucket": "drop-box", "actions": ["write"]}]'
may PUT /drop-box/k -d x
may POST '/drop-box/big?uploads'
upload=$(grep -o '<UploadId>[^<]*' "$body" | cut -d '>' -f 2)
may DELETE "/drop-box/big?uploadId=$upload"
denied GET /drop-box/k
denied GET '/drop-box?list-type=2'
denied DELETE /drop-box/k
denied DELETE /drop-box
denied PUT /new-bucket
denied PUT /user-bucket/k -d x

# Backup Operator (read, list, and replicate):
user '[{"bucket": "*", "actions": ["list", "read", "replication"]}]'
may GET /
may GET '/my-bucket?list-type=2'
may GET /my-bucket/file
denied PUT /my-bucket/k -d x
denied DELETE /my-bucket/file
denied GET /iam/users

# All S3 actions are not the right to make users.
user '[{"bucket": "*", "actions": ["*"]}]'
may PUT /new-bucket
may DELETE /new-bucket
may PUT '/my-bucket?policy' -d "$policy"
may DELETE '/my-bucket?policy'
denied GET /iam/users

# The name of a bucket in a policy has no case.
user '[{"bucket": "My-Bucket", "actions": ["read"]}]'
may GET /my-bucket/file
