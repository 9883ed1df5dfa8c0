//go:build linux

package compare

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
)

// A server in use has many users, each with several statements, and buckets with policies. Ours is measured as such a server: the
// requests come from the last of these users, who holds what they need by the last of his statements.
const (
	users      = 100
	statements = 10

	adminKey, adminSecret = "administrator", "administrator-secret"
)

// writeUsers writes the iam.json of ours below root.
func writeUsers(root string) error {
	list := []any{user("u-administrator", adminKey, adminSecret, []any{rule("*", "", "iam:*")})}
	for i := range users - 1 {
		list = append(list, user(fmt.Sprintf("u-%03d", i), fmt.Sprintf("user%03d", i), "secret-of-a-user", others(i, statements)))
	}
	mine := append(others(users, statements-1), rule("*", "", "list", "read", "write", "delete", "create_bucket", "delete_bucket", "policy", "lifecycle"))
	list = append(list, user("u-benchmark", accessKey, secretKey, mine))
	doc, err := json.MarshalIndent(map[string]any{"version": 2, "users": list}, "", "  ")
	if err != nil {
		return err
	}
	dir := filepath.Join(root, ".myfsio.sys", "config")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, "iam.json"), doc, 0o600)
}

func user(id, key, secret string, rules []any) any {
	return map[string]any{
		"user_id": id, "display_name": key, "enabled": true, "policies": rules,
		"access_keys": []any{map[string]any{"access_key": key, "secret_key": secret, "status": "active"}},
	}
}

func rule(bucket, prefix string, actions ...string) any {
	return map[string]any{"bucket": bucket, "prefix": prefix, "actions": actions}
}

// others are n rules about buckets and prefixes that are not asked for.
func others(seed, n int) []any {
	var rules []any
	for i := range n {
		rules = append(rules, rule(fmt.Sprintf("team-%d-%d", seed, i), fmt.Sprintf("dir%d/", i), "list", "read", "write"))
	}
	return rules
}

// bucketPolicy is a policy of ten statements, none of which speaks of the user who sends the requests, with the sorts of
// conditions that people write.
func bucketPolicy(bucket string) string {
	var list []any
	for i := range statements {
		st := map[string]any{
			"Sid": fmt.Sprintf("s%d", i), "Effect": "Allow", "Principal": map[string]any{"AWS": fmt.Sprintf("arn:aws:iam:::user/user%03d", i)},
			"Action": []string{"s3:GetObject", "s3:PutObject"}, "Resource": fmt.Sprintf("arn:aws:s3:::%s/dir%d/*", bucket, i),
		}
		if i%5 == 4 {
			st["Effect"], st["Principal"] = "Deny", "*"
			st["Condition"] = map[string]any{"NotIpAddress": map[string]any{"aws:SourceIp": []string{"127.0.0.0/8", "10.0.0.0/8"}}}
			st["Resource"] = "arn:aws:s3:::" + bucket + "/*"
		}
		list = append(list, st)
	}
	doc, err := json.Marshal(map[string]any{"Version": "2012-10-17", "Statement": list})
	if err != nil {
		panic(err) // strings always marshal
	}
	return string(doc)
}
