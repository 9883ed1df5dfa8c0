// Package adminapi is the administration of the server over HTTP, in JSON.
//
// # Routes
//
// Users are at /iam/users and below, and the same at /admin/iam, /myfsio/iam and /myfsio/admin/iam. All else is at
// /admin and, the same, at /myfsio/admin. A {id} in a route is a user id or one of the user's access keys.
//
//	GET    /iam/users                           iam:list_users
//	POST   /iam/users                           iam:create_user      {display_name, policies, expires_at, access_key, secret_key}
//	GET    /iam/users/{id}                      iam:get_user
//	DELETE /iam/users/{id}                      iam:delete_user
//	POST   /iam/users/{id}/rotate               iam:rotate_key
//	GET    /iam/users/{id}/policies             iam:get_policy
//	PUT    /iam/users/{id}/policies             iam:update_policy    [policies] or {policies}
//	POST   /iam/users/{id}/expiry               iam:update_policy    expires_at, in a form or JSON; empty: never
//	DELETE /iam/users/{id}/expiry               iam:update_policy
//	POST   /iam/users/{id}/name (or PUT)        iam:update_policy    {display_name}
//	POST   /iam/users/{id}/keys                 iam:create_key
//	DELETE /iam/users/{id}/keys/{key}           iam:delete_key
//	POST   /iam/users/{id}/keys/{key}/disable   iam:rotate_key       also /enable
//	POST   /iam/users/{id}/disable              iam:disable_user     also /enable
//	POST   /iam/simulate                        iam:get_policy       would a request be allowed, and by what
//	POST   /admin/presign                       what the URL does    a signed URL for one request
//	GET    /admin/policy-presets?bucket=        any user             bucket policies that are ready to be put
//	GET    /admin/audit-log?limit=&before=      iam:*
//	GET    /admin/notifications                 iam:*                destinations that events wait for
//	GET    /admin/notifications/failures        iam:*                events that were given up: limit=, after=
//	POST   /admin/notifications/failures/{id}/retry  iam:*
//	DELETE /admin/notifications/failures/{id}   iam:*
//	GET    /admin/notifications/secret          iam:*                bucket=, url=: the key of signatures to a webhook
//	GET    /admin/gc/status                     iam:*                settings, and how far a run is
//	POST   /admin/gc/run                        iam:*                {dry_run}; what takes longer than 10 s is answered with 202
//	GET    /admin/gc/history                    iam:*                limit=, offset=
//	GET    /admin/integrity/status              iam:*                settings, and how far a run is
//	POST   /admin/integrity/run                 iam:*                {dry_run, auto_heal, full}; what takes longer than 10 s is answered with 202
//	GET    /admin/integrity/history             iam:*                limit=, offset=
//	GET    /admin/encryption/rewrap/status      iam:*                which keys wrap how much, and how far a run is
//	POST   /admin/encryption/rewrap/run         iam:*                {dry_run, full}; what takes longer than 10 s is answered with 202
//	POST   /admin/encryption/rewrap/stop        iam:*                the next run goes on from there
//	GET    /admin/encryption/rewrap/history     iam:*                limit=, offset=
//
// Keys of encryption are at /kms and, the same, at /myfsio/kms. A {id} is a key id, an ARN, or an alias ("alias%2Fname"). Each needs the
// right of AWS's name, which kms:* holds, and so do administrators. Bytes are base64; a context is EncryptionContext, an object of strings.
//
//	GET    /kms/keys                            kms:ListKeys
//	POST   /kms/keys                            kms:CreateKey            {alias, description, KeyId}
//	GET    /kms/keys/{id}                       kms:DescribeKey
//	PUT    /kms/keys/{id}                       kms:UpdateKeyDescription {Description}
//	DELETE /kms/keys/{id}                       kms:ScheduleKeyDeletion  waiting_period_days=7..30, default 30
//	POST   /kms/keys/{id}/schedule-deletion     kms:ScheduleKeyDeletion  {PendingWindowInDays}
//	POST   /kms/keys/{id}/cancel-deletion       kms:CancelKeyDeletion
//	POST   /kms/keys/{id}/enable                kms:EnableKey            also /disable, kms:DisableKey
//	POST   /kms/keys/{id}/rotate                kms:RotateKeyOnDemand
//	GET    /kms/keys/{id}/aliases               kms:ListAliases
//	GET    /kms/aliases                         kms:ListAliases
//	POST   /kms/aliases                         kms:CreateAlias          {AliasName, TargetKeyId}
//	PUT    /kms/aliases/{name}                  kms:UpdateAlias          {TargetKeyId}
//	DELETE /kms/aliases/{name}                  kms:DeleteAlias
//	POST   /kms/encrypt                         kms:Encrypt              {KeyId, Plaintext, context}
//	POST   /kms/decrypt                         kms:Decrypt              {CiphertextBlob, context, KeyId}
//	POST   /kms/re-encrypt                      kms:ReEncryptFrom, kms:ReEncryptTo
//	                                            {CiphertextBlob, DestinationKeyId, SourceEncryptionContext, DestinationEncryptionContext}
//	POST   /kms/generate-data-key               kms:GenerateDataKey      {KeyId, KeySpec or NumberOfBytes, context}
//	POST   /kms/generate-data-key-without-plaintext  kms:GenerateDataKeyWithoutPlaintext
//	POST   /kms/generate-random                 kms:GenerateRandom       {NumberOfBytes}
//	POST   /kms/client/generate-key             kms:GenerateRandom       nothing of these three is kept
//	POST   /kms/client/encrypt                  kms:Encrypt              {Plaintext, Key}
//	POST   /kms/client/decrypt                  kms:Decrypt              {Ciphertext, Nonce, Key}
//	POST   /kms/materials/{id}                  kms:GenerateDataKey      {context}
//
// HEAD is as GET. Routes that are planned and not built are refused with 501.
//
// # Requests
//
// Every request needs a proof of identity: a signature in its Authorization header, or the pair X-Access-Key and
// X-Secret-Key. Then the gate decides, and only then the body is looked at. A body has at most 1 MiB. JSON may hold members that
// are not known here; a member that stands twice is refused.
//
// # Answers
//
// An error is {"error": {"code", "message"}}, below /kms {"__type", "message"} with AWS's names. No answer may be stored by caches or shown in frames. A secret key is in the
// one answer that made it and nowhere else.
package adminapi
