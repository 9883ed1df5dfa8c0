package s3

import (
	"context"
	"strings"

	"myfsio/checksum"
	"myfsio/fault"
	"myfsio/object"
	"myfsio/s3/wire"
)

// getAttributes serves GetObjectAttributes.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObjectAttributes.html
func (h *Handler) getAttributes(ctx context.Context, r *request) (*response, error) {
	asked, err := r.attributes()
	if err != nil {
		return nil, err
	}
	version, err := r.versionParam()
	if err != nil {
		return nil, err
	}
	key, err := r.customerKey()
	if err != nil {
		return nil, err
	}
	rd, err := h.openSeen(ctx, r, object.GetObject{Bucket: r.gate.Bucket, Key: r.gate.Key, VersionID: version, HeadOnly: true, Customer: key}, opGetObject)
	if err != nil {
		return r.unreadable(ctx, rd, err)
	}
	v := &rd.Version
	doc := &wire.Attributes{}
	if asked["ETag"] {
		doc.ETag = v.ETag
	}
	if asked["Checksum"] {
		doc.Checksum = sumOf(v.Checksum)
	}
	if asked["ObjectSize"] {
		doc.Size, doc.HasSize = v.Size, true
	}
	if asked["StorageClass"] {
		if doc.StorageClass = v.Meta.StorageClass; doc.StorageClass == "" {
			doc.StorageClass = "STANDARD"
		}
	}
	if asked["ObjectParts"] && v.Parts > 0 {
		if doc.Parts, err = h.attributeParts(ctx, r, v); err != nil {
			return nil, err
		}
	}
	res := r.answer()
	res.setTime("Last-Modified", v.Modified)
	res.setVersion(v)
	res.doc = doc
	return res, nil
}

// attributes reads x-amz-object-attributes.
func (r *request) attributes() (map[string]bool, error) {
	asked := map[string]bool{}
	for _, line := range r.http.Header["X-Amz-Object-Attributes"] {
		for name := range strings.SplitSeq(line, ",") {
			switch name = strings.TrimSpace(name); name {
			case "ETag", "Checksum", "ObjectParts", "StorageClass", "ObjectSize":
				asked[name] = true
			default:
				return nil, wire.InvalidArgument("x-amz-object-attributes", name, "Invalid attribute name specified.")
			}
		}
	}
	if len(asked) == 0 {
		return nil, fault.New(fault.InvalidRequest, "The x-amz-object-attributes header specifying the attributes to be retrieved is either missing or empty")
	}
	return asked, nil
}

// attributeParts reads a page of parts. As in AWS, parts are only listed where they have checksums.
func (h *Handler) attributeParts(ctx context.Context, r *request, v *object.Version) (*wire.AttributeParts, error) {
	max, err := wire.ParseMax(r.header("X-Amz-Max-Parts"), "x-amz-max-parts", object.MaxListKeys)
	if err != nil {
		return nil, err
	}
	after, err := partMarker("x-amz-part-number-marker", r.header("X-Amz-Part-Number-Marker"))
	if err != nil {
		return nil, err
	}
	if v.Checksum.Algorithm == checksum.None {
		return &wire.AttributeParts{Total: v.Parts}, nil
	}
	page, err := h.cfg.Store.ObjectParts(ctx, object.ObjectParts{Bucket: v.Bucket, Key: v.Key, VersionID: v.VersionID, After: after, Max: max})
	if err != nil {
		return nil, err
	}
	return &wire.AttributeParts{Total: page.Total, Marker: after, Next: page.Next, Max: max, Truncated: page.Truncated, Parts: partsOf(page.Parts)}, nil
}
