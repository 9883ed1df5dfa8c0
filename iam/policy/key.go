package policy

import (
	"fmt"
	"strings"
)

// Account is the number of the one account that a server has, where AWS's language wants one.
const Account = "000000000000"

// from says where the value of a condition key comes from.
type from uint8

const (
	fromNowhere     from = iota // AWS has the key and no request here ever does: it is always absent
	fromConstant                // the parameter itself
	fromPrincipal               // see principalValue
	fromContext                 // see contextValue
	fromQuery                   // the query parameter
	fromHeader                  // the request header
	fromCopySource              // the header, as bucket/key
	fromRetainUntil             // the header, as days from now
	fromObjectTag               // a tag of the stored object; the key names it
	fromRequestTag              // a tag that the request brings; the key names it
	fromRequestTagKeys
)

// keyDef is a row of the table of condition keys.
type keyDef struct {
	name  string // one that ends with a slash goes on with the key of a tag
	from  from
	param string // of from: a query parameter, header, constant or field
	multi bool   // has many values
}

// keyRef is a condition key as a policy names it.
type keyRef struct {
	def *keyDef
	tag string // what follows the slash
}

// findKey returns the condition key of a name, whose case does not matter but for the key of a tag.
func findKey(name string) (keyRef, error) {
	if def := keys[strings.ToLower(name)]; def != nil && !strings.HasSuffix(def.name, "/") {
		return keyRef{def: def}, nil
	}
	if i := strings.IndexByte(name, '/'); i >= 0 {
		if def := keys[strings.ToLower(name[:i+1])]; def != nil {
			if i+1 == len(name) {
				return keyRef{}, fmt.Errorf("the condition key %q must go on with the key of a tag: %stag", name, def.name)
			}
			return keyRef{def: def, tag: name[i+1:]}, nil
		}
	}
	return keyRef{}, fmt.Errorf("%q is not a condition key", name)
}

// keys leads from each name in lower case to its row.
var keys = func() map[string]*keyDef {
	m := make(map[string]*keyDef, len(keyDefs))
	for i := range keyDefs {
		m[strings.ToLower(keyDefs[i].name)] = &keyDefs[i]
	}
	return m
}()

// keyDefs is the table of condition keys.
//
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
// https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazons3.html#amazons3-policy-keys
var keyDefs = []keyDef{
	// Who asks.
	{name: "aws:username", from: fromPrincipal, param: "username"},
	{name: "aws:userid", from: fromPrincipal, param: "userid"},
	{name: "aws:PrincipalArn", from: fromPrincipal, param: "arn"},
	{name: "aws:PrincipalType", from: fromPrincipal, param: "type"},
	{name: "aws:PrincipalAccount", from: fromPrincipal, param: "account"},

	// How.
	{name: "aws:SourceIp", from: fromContext, param: "ip"},
	{name: "aws:SecureTransport", from: fromContext, param: "secure"},
	{name: "aws:Referer", from: fromContext, param: "referer"},
	{name: "aws:UserAgent", from: fromContext, param: "agent"},
	{name: "aws:CurrentTime", from: fromContext, param: "now"},
	{name: "aws:EpochTime", from: fromContext, param: "epoch"},
	{name: "s3:authType", from: fromContext, param: "auth"},
	{name: "s3:signatureversion", from: fromContext, param: "signature"},
	{name: "s3:signatureAge", from: fromContext, param: "age"},
	{name: "s3:TlsVersion", from: fromContext, param: "tls"},

	// Parameters of the request.
	{name: "s3:prefix", from: fromQuery, param: "prefix"},
	{name: "s3:delimiter", from: fromQuery, param: "delimiter"},
	{name: "s3:max-keys", from: fromQuery, param: "max-keys"},
	{name: "s3:VersionId", from: fromQuery, param: "versionId"},

	// Headers.
	{name: "s3:if-match", from: fromHeader, param: "If-Match"},
	{name: "s3:if-none-match", from: fromHeader, param: "If-None-Match"},
	{name: "s3:object-lock-legal-hold", from: fromHeader, param: "X-Amz-Object-Lock-Legal-Hold"},
	{name: "s3:object-lock-mode", from: fromHeader, param: "X-Amz-Object-Lock-Mode"},
	{name: "s3:object-lock-remaining-retention-days", from: fromRetainUntil, param: "X-Amz-Object-Lock-Retain-Until-Date"},
	{name: "s3:object-lock-retain-until-date", from: fromHeader, param: "X-Amz-Object-Lock-Retain-Until-Date"},
	{name: "s3:x-amz-acl", from: fromHeader, param: "X-Amz-Acl"},
	{name: "s3:x-amz-content-sha256", from: fromHeader, param: "X-Amz-Content-Sha256"},
	{name: "s3:x-amz-copy-source", from: fromCopySource, param: "X-Amz-Copy-Source"},
	{name: "s3:x-amz-grant-full-control", from: fromHeader, param: "X-Amz-Grant-Full-Control"},
	{name: "s3:x-amz-grant-read", from: fromHeader, param: "X-Amz-Grant-Read"},
	{name: "s3:x-amz-grant-read-acp", from: fromHeader, param: "X-Amz-Grant-Read-Acp"},
	{name: "s3:x-amz-grant-write", from: fromHeader, param: "X-Amz-Grant-Write"},
	{name: "s3:x-amz-grant-write-acp", from: fromHeader, param: "X-Amz-Grant-Write-Acp"},
	{name: "s3:x-amz-metadata-directive", from: fromHeader, param: "X-Amz-Metadata-Directive"},
	{name: "s3:x-amz-object-ownership", from: fromHeader, param: "X-Amz-Object-Ownership"},
	{name: "s3:x-amz-server-side-encryption", from: fromHeader, param: "X-Amz-Server-Side-Encryption"},
	{name: "s3:x-amz-server-side-encryption-aws-kms-key-id", from: fromHeader, param: "X-Amz-Server-Side-Encryption-Aws-Kms-Key-Id"},
	{name: "s3:x-amz-server-side-encryption-customer-algorithm", from: fromHeader, param: "X-Amz-Server-Side-Encryption-Customer-Algorithm"},
	{name: "s3:x-amz-storage-class", from: fromHeader, param: "X-Amz-Storage-Class"},
	{name: "s3:x-amz-website-redirect-location", from: fromHeader, param: "X-Amz-Website-Redirect-Location"},

	// Tags.
	{name: "s3:ExistingObjectTag/", from: fromObjectTag},
	{name: "s3:RequestObjectTag/", from: fromRequestTag},
	{name: "s3:RequestObjectTagKeys", from: fromRequestTagKeys, multi: true},

	// What is the same for every request.
	{name: "s3:ResourceAccount", from: fromConstant, param: Account},
	{name: "aws:ResourceAccount", from: fromConstant, param: Account},
	{name: "aws:ViaAWSService", from: fromConstant, param: "false"},
	{name: "aws:PrincipalIsAWSService", from: fromConstant, param: "false"},

	// What only AWS has.
	{name: "aws:AssumedRoot"},
	{name: "aws:CalledVia", multi: true},
	{name: "aws:CalledViaFirst"},
	{name: "aws:CalledViaLast"},
	{name: "aws:ChatbotSourceArn"},
	{name: "aws:Ec2InstanceSourcePrivateIPv4"},
	{name: "aws:Ec2InstanceSourceVpc"},
	{name: "aws:FederatedProvider"},
	{name: "aws:MultiFactorAuthAge"},
	{name: "aws:MultiFactorAuthPresent"},
	{name: "aws:PrincipalOrgID"},
	{name: "aws:PrincipalOrgPaths", multi: true},
	{name: "aws:PrincipalServiceName"},
	{name: "aws:PrincipalServiceNamesList", multi: true},
	{name: "aws:PrincipalTag/"},
	{name: "aws:RequestedRegion"},
	{name: "aws:RequestTag/"},
	{name: "aws:ResourceOrgID"},
	{name: "aws:ResourceOrgPaths", multi: true},
	{name: "aws:ResourceTag/"},
	{name: "aws:SourceAccount"},
	{name: "aws:SourceArn"},
	{name: "aws:SourceIdentity"},
	{name: "aws:SourceOrgID"},
	{name: "aws:SourceOrgPaths", multi: true},
	{name: "aws:SourceOwner"},
	{name: "aws:SourceVpc"},
	{name: "aws:SourceVpcArn"},
	{name: "aws:SourceVpce"},
	{name: "aws:TagKeys", multi: true},
	{name: "aws:TokenIssueTime"},
	{name: "aws:VpceAccount"},
	{name: "aws:VpceOrgID"},
	{name: "aws:VpceOrgPaths", multi: true},
	{name: "aws:VpcSourceIp"},
	{name: "s3:AccessGrantsInstanceArn"},
	{name: "s3:AccessPointNetworkOrigin"},
	{name: "s3:AccessPointTag/"},
	{name: "s3:BucketTag/"},
	{name: "s3:DataAccessPointAccount"},
	{name: "s3:DataAccessPointArn"},
	{name: "s3:DestinationRegion"},
	{name: "s3:ExistingJobOperation"},
	{name: "s3:ExistingJobPriority"},
	{name: "s3:InventoryAccessibleOptionalFields", multi: true},
	{name: "s3:isReplicationPauseRequest"},
	{name: "s3:JobSuspendedCause"},
	{name: "s3:LocationConstraint"},
	{name: "s3:ObjectCreationOperation"},
	{name: "s3:ReplicationDestination"},
	{name: "s3:RequestJobOperation"},
	{name: "s3:RequestJobPriority"},
}
