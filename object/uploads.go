package object

import (
	"context"
	"encoding/binary"
	"errors"

	"myfsio/fault"
	"myfsio/kv"
)

// ListParts returns a page of the parts of an unfinished upload.
func (s *Store) ListParts(ctx context.Context, req ListParts) (PartPage, error) {
	var page PartPage
	if err := verifyMax(req.Max); err != nil {
		return page, err
	}
	req.Max = min(req.Max, MaxListKeys)
	err := s.viewDB(ctx, func(r kv.Reader) error {
		page = PartPage{}
		b, err := glanceBucket(r, req.Bucket)
		if err != nil {
			return err
		}
		u, up, err := getUpload(r, b.ID, req.Key, req.UploadID)
		if err != nil {
			return err
		}
		page.Upload = up.upload(req.Bucket, req.Key, u)
		if req.Max == 0 || req.After >= MaxParts {
			return nil
		}
		rg := kv.Prefix(idKey(tPart, u))
		rg.Start = partKey(u, max(req.After, 0)+1)
		for p, err := range kv.Scan(r, rg) {
			if err != nil {
				return err
			}
			if len(page.Parts) == req.Max {
				page.Truncated, page.Next = true, page.Parts[req.Max-1].Number
				return nil
			}
			var rec partRecord
			if err := rec.decode(p.Value); err != nil {
				return err
			}
			n := int(binary.BigEndian.Uint16(p.Key[len(p.Key)-2:]))
			page.Parts = append(page.Parts, rec.part(n, up.sum))
		}
		return nil
	})
	return page, err
}

// ListUploads returns a page of the unfinished uploads of a bucket.
func (s *Store) ListUploads(ctx context.Context, req ListUploads) (UploadPage, error) {
	var page UploadPage
	if err := verifyMax(req.Max); err != nil {
		return page, err
	}
	req.Max = min(req.Max, MaxListKeys)
	err := s.viewDB(ctx, func(r kv.Reader) error {
		page = UploadPage{}
		b, err := glanceBucket(r, req.Bucket)
		if err != nil || req.Max == 0 {
			return err
		}
		head := uploadsOf(b.ID, req.Prefix)
		c, err := r.Cursor(kv.Prefix(head[:len(head)-2]))
		if err != nil {
			return err
		}
		defer c.Close()
		return fillUploads(c, &b, &req, &page)
	})
	return page, err
}

// uploadStart is the first row a page can begin with.
func uploadStart(b *Bucket, req *ListUploads) []byte {
	if u, err := parseVersion(req.UploadIDMarker); err == nil && req.KeyMarker >= req.Prefix && req.KeyMarker != "" {
		return append(uploadKey(b.ID, req.KeyMarker, u), 0)
	}
	from := grouping{req.Prefix, req.Delimiter}.behind(req.KeyMarker)
	k := uploadsOf(b.ID, from)
	return k[:len(k)-2]
}

func fillUploads(c kv.Cursor, b *Bucket, req *ListUploads, page *UploadPage) error {
	g := grouping{req.Prefix, req.Delimiter}
	for ok := c.SeekGE(uploadStart(b, req)); ok; {
		if len(page.Uploads)+len(page.Prefixes) == req.Max {
			page.Truncated = true
			return nil
		}
		key, rest, good := unescapeKey(c.Key()[1+8:])
		if !good {
			return errRecord
		}
		if p := g.common(key); p != "" {
			page.Prefixes = append(page.Prefixes, p)
			page.NextKeyMarker, page.NextUploadIDMarker = p, ""
			k := uploadsOf(b.ID, p)
			ok = c.SeekGE(kv.PrefixEnd(k[:len(k)-2]))
			continue
		}
		v, err := c.Value()
		if err != nil {
			return err
		}
		var u id
		var rec uploadRecord
		if err := setID(&u, rest); err != nil {
			return err
		}
		if err := rec.decode(v); err != nil {
			return err
		}
		up := rec.upload(b.Name, key, u)
		page.Uploads = append(page.Uploads, up)
		page.NextKeyMarker, page.NextUploadIDMarker = key, up.UploadID
		ok = c.Next()
	}
	page.NextKeyMarker, page.NextUploadIDMarker = "", ""
	return c.Err()
}

// ObjectParts returns a page of the parts of a finished object.
func (s *Store) ObjectParts(ctx context.Context, req ObjectParts) (ObjectPartPage, error) {
	var page ObjectPartPage
	if req.Max < 0 || req.After < 0 {
		return page, fault.New(fault.InvalidArgument, "Argument max-parts must be an integer between 0 and 2147483647")
	}
	err := s.viewDB(ctx, func(r kv.Reader) error {
		b, rec, isCurrent, err := lookup(r, req.Bucket, req.Key, req.VersionID)
		if err != nil {
			return err
		}
		page = ObjectPartPage{Version: rec.version(&b, req.Key, isCurrent), Total: rec.parts}
		if rec.flags&flagParts == 0 {
			return nil
		}
		m, err := getManifest(r, rec.body.id)
		if errors.Is(err, kv.ErrNotFound) {
			return errMissing(err)
		}
		if err != nil {
			return err
		}
		m.count()
		for i := range m.parts {
			if m.numbers[i] <= req.After {
				continue
			}
			if len(page.Parts) == req.Max {
				page.Truncated = true
				break
			}
			page.Parts = append(page.Parts, m.parts[i].part(m.numbers[i], rec.sum))
			page.Next = m.numbers[i]
		}
		return nil
	})
	return page, err
}
