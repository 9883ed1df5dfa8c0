package gate

// adminOps are the operations of the administration API, of keys of encryption and of temporary credentials, ordered by name. An empty
// Action is open to every user, and not to anonymous requests; its handler looks at what the request asks for.
var adminOps = []Op{
	{Name: "AdministerServer", Action: "iam:*", Short: "iam:*", Scope: Service, Mutates: true, Class: AdminRequests, Log: "ADMIN.AdministerServer", State: notBuilt}, // sites
	adminOp("AssumeRole", "", true),
	kmsOp("CancelKeyDeletion", "kms:CancelKeyDeletion", true),
	adminOp("CollectGarbage", "iam:*", true),
	adminOp("CreateAccessKey", "iam:create_key", true),
	kmsOp("CreateAlias", "kms:CreateAlias", true),
	kmsOp("CreateKey", "kms:CreateKey", true),
	adminOp("CreateUser", "iam:create_user", true),
	adminOp("CreateWebsiteDomain", "iam:*", true),
	kmsOp("Decrypt", "kms:Decrypt", false),
	adminOp("DeleteAccessKey", "iam:delete_key", true),
	kmsOp("DeleteAlias", "kms:DeleteAlias", true),
	adminOp("DeleteUser", "iam:delete_user", true),
	adminOp("DeleteWebsiteDomain", "iam:*", true),
	kmsOp("DescribeKey", "kms:DescribeKey", false),
	kmsOp("DisableKey", "kms:DisableKey", true),
	adminOp("DisableUser", "iam:disable_user", true),
	adminOp("DropNotification", "iam:*", true),
	kmsOp("EnableKey", "kms:EnableKey", true),
	adminOp("EnableUser", "iam:disable_user", true),
	kmsOp("Encrypt", "kms:Encrypt", false),
	kmsOp("GenerateDataKey", "kms:GenerateDataKey", false),
	kmsOp("GenerateDataKeyWithoutPlaintext", "kms:GenerateDataKeyWithoutPlaintext", false),
	kmsOp("GenerateRandom", "kms:GenerateRandom", false),
	adminOp("GetAuditLog", "iam:*", false),
	adminOp("GetCallerIdentity", "", false),
	adminOp("GetGarbageCollection", "iam:*", false),
	adminOp("GetIntegrity", "iam:*", false),
	adminOp("GetInventoryStatus", "iam:*", false),
	adminOp("GetLifecycleHistory", "iam:*", false),
	adminOp("GetLifecycleStatus", "iam:*", false),
	adminOp("GetNotificationSecret", "iam:*", false),
	adminOp("GetPolicyPresets", "", false),
	adminOp("GetRewrap", "iam:*", false),
	adminOp("GetSessionToken", "", true),
	adminOp("GetUser", "iam:get_user", false),
	adminOp("GetUserPolicies", "iam:get_policy", false),
	adminOp("GetWebsiteDomain", "iam:*", false),
	kmsOp("ListAliases", "kms:ListAliases", false),
	adminOp("ListGarbageCollections", "iam:*", false),
	adminOp("ListIntegrityScans", "iam:*", false),
	kmsOp("ListKeys", "kms:ListKeys", false),
	adminOp("ListNotificationFailures", "iam:*", false),
	adminOp("ListNotificationQueues", "iam:*", false),
	adminOp("ListRewraps", "iam:*", false),
	adminOp("ListUsers", "iam:list_users", false),
	adminOp("ListWebsiteDomains", "iam:*", false),
	adminOp("PresignURL", "", false),
	adminOp("PutUserExpiry", "iam:update_policy", true),
	adminOp("PutUserPolicies", "iam:update_policy", true),
	kmsOp("ReEncrypt", "kms:ReEncryptFrom", false),
	adminOp("RenameUser", "iam:update_policy", true),
	adminOp("RetryNotification", "iam:*", true),
	adminOp("RewrapKeys", "iam:*", true),
	kmsOp("RotateKeyOnDemand", "kms:RotateKeyOnDemand", true),
	adminOp("RotateSecretKey", "iam:rotate_key", true),
	adminOp("RunInventory", "iam:*", true),
	adminOp("RunLifecycle", "iam:*", true),
	adminOp("ScanIntegrity", "iam:*", true),
	kmsOp("ScheduleKeyDeletion", "kms:ScheduleKeyDeletion", true),
	adminOp("SimulatePolicy", "iam:get_policy", false),
	adminOp("StopRewrap", "iam:*", true),
	adminOp("UpdateAccessKey", "iam:rotate_key", true),
	kmsOp("UpdateAlias", "kms:UpdateAlias", true),
	kmsOp("UpdateKeyDescription", "kms:UpdateKeyDescription", true),
	adminOp("UpdateWebsiteDomain", "iam:*", true),
}

func adminOp(name, action string, mutates bool) Op {
	return Op{Name: name, Action: action, Short: action, Scope: Service, Mutates: mutates, Class: AdminRequests, Log: "ADMIN." + name}
}

// kmsOp is an operation on keys of encryption. Its class is that of objects: there may be one for each of them.
func kmsOp(name, action string, mutates bool) Op {
	return Op{Name: name, Action: action, Short: "kms:*", Scope: Service, Mutates: mutates, Class: ObjectRequests, Log: "KMS." + name}
}

// AdminOps returns the operations beside S3's, ordered by name. The list must not be changed.
func AdminOps() []Op { return adminOps }

// Admin returns the row of a name in AdminOps, nil when there is none.
func Admin(name string) *Op {
	for i := range adminOps {
		if adminOps[i].Name == name {
			return &adminOps[i]
		}
	}
	return nil
}

// Administrative reports whether the operation changes how the server or a bucket behaves, rather than the bytes in it:
// what an audit log tells of.
func (o *Op) Administrative() bool {
	switch {
	case !o.Mutates || o.Name == "DeleteObjects" || o.Name == "PostObject":
		return false
	case o.Name == "PutObjectAcl" || o.Name == "PutObjectRetention" || o.Name == "PutObjectLegalHold":
		return true
	}
	return o.Scope != Object
}

// ClassOf returns the class of an S3 request by its shape, before its operation is known.
func ClassOf(method string, scope Scope) RateClass {
	switch {
	case scope == Service:
		return ListBuckets
	case method == "HEAD":
		return HeadRequests
	case scope == Bucket:
		return BucketRequests
	}
	return ObjectRequests
}
