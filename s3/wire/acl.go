package wire

import (
	"strings"

	"myfsio/fault"
)

// The types of grantees.
const (
	CanonicalUser = "CanonicalUser"
	GroupGrantee  = "Group"
	byEmail       = "AmazonCustomerByEmail"
)

// Grantee is who is granted something: a user with ID, or a group with URI.
type Grantee struct {
	Type         string `json:"Type"`
	ID           string `json:"ID,omitempty"`
	DisplayName  string `json:"DisplayName,omitempty"`
	URI          string `json:"URI,omitempty"`
	EmailAddress string `json:"EmailAddress,omitempty"` // refused by the parsers
}

// Grant gives a grantee one of READ, WRITE, READ_ACP, WRITE_ACP and FULL_CONTROL.
type Grant struct {
	Grantee    Grantee `json:"Grantee"`
	Permission string  `json:"Permission"`
}

// ACL is the document of the operations on access control lists, in XML and JSON.
type ACL struct {
	Owner  Owner   `json:"Owner"`
	Grants []Grant `json:"Grants"` // not nil when it is written
}

// Append writes the document.
func (r *ACL) Append(dst []byte) []byte {
	d := begin(dst, "AccessControlPolicy")
	d.owner("Owner", r.Owner)
	d.open("AccessControlList")
	for i := range r.Grants {
		g := &r.Grants[i]
		d.open("Grant")
		d.b = append(d.b, `<Grantee xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="`...)
		d.b = append(AppendText(d.b, g.Grantee.Type), `">`...)
		d.opt("ID", g.Grantee.ID)
		d.opt("DisplayName", g.Grantee.DisplayName)
		d.opt("URI", g.Grantee.URI)
		d.close("Grantee")
		d.text("Permission", g.Permission)
		d.close("Grant")
	}
	d.close("AccessControlList")
	d.close("AccessControlPolicy")
	return d.b
}

// ParseACL reads an AccessControlPolicy of at most max grants. Each grantee has either ID or URI.
func ParseACL(body []byte, max int) (ACL, error) {
	root, err := parseRoot(body, "AccessControlPolicy")
	if err != nil {
		return ACL{}, errMalformedACL()
	}
	owner, list := root.Child("Owner"), root.Child("AccessControlList")
	if owner == nil || list == nil || len(root.Children) != 2 || !owner.only("ID", "DisplayName") {
		return ACL{}, errMalformedACL()
	}
	a := ACL{Owner: Owner{ID: owner.Value("ID"), DisplayName: owner.Value("DisplayName")}, Grants: []Grant{}}
	for i := range list.Children {
		g, ok := parseGrant(&list.Children[i])
		if !ok || len(a.Grants) == max {
			return ACL{}, errMalformedACL()
		}
		a.Grants = append(a.Grants, g)
	}
	return a.checked()
}

func parseGrant(e *Element) (Grant, bool) {
	who := e.Child("Grantee")
	if e.Name != "Grant" || who == nil || !e.only("Grantee", "Permission") || !who.only("ID", "DisplayName", "URI", "EmailAddress") {
		return Grant{}, false
	}
	return Grant{Permission: e.Value("Permission"), Grantee: Grantee{Type: who.Type, ID: who.Value("ID"), DisplayName: who.Value("DisplayName"),
		URI: who.Value("URI"), EmailAddress: who.Value("EmailAddress")}}, true
}

// only reports whether e has children of these names alone, each at most once.
func (e *Element) only(names ...string) bool {
	seen := 0
	for _, n := range names {
		if e.Child(n) != nil {
			seen++
		}
	}
	return seen == len(e.Children)
}

// ParseACLJSON reads {"Owner":{"ID":""},"Grants":[{"Grantee":{"Type":"","ID":"","URI":""},"Permission":""}]}.
func ParseACLJSON(body []byte, max int) (ACL, error) {
	var a ACL
	if err := DecodeJSON(body, &a); err != nil {
		return ACL{}, err
	}
	if a.Grants == nil || len(a.Grants) > max {
		return ACL{}, errMalformedACL()
	}
	return a.checked()
}

// checked completes the types of grantees, and refuses what no list can say.
func (r ACL) checked() (ACL, error) {
	if r.Owner.ID == "" {
		return ACL{}, errMalformedACL()
	}
	for i := range r.Grants {
		g := &r.Grants[i]
		switch g.Permission {
		case "READ", "WRITE", "READ_ACP", "WRITE_ACP", "FULL_CONTROL":
		default:
			return ACL{}, errMalformedACL()
		}
		if err := g.Grantee.complete(); err != nil {
			return ACL{}, err
		}
	}
	return r, nil
}

// complete finds the type of the grantee, or checks the one that is given.
func (g *Grantee) complete() error {
	var is string
	switch {
	case g.ID != "" && g.URI == "" && g.EmailAddress == "":
		is = CanonicalUser
	case g.URI != "" && g.ID == "" && g.EmailAddress == "":
		is = GroupGrantee
	case g.EmailAddress != "" && g.ID == "" && g.URI == "":
		is = byEmail
	default:
		return errMalformedACL()
	}
	if g.Type != "" && g.Type != is {
		return errMalformedACL()
	}
	g.Type = is
	if is == byEmail {
		return errNoEmail()
	}
	return nil
}

func errMalformedACL() error {
	return &fault.Error{Kind: fault.MalformedXML, Code: "MalformedACLError",
		Msg: "The ACL that you provided was not well formed or did not validate against our published schema."}
}

func errNoEmail() error {
	return &fault.Error{Kind: fault.InvalidArgument, Code: "UnresolvableGrantByEmailAddress",
		Msg: "The e-mail address you provided does not match any account on record: users of this server have none. Name the canonical user id."}
}

// ParseGrantHeader reads an x-amz-grant- header: id="…" and uri="…", separated by commas. name is its name in lower case, for
// the error.
func ParseGrantHeader(name, value string, max int) ([]Grantee, error) {
	var out []Grantee
	for rest := value; ; {
		var item string
		item, rest = cutETag(rest) // a comma inside quotes belongs to the item
		kind, v, ok := strings.Cut(strings.TrimSpace(item), "=")
		v = Unquote(strings.TrimSpace(v))
		if !ok || v == "" || strings.ContainsAny(v, "\",") || len(out) == max {
			return nil, InvalidArgument(name, value, "Argument format not recognized")
		}
		switch strings.ToLower(strings.TrimSpace(kind)) {
		case "id":
			out = append(out, Grantee{Type: CanonicalUser, ID: v})
		case "uri":
			out = append(out, Grantee{Type: GroupGrantee, URI: v})
		case "emailaddress":
			return nil, errNoEmail()
		default:
			return nil, InvalidArgument(name, value, "Argument format not recognized")
		}
		if rest == "" {
			return out, nil
		}
	}
}
