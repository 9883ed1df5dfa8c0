package s3

import (
	"context"
	"strings"

	"myfsio/object"
	"myfsio/object/encrypt"
	"myfsio/s3/wire"
)

// maxEncryption bounds the document in bytes.
const maxEncryption = 64 << 10

// getEncryption serves GetBucketEncryption.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketEncryption.html
func (h *Handler) getEncryption(ctx context.Context, r *request) (*response, error) {
	rule, err := stored(ctx, h, r.gate.Bucket, object.ConfigEncryption, "encryption", encrypt.Parse)
	if err != nil {
		return nil, err
	}
	return r.config(encryptionXML{rule})
}

// putEncryption serves PutBucketEncryption. What the server cannot do is not taken.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketEncryption.html
func (h *Handler) putEncryption(ctx context.Context, r *request) (*response, error) {
	rule, err := sent(r, maxEncryption, parseEncryption, encrypt.Parse)
	if err != nil {
		return nil, err
	}
	if err := h.cfg.Store.TakesEncryption(rule); err != nil {
		return nil, err
	}
	if err := h.cfg.Store.SetConfig(ctx, r.gate.Bucket, object.ConfigEncryption, rule.JSON()); err != nil {
		return nil, err
	}
	return r.answer(), nil
}

// deleteEncryption serves DeleteBucketEncryption.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteBucketEncryption.html
func (h *Handler) deleteEncryption(ctx context.Context, r *request) (*response, error) {
	if err := h.cfg.Store.DeleteConfig(ctx, r.gate.Bucket, object.ConfigEncryption); err != nil {
		return nil, err
	}
	return r.done(), nil
}

// encryptionXML is a rule as a document.
type encryptionXML struct{ *encrypt.Rule }

// MarshalJSON writes the document in JSON.
func (d encryptionXML) MarshalJSON() ([]byte, error) { return d.JSON(), nil }

// Append writes the XML document behind dst.
func (d encryptionXML) Append(dst []byte) []byte {
	text := func(name, value string) {
		dst = append(append(append(dst, '<'), name...), '>')
		dst = wire.AppendText(dst, value)
		dst = append(append(append(dst, "</"...), name...), '>')
	}
	dst = append(dst, `<?xml version="1.0" encoding="UTF-8"?>`+"\n"+`<ServerSideEncryptionConfiguration xmlns="`+wire.Namespace+`"><Rule>`...)
	if d.Algorithm != "" {
		dst = append(dst, "<ApplyServerSideEncryptionByDefault>"...)
		text("SSEAlgorithm", d.Algorithm)
		if d.KeyID != "" {
			text("KMSMasterKeyID", d.KeyID)
		}
		dst = append(dst, "</ApplyServerSideEncryptionByDefault>"...)
	}
	if d.BucketKey {
		text("BucketKeyEnabled", "true")
	} else {
		text("BucketKeyEnabled", "false")
	}
	if types := d.Blocked(); types != nil {
		dst = append(dst, "<BlockedEncryptionTypes>"...)
		for _, t := range types {
			text("EncryptionType", t)
		}
		dst = append(dst, "</BlockedEncryptionTypes>"...)
	}
	return append(dst, "</Rule></ServerSideEncryptionConfiguration>"...)
}

// parseEncryption reads a ServerSideEncryptionConfiguration document.
func parseEncryption(body []byte) (*encrypt.Rule, error) {
	root, err := wire.ParseXML(body)
	if err != nil {
		return nil, err
	}
	if root.Name != "ServerSideEncryptionConfiguration" || len(root.Children) != 1 || root.Children[0].Name != "Rule" {
		return nil, errNotificationXML()
	}
	r := &encrypt.Rule{}
	seen := map[string]bool{}
	for i := range root.Children[0].Children {
		e := &root.Children[0].Children[i]
		if seen[e.Name] {
			return nil, errNotificationXML()
		}
		seen[e.Name] = true
		switch text := strings.TrimSpace(e.Text); {
		case e.Name == "ApplyServerSideEncryptionByDefault":
			r.Algorithm, r.KeyID = e.Value("SSEAlgorithm"), e.Value("KMSMasterKeyID")
			if r.Algorithm == "" {
				return nil, errNotificationXML()
			}
		case e.Name == "BucketKeyEnabled" && (text == "true" || text == "false"):
			r.BucketKey = text == "true"
		case e.Name == "BlockedEncryptionTypes":
			var types []string
			for j := range e.Children {
				types = append(types, strings.TrimSpace(e.Children[j].Text))
			}
			if err := r.Block(types); err != nil {
				return nil, err
			}
		default:
			return nil, errNotificationXML()
		}
	}
	return r, r.Check()
}
