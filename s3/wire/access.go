package wire

import "strings"

// PublicAccessBlock is the document of the operations of that name, in XML and JSON.
type PublicAccessBlock struct {
	BlockPublicACLs       bool `json:"BlockPublicAcls"`
	IgnorePublicACLs      bool `json:"IgnorePublicAcls"`
	BlockPublicPolicy     bool `json:"BlockPublicPolicy"`
	RestrictPublicBuckets bool `json:"RestrictPublicBuckets"`
}

const publicAccessBlock = "PublicAccessBlockConfiguration"

// Append writes the document.
func (r *PublicAccessBlock) Append(dst []byte) []byte {
	d := begin(dst, publicAccessBlock)
	d.bool("BlockPublicAcls", r.BlockPublicACLs)
	d.bool("IgnorePublicAcls", r.IgnorePublicACLs)
	d.bool("BlockPublicPolicy", r.BlockPublicPolicy)
	d.bool("RestrictPublicBuckets", r.RestrictPublicBuckets)
	d.close(publicAccessBlock)
	return d.b
}

// ParsePublicAccessBlock reads the XML body of PutPublicAccessBlock. What is not said is off.
func ParsePublicAccessBlock(body []byte) (PublicAccessBlock, error) {
	root, err := parseRoot(body, publicAccessBlock)
	if err != nil {
		return PublicAccessBlock{}, err
	}
	var p PublicAccessBlock
	known := map[string]*bool{"BlockPublicAcls": &p.BlockPublicACLs, "IgnorePublicAcls": &p.IgnorePublicACLs,
		"BlockPublicPolicy": &p.BlockPublicPolicy, "RestrictPublicBuckets": &p.RestrictPublicBuckets}
	for i := range root.Children {
		e := &root.Children[i]
		to := known[e.Name]
		if to == nil {
			return PublicAccessBlock{}, ErrMalformedXML()
		}
		delete(known, e.Name) // each stands once
		switch v := strings.TrimSpace(e.Text); {
		case strings.EqualFold(v, "true"):
			*to = true
		case !strings.EqualFold(v, "false"):
			return PublicAccessBlock{}, ErrMalformedXML()
		}
	}
	return p, nil
}

// ParsePublicAccessBlockJSON reads {"BlockPublicAcls":true,…}.
func ParsePublicAccessBlockJSON(body []byte) (p PublicAccessBlock, err error) {
	return p, DecodeJSON(body, &p)
}

// OwnershipControls is the document of the operations of that name, in XML and JSON.
type OwnershipControls struct {
	Rules []OwnershipRule `json:"Rules"` // one
}

// OwnershipRule is its only element.
type OwnershipRule struct {
	ObjectOwnership string `json:"ObjectOwnership"`
}

// Append writes the document.
func (r *OwnershipControls) Append(dst []byte) []byte {
	d := begin(dst, "OwnershipControls")
	for _, rule := range r.Rules {
		d.open("Rule")
		d.text("ObjectOwnership", rule.ObjectOwnership)
		d.close("Rule")
	}
	d.close("OwnershipControls")
	return d.b
}

// ParseOwnershipControls reads the XML body of PutBucketOwnershipControls: one rule, whose value is not looked at.
func ParseOwnershipControls(body []byte) (OwnershipControls, error) {
	root, err := parseRoot(body, "OwnershipControls")
	if err != nil {
		return OwnershipControls{}, err
	}
	if len(root.Children) != 1 || !root.only("Rule") || !root.Children[0].only("ObjectOwnership") {
		return OwnershipControls{}, ErrMalformedXML()
	}
	return OwnershipControls{[]OwnershipRule{{root.Children[0].Value("ObjectOwnership")}}}.checked()
}

// ParseOwnershipControlsJSON reads {"Rules":[{"ObjectOwnership":""}]}.
func ParseOwnershipControlsJSON(body []byte) (OwnershipControls, error) {
	var o OwnershipControls
	if err := DecodeJSON(body, &o); err != nil {
		return o, err
	}
	return o.checked()
}

func (r OwnershipControls) checked() (OwnershipControls, error) {
	if len(r.Rules) != 1 || r.Rules[0].ObjectOwnership == "" {
		return OwnershipControls{}, ErrMalformedXML()
	}
	return r, nil
}

// PolicyStatus is the answer of GetBucketPolicyStatus, in XML and JSON.
type PolicyStatus struct {
	IsPublic bool `json:"IsPublic"`
}

// Append writes the document.
func (r *PolicyStatus) Append(dst []byte) []byte {
	d := begin(dst, "PolicyStatus")
	d.bool("IsPublic", r.IsPublic)
	d.close("PolicyStatus")
	return d.b
}
