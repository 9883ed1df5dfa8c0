package s3

import (
	"context"
	"net/http"
	"strconv"

	"myfsio/fault"
	"myfsio/object"
	"myfsio/s3/wire"
)

// deleteObject serves DeleteObject.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObject.html
func (h *Handler) deleteObject(ctx context.Context, r *request) (*response, error) {
	del := object.DeleteObject{Bucket: r.gate.Bucket, Key: r.gate.Key, Owner: r.owner(), By: r.actor()}
	var err error
	if del.VersionID, err = r.versionParam(); err != nil {
		return nil, err
	}
	if del.If, err = r.deleteConditions(); err != nil {
		return nil, err
	}
	if del.BypassGovernance, err = r.mayBypass(ctx, r.gate); err != nil {
		return nil, err
	}
	d, err := h.cfg.Store.Delete(ctx, del)
	if err != nil {
		return nil, r.condition(err)
	}
	res := r.answer()
	res.status = http.StatusNoContent
	res.set("x-amz-version-id", d.VersionID)
	if d.DeleteMarker {
		res.set("x-amz-delete-marker", "true")
	}
	if r.record.VersionID = d.VersionID; d.Size > 0 {
		r.record.Size = d.Size
	}
	return res, nil
}

// deleteConditions reads the preconditions of a delete.
func (r *request) deleteConditions() (object.WriteConditions, error) {
	c, err := r.writeConditions()
	if err != nil {
		return c, err
	}
	if c.IfNoneMatch != "" {
		return c, notBuilt("If-None-Match")
	}
	if c.IfMatchModified, err = r.headerTime("X-Amz-If-Match-Last-Modified-Time"); err != nil {
		return c, err
	}
	if v := r.header("X-Amz-If-Match-Size"); v != "" {
		n, err := strconv.ParseInt(v, 10, 64)
		if err != nil || n < 0 {
			return c, wire.InvalidArgument("x-amz-if-match-size", v, "The header is not a size.")
		}
		c.IfMatchSize = &n
	}
	return c, nil
}

// deleteObjects serves DeleteObjects. Every key passes the gate by itself.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html
func (h *Handler) deleteObjects(ctx context.Context, r *request) (*response, error) {
	if !r.gate.Anonymous() { // to whom a bucket that is absent is like one whose keys are all refused
		if _, err := h.cfg.Store.HeadBucket(ctx, r.gate.Bucket); err != nil {
			return nil, err
		}
	}
	body, digested, err := r.document(wire.MaxLargeDocument)
	if err != nil {
		return nil, err
	}
	if !digested {
		return nil, fault.New(fault.InvalidRequest, "Missing required header for this request: Content-MD5 OR x-amz-checksum-*")
	}
	doc, err := wire.ParseDelete(body, object.MaxDelete)
	if err != nil {
		return nil, err
	}
	entries := make([]wire.DeletedEntry, len(doc.Keys))
	r.record.Keys = make([]KeyRecord, len(doc.Keys))
	if err := h.deleteAllowed(ctx, r, doc.Keys, entries); err != nil {
		return nil, err
	}
	res := r.answer()
	res.doc = &wire.DeleteResult{Entries: shown(entries, doc.Quiet)}
	return res, nil
}

// deleteAllowed deletes the keys the sender may delete, and fills in what became of each.
func (h *Handler) deleteAllowed(ctx context.Context, r *request, keys []wire.DeleteKey, entries []wire.DeletedEntry) error {
	dels := make([]object.DeleteObject, 0, len(keys))
	at := make([]int, 0, len(keys)) // of each of dels in entries
	refuse := func(i int, err error) {
		p := problemOf(err)
		entries[i].Code, entries[i].Message = p.code, p.msg
		r.record.Keys[i].Status, r.record.Keys[i].Code = p.status, p.code
	}
	owner, by := r.owner(), r.actor()
	one := r.about(opDeleteObject, r.gate.Bucket, "", "")
	seen := one.Conditions.Source.(*elsewhere)
	for i, k := range keys {
		entries[i] = wire.DeletedEntry{Key: k.Key, VersionID: k.VersionID}
		r.record.Keys[i] = KeyRecord{Key: k.Key, VersionID: k.VersionID, Status: http.StatusNoContent, Size: -1}
		one.Key, one.VersionID = k.Key, k.VersionID
		seen.key, seen.version = k.Key, k.VersionID
		if err := h.cfg.Gate.Authorize(ctx, &one); err != nil {
			refuse(i, err)
			continue
		}
		bypass, err := r.mayBypass(ctx, one)
		if err != nil {
			refuse(i, err)
			continue
		}
		dels = append(dels, object.DeleteObject{Bucket: r.gate.Bucket, Key: k.Key, VersionID: k.VersionID, Owner: owner, By: by, BypassGovernance: bypass,
			If: object.WriteConditions{IfMatch: k.ETag, IfMatchModified: k.Modified, IfMatchSize: k.Size}})
		at = append(at, i)
	}
	if len(dels) == 0 {
		return nil
	}
	done, err := h.cfg.Store.DeleteBatch(ctx, r.gate.Bucket, dels)
	if err != nil {
		r.record.Keys = nil // the request has failed as a whole
		return err
	}
	for i, d := range done {
		e := &entries[at[i]]
		if d.Err != nil {
			refuse(at[i], d.Err)
			continue
		}
		if d.Size > 0 {
			r.record.Keys[at[i]].Size = d.Size
		}
		if d.DeleteMarker {
			e.DeleteMarker, e.DeleteMarkerVersionID = true, d.VersionID
		}
	}
	return nil
}

// shown leaves out the successes of a quiet delete.
func shown(entries []wire.DeletedEntry, quiet bool) []wire.DeletedEntry {
	if !quiet {
		return entries
	}
	failed := entries[:0]
	for _, e := range entries {
		if e.Code != "" {
			failed = append(failed, e)
		}
	}
	return failed
}
