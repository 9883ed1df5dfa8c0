// Package encrypt is the default encryption of a bucket, as a document.
//
// The document is JSON in the shape of AWS:
//
//	{"Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": id},
//	            "BucketKeyEnabled": true, "BlockedEncryptionTypes": {"EncryptionType": ["SSE-C"]}}]}
//
// Release 0.4.0 wrote the members of ApplyServerSideEncryptionByDefault into the rule itself; that is read as well.
package encrypt

import (
	"encoding/json"
	"slices"

	"myfsio/fault"
	"myfsio/jsondoc"
)

// The algorithms.
const (
	AES256 = "AES256"
	KMS    = "aws:kms"
)

// MaxKeyID bounds the name of a key in bytes.
const MaxKeyID = 2048

// Rule says how objects are encrypted whose writers say nothing of it.
type Rule struct {
	Algorithm     string // AES256 or KMS; "" leaves the choice to the server
	KeyID         string // of KMS; "": its default key
	BucketKey     bool   // recorded and shown, without effect
	BlockCustomer bool   // keys of customers (SSE-C) are refused
	Unblock       bool   // the document says that nothing is blocked; shown, without effect
}

// Check reports why a rule cannot be taken.
func (r *Rule) Check() error {
	switch {
	case r.Algorithm == "aws:kms:dsse":
		return fault.New(fault.NotImplemented, "Encryption in two layers (aws:kms:dsse) is not offered.")
	case r.Algorithm != "" && r.Algorithm != AES256 && r.Algorithm != KMS:
		return malformed()
	case r.KeyID != "" && r.Algorithm != KMS:
		return fault.New(fault.InvalidArgument, "a KMSMasterKeyID is not applicable if the default sse algorithm is not aws:kms or aws:kms:dsse")
	case len(r.KeyID) > MaxKeyID:
		return fault.New(fault.InvalidArgument, "The KMSMasterKeyID is too long.")
	}
	return nil
}

// Block takes in the names of types that are blocked.
func (r *Rule) Block(types []string) error {
	for _, t := range types {
		switch t {
		case "SSE-C":
			r.BlockCustomer = true
		case "NONE":
			r.Unblock = true
		default:
			return malformed()
		}
	}
	if r.BlockCustomer && r.Unblock {
		return malformed()
	}
	return nil
}

// Blocked is the inverse of Block.
func (r *Rule) Blocked() []string {
	switch {
	case r.BlockCustomer:
		return []string{"SSE-C"}
	case r.Unblock:
		return []string{"NONE"}
	}
	return nil
}

func malformed() error {
	return fault.New(fault.MalformedXML, "The document you provided was not well-formed or did not validate against our published schema")
}

type document struct {
	Rules []rule
}

type byDefault struct {
	SSEAlgorithm   string `json:",omitempty"`
	KMSMasterKeyID string `json:",omitempty"`
}

type rule struct {
	ApplyServerSideEncryptionByDefault *byDefault `json:",omitempty"`
	BucketKeyEnabled                   bool       `json:",omitempty"`
	BlockedEncryptionTypes             *blocked   `json:",omitempty"`
	// As release 0.4.0 wrote them.
	SSEAlgorithm   string `json:",omitempty"`
	KMSMasterKeyID string `json:",omitempty"`
}

type blocked struct{ EncryptionType []string }

// Parse reads a document, of a client or a stored one. Members that are not known are refused.
func Parse(doc []byte) (*Rule, error) {
	var wrapped struct {
		document
		ServerSideEncryptionConfiguration *document // as the tools of AWS write it
	}
	if err := jsondoc.Decode(doc, &wrapped); err != nil {
		return nil, malformed()
	}
	d := &wrapped.document
	if wrapped.ServerSideEncryptionConfiguration != nil {
		if d.Rules != nil {
			return nil, malformed()
		}
		d = wrapped.ServerSideEncryptionConfiguration
	}
	if len(d.Rules) != 1 {
		return nil, malformed()
	}
	in := d.Rules[0]
	r := &Rule{Algorithm: in.SSEAlgorithm, KeyID: in.KMSMasterKeyID, BucketKey: in.BucketKeyEnabled}
	if b := in.ApplyServerSideEncryptionByDefault; b != nil {
		if in.SSEAlgorithm != "" || in.KMSMasterKeyID != "" {
			return nil, malformed()
		}
		r.Algorithm, r.KeyID = b.SSEAlgorithm, b.KMSMasterKeyID
	}
	if b := in.BlockedEncryptionTypes; b != nil {
		if err := r.Block(slices.Clone(b.EncryptionType)); err != nil {
			return nil, err
		}
	}
	return r, r.Check()
}

// JSON is the document of the rule.
func (r *Rule) JSON() []byte {
	out := rule{BucketKeyEnabled: r.BucketKey}
	if r.Algorithm != "" {
		out.ApplyServerSideEncryptionByDefault = &byDefault{r.Algorithm, r.KeyID}
	}
	if types := r.Blocked(); types != nil {
		out.BlockedEncryptionTypes = &blocked{types}
	}
	b, err := json.Marshal(document{[]rule{out}})
	if err != nil {
		panic(err) // text and booleans
	}
	return b
}
