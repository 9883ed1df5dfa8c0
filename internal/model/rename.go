package model

import (
	"myfsio/acl"
	"myfsio/fault"
	"myfsio/object"
)

// Rename moves the current version of a key to another key. Its token is ignored.
func (m *Model) Rename(req object.RenameObject) (object.Renamed, error) {
	if err := firstError(checkKey(req.Key), checkKey(req.Source)); err != nil {
		return object.Renamed{}, err
	}
	if req.Source == req.Key {
		return object.Renamed{}, fail(fault.InvalidRequest)
	}
	b, err := m.bucket(req.Bucket)
	if err != nil {
		return object.Renamed{}, err
	}
	v, dest := b.current(req.Source), b.current(req.Key)
	switch {
	case v == nil:
		return object.Renamed{}, fail(fault.NoSuchKey)
	case checkRead(&req.SourceIf, v) != nil:
		return object.Renamed{}, fail(fault.PreconditionFailed)
	case v.poisoned:
		return object.Renamed{}, fail(fault.Corrupted)
	case v.protects(m.Now(), false):
		return object.Renamed{}, fail(fault.Locked)
	case opens(v.enc, req.SourceCustomer) != nil:
		return object.Renamed{}, fail(fault.InvalidRequest)
	case dest == nil && (len(req.If.IfMatch) > 0 || len(req.If.IfNoneMatch) == 0 && !req.If.IfModifiedSince.IsZero()),
		dest != nil && checkRead(&req.If, dest) != nil:
		return object.Renamed{}, fail(fault.PreconditionFailed)
	}
	old, next := *v, *v
	next.key = req.Key
	b.remove(v)
	m.add(b, &next)
	next.modified = old.modified
	m.tell(b, "ObjectCreated:Copy", req.By, &next)
	m.tell(b, "ObjectRemoved:Delete", req.By, &old)
	if b.Versioning != object.Unversioned {
		owner, _, _ := b.admit(req.Owner, acl.List{}, false)
		mark := &version{key: req.Source, marker: true, owner: owner}
		m.add(b, mark)
		m.tell(b, "ObjectRemoved:DeleteMarkerCreated", req.By, mark)
		return object.Renamed{Version: b.describe(&next), SourceVersionID: b.describe(mark).VersionID}, nil
	}
	return object.Renamed{Version: b.describe(&next)}, nil
}
