package wire

import (
	"reflect"
	"strings"
	"testing"

	"myfsio/fault"
)

const (
	everyone = "http://acs.amazonaws.com/groups/global/AllUsers"
	ownerXML = `<Owner><ID>o</ID></Owner>`
)

func aclXML(grants string) string {
	return `<AccessControlPolicy>` + ownerXML + `<AccessControlList>` + grants + `</AccessControlList></AccessControlPolicy>`
}

func grantXML(grantee, permission string) string {
	return `<Grant>` + grantee + `<Permission>` + permission + `</Permission></Grant>`
}

func TestParseACL(t *testing.T) {
	typed := func(name, inner string) string {
		return `<Grantee xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="` + name + `">` + inner + `</Grantee>`
	}
	user := Grant{Grantee{Type: CanonicalUser, ID: "a", DisplayName: "n"}, "READ"}
	for _, tt := range []struct {
		in   string
		want []Grant
		code string
	}{
		{in: aclXML(""), want: []Grant{}},
		{in: aclXML(grantXML(typed(CanonicalUser, "<ID>a</ID><DisplayName>n</DisplayName>"), "READ")), want: []Grant{user}},
		{in: aclXML(grantXML("<Grantee><ID> a </ID><DisplayName>n</DisplayName></Grantee>", "READ")), want: []Grant{user}},
		{in: aclXML("\n  " + grantXML(typed("Group", "<URI>"+everyone+"</URI>"), "FULL_CONTROL") + "\n"),
			want: []Grant{{Grantee{Type: GroupGrantee, URI: everyone}, "FULL_CONTROL"}}},
		{in: strings.Replace(aclXML(""), "<Access", `<?xml version="1.0"?><Access`, 1), want: []Grant{}},
		{in: strings.Replace(aclXML(""), "Policy>", `Policy xmlns="`+Namespace+`">`, 1), want: []Grant{}},
		{in: aclXML(grantXML(typed("AmazonCustomerByEmail", "<EmailAddress>a@b</EmailAddress>"), "READ")), code: "UnresolvableGrantByEmailAddress"},
		{in: aclXML(grantXML(typed("Group", "<ID>a</ID>"), "READ")), code: "MalformedACLError"},
		{in: aclXML(grantXML(typed("Group", "<URI>u</URI><ID>a</ID>"), "READ")), code: "MalformedACLError"},
		{in: aclXML(grantXML(typed("CanonicalUser", ""), "READ")), code: "MalformedACLError"},
		{in: aclXML(grantXML("<Grantee><ID>a</ID></Grantee>", "DELETE")), code: "MalformedACLError"},
		{in: aclXML(grantXML("", "READ")), code: "MalformedACLError"},
		{in: aclXML("<Grunt/>"), code: "MalformedACLError"},
		{in: aclXML(strings.Repeat(grantXML("<Grantee><ID>a</ID></Grantee>", "READ"), 4)), code: "MalformedACLError"},
		{in: `<AccessControlPolicy><AccessControlList/></AccessControlPolicy>`, code: "MalformedACLError"},
		{in: `<AccessControlPolicy><Owner/><AccessControlList/></AccessControlPolicy>`, code: "MalformedACLError"},
		{in: `<AccessControlPolicy>` + ownerXML + `</AccessControlPolicy>`, code: "MalformedACLError"},
		{in: `<Tagging/>`, code: "MalformedACLError"},
		{in: `hello`, code: "MalformedACLError"},
	} {
		got, err := ParseACL([]byte(tt.in), 3)
		if codeOf(err) != tt.code || err == nil && (!reflect.DeepEqual(got.Grants, tt.want) || got.Owner.ID != "o") {
			t.Errorf("%s\ngot %+v, %v", tt.in, got, err)
		}
	}
}

func codeOf(err error) string {
	for err != nil {
		switch e := err.(type) {
		case *fault.Error:
			if e.Code == "" {
				return "kind"
			}
			return e.Code
		case *Detail:
			err = e.Err
		default:
			return "unknown"
		}
	}
	return ""
}

func TestParseACLJSON(t *testing.T) {
	for in, code := range map[string]string{
		`{"Owner":{"ID":"o"},"Grants":[]}`: "",
		`{"Owner":{"ID":"o","DisplayName":"n"},"Grants":[{"Grantee":{"Type":"Group","URI":"u"},"Permission":"READ"}]}`: "",
		`{"Owner":{"ID":"o"},"Grants":[{"Grantee":{"ID":"u"},"Permission":"READ_ACP"}]}`:                               "",
		`{"Owner":{"ID":"o"}}`: "MalformedACLError",
		`{"Grants":[]}`:        "MalformedACLError",
		`{"Owner":{"ID":"o"},"Grants":[{"Grantee":{"EmailAddress":"a@b"},"Permission":"READ"}]}`: "UnresolvableGrantByEmailAddress",
		`{"Owner":{"ID":"o"},"Grants":[{"Grantee":{"ID":"u"},"Permission":"read"}]}`:             "MalformedACLError",
		`{"Owner":{"ID":"o"},"Grants":[],"More":1}`:                                              "MalformedXML",
		`[]`: "MalformedXML",
	} {
		if _, err := ParseACLJSON([]byte(in), 3); codeOf(err) != code {
			t.Errorf("%s: %v", in, err)
		}
	}
}

func TestParseGrantHeader(t *testing.T) {
	user, all := Grantee{Type: CanonicalUser, ID: "a"}, Grantee{Type: GroupGrantee, URI: everyone}
	for _, tt := range []struct {
		in   string
		want []Grantee
		code string
	}{
		{in: `id="a"`, want: []Grantee{user}},
		{in: `id=a`, want: []Grantee{user}},
		{in: ` ID = "a" ,uri="` + everyone + `"`, want: []Grantee{user, all}},
		{in: `uri=` + everyone + `, id="a"`, want: []Grantee{all, user}},
		{in: `emailAddress="a@b"`, code: "UnresolvableGrantByEmailAddress"},
		{in: ``, code: "kind"},
		{in: `id=`, code: "kind"},
		{in: `id="a",`, want: []Grantee{user}},
		{in: `id="a",,id="b"`, code: "kind"},
		{in: `id="a" id="b"`, code: "kind"},
		{in: `name="a"`, code: "kind"},
		{in: `id="a`, code: "kind"},
		{in: `id=a,id=a,id=a,id=a`, code: "kind"},
	} {
		got, err := ParseGrantHeader("x-amz-grant-read", tt.in, 3)
		if codeOf(err) != tt.code || !reflect.DeepEqual(got, tt.want) {
			t.Errorf("%s: got %+v, %v", tt.in, got, err)
		}
	}
}

func TestParsePublicAccessBlock(t *testing.T) {
	doc := func(inner string) string {
		return `<PublicAccessBlockConfiguration xmlns="` + Namespace + `">` + inner + `</PublicAccessBlockConfiguration>`
	}
	for in, want := range map[string]*PublicAccessBlock{
		doc(""): {},
		doc("<BlockPublicAcls>TRUE</BlockPublicAcls>"):                                         {BlockPublicACLs: true},
		doc("<RestrictPublicBuckets> true </RestrictPublicBuckets>"):                           {RestrictPublicBuckets: true},
		doc("<BlockPublicAcls>true</BlockPublicAcls><BlockPublicAcls>false</BlockPublicAcls>"): nil,
		doc("<BlockPublicAcls>yes</BlockPublicAcls>"):                                          nil,
		doc("<BlockAll>true</BlockAll>"):                                                       nil,
		`<Tagging/>`:                                                                           nil,
	} {
		got, err := ParsePublicAccessBlock([]byte(in))
		if (err == nil) != (want != nil) || want != nil && got != *want {
			t.Errorf("%s: got %+v, %v", in, got, err)
		}
	}
	if p, err := ParsePublicAccessBlockJSON([]byte(`{"BlockPublicPolicy":true}`)); err != nil || p != (PublicAccessBlock{BlockPublicPolicy: true}) {
		t.Error(p, err)
	}
	if _, err := ParsePublicAccessBlockJSON([]byte(`{"BlockPublic":true}`)); err == nil {
		t.Error("an unknown field is taken")
	}
}

func TestParseOwnershipControls(t *testing.T) {
	for in, want := range map[string]string{
		`<OwnershipControls><Rule><ObjectOwnership>ObjectWriter</ObjectOwnership></Rule></OwnershipControls>`: "ObjectWriter",
		`<OwnershipControls/>`:                           "",
		`<OwnershipControls><Rule/></OwnershipControls>`: "",
		`<OwnershipControls><Rule><ObjectOwnership>a</ObjectOwnership></Rule><Rule><ObjectOwnership>a</ObjectOwnership></Rule></OwnershipControls>`: "",
	} {
		got, err := ParseOwnershipControls([]byte(in))
		if (err == nil) != (want != "") || err == nil && got.Rules[0].ObjectOwnership != want {
			t.Errorf("%s: got %+v, %v", in, got, err)
		}
	}
	if o, err := ParseOwnershipControlsJSON([]byte(`{"Rules":[{"ObjectOwnership":"x"}]}`)); err != nil || o.Rules[0].ObjectOwnership != "x" {
		t.Error(o, err)
	}
	if _, err := ParseOwnershipControlsJSON([]byte(`{"Rules":[]}`)); err == nil {
		t.Error("no rule is taken")
	}
}
