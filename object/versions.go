package object

import (
	"context"
	"errors"

	"myfsio/fault"
	"myfsio/kv"
)

// ListVersions returns a page of all versions and delete markers. It merges the table of current versions with that of
// the others, key by key.
func (s *Store) ListVersions(ctx context.Context, req ListVersions) (VersionPage, error) {
	var page VersionPage
	if err := verifyMax(req.Max); err != nil {
		return page, err
	}
	if req.VersionMarker != "" && req.KeyMarker == "" {
		return page, fault.New(fault.InvalidArgument, "A version-id marker cannot be specified without a key marker.")
	}
	req.Max = min(req.Max, MaxListKeys)
	err := s.viewDB(ctx, func(r kv.Reader) error {
		page = VersionPage{}
		b, err := glanceBucket(r, req.Bucket)
		if err != nil || req.Max == 0 {
			return err
		}
		m, err := openMerge(r, &b, &req)
		if err != nil {
			return err
		}
		defer m.close()
		return m.fill(ctx, &page, req.Max)
	})
	return page, err
}

// merge walks both tables of versions together.
type merge struct {
	b        *Bucket
	g        grouping
	cur, old kv.Cursor
	curOK    bool
	oldOK    bool
	curKey   string // key of the row cur stands on
	oldKey   string
	topKey   string // the key whose newest version was passed; no key is ""
}

func openMerge(r kv.Reader, b *Bucket, req *ListVersions) (*merge, error) {
	m := &merge{b: b, g: grouping{req.Prefix, req.Delimiter}}
	var err error
	if m.cur, err = r.Cursor(kv.Prefix(currentKey(b.ID, req.Prefix))); err != nil {
		return nil, err
	}
	// The escaped prefix without its terminator bounds all keys that begin with it.
	head := versionsOf(b.ID, req.Prefix)
	if m.old, err = r.Cursor(kv.Prefix(head[:len(head)-2])); err != nil {
		m.cur.Close()
		return nil, err
	}
	if err := m.start(r, req); err != nil {
		m.close()
		return nil, err
	}
	return m, nil
}

// start stands both cursors behind the markers.
func (m *merge) start(r kv.Reader, req *ListVersions) error {
	if req.VersionMarker == "" || req.KeyMarker < req.Prefix {
		from := m.g.behind(req.KeyMarker)
		return m.seek(from, nil)
	}
	rec, isCurrent, err := find(r, m.b.ID, req.KeyMarker, req.VersionMarker)
	if err != nil {
		return err
	}
	if rec == nil {
		return m.startBehindGone(r, req)
	}
	m.topKey = req.KeyMarker
	at := versionsOf(m.b.ID, req.KeyMarker) // all the older versions of the key follow
	if !isCurrent {
		at = append(versionKey(m.b.ID, req.KeyMarker, rec.id), 0)
	}
	return m.seek(req.KeyMarker+"\x00", at)
}

// startBehindGone starts where the version of the marker was: whoever deletes the versions of a page before he asks for the
// next one must not miss any. Where the null version was is not known; then the key begins anew.
func (m *merge) startBehindGone(r kv.Reader, req *ListVersions) error {
	top, err := current(r, m.b.ID, req.KeyMarker)
	if err == nil && top == nil {
		top, err = newest(r, m.b.ID, req.KeyMarker)
	}
	if err != nil {
		return err
	}
	v, err := parseVersion(req.VersionMarker)
	if err != nil || top == nil || stamp(top.id) < stamp(v) {
		return m.seek(req.KeyMarker, nil)
	}
	m.topKey = req.KeyMarker
	return m.seek(req.KeyMarker+"\x00", versionKey(m.b.ID, req.KeyMarker, v))
}

// seek moves cur to key, and old to row, or to the same key where row is nil.
func (m *merge) seek(key string, row []byte) error {
	m.curOK = m.cur.SeekGE(currentKey(m.b.ID, key))
	if row == nil {
		row = versionsOf(m.b.ID, key)
		row = row[:len(row)-2]
	}
	m.oldOK = m.old.SeekGE(row)
	return m.keys()
}

// keys reads the keys the cursors stand on.
func (m *merge) keys() error { return errors.Join(m.readCur(), m.readOld()) }

// rowHead is the length of the table and the bucket in front of a key.
const rowHead = 1 + 8

func (m *merge) readCur() error {
	if !m.curOK {
		return m.cur.Err()
	}
	m.curKey = string(m.cur.Key()[rowHead:])
	return nil
}

func (m *merge) readOld() error {
	if !m.oldOK {
		return m.old.Err()
	}
	k, _, ok := unescapeKey(m.old.Key()[rowHead:])
	if !ok {
		return errRecord
	}
	m.oldKey = k
	return nil
}

func (m *merge) fill(ctx context.Context, page *VersionPage, most int) error {
	var rec brief
	l := lister{b: m.b}
	for m.curOK || m.oldOK {
		useCur := m.curOK && (!m.oldOK || m.curKey <= m.oldKey)
		key, c := m.oldKey, m.old
		if useCur {
			key, c = m.curKey, m.cur
		}
		if len(page.Versions)+len(page.Prefixes) == most {
			page.Truncated = true
			return nil
		}
		if p := m.g.common(key); p != "" {
			page.Prefixes = append(page.Prefixes, p)
			page.NextKeyMarker, page.NextVersionMarker = p, ""
			if err := m.skip(ctx, p); err != nil {
				return err
			}
			continue
		}
		value, err := c.Value()
		if err != nil {
			return err
		}
		if err := rec.decode(value); err != nil {
			return err
		}
		v := l.version(&rec, key, key != m.topKey)
		m.topKey = key
		page.Versions = append(page.Versions, v)
		page.NextKeyMarker, page.NextVersionMarker = key, v.VersionID
		if err := m.next(useCur); err != nil {
			return err
		}
	}
	page.NextKeyMarker, page.NextVersionMarker = "", ""
	return nil
}

// skip passes all keys under the common prefix p.
func (m *merge) skip(ctx context.Context, p string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	m.curOK = m.curOK && m.cur.SeekGE(kv.PrefixEnd(currentKey(m.b.ID, p)))
	head := versionsOf(m.b.ID, p)
	m.oldOK = m.oldOK && m.old.SeekGE(kv.PrefixEnd(head[:len(head)-2]))
	return m.keys()
}

// next moves one of the cursors on.
func (m *merge) next(cur bool) error {
	if cur {
		m.curOK = m.cur.Next()
		return m.readCur()
	}
	m.oldOK = m.old.Next()
	return m.readOld()
}

func (m *merge) close() {
	m.cur.Close()
	m.old.Close()
}
