package object

import (
	"bytes"
	"context"
	"time"

	"myfsio/fault"
	"myfsio/kv"
)

// Entry is a version as a rule of a lifecycle looks at it.
type Entry struct {
	Version
	// Since is when the version ceased to be the newest of its key; zero for the newest one.
	Since time.Time
	// Newer is the number of versions between it and the newest one, without delete markers.
	Newer int
	// Alone says that it is the only version of its key.
	Alone bool
}

// ScanVersions asks for a page of the versions of a bucket, keys in order, the newest first within a key.
type ScanVersions struct {
	Bucket, Prefix string
	CurrentOnly    bool // only versions that are current: no noncurrent ones and no delete markers
	// Behind this version of this key; AfterStamp zero: behind all of the key's versions.
	AfterKey   string
	AfterStamp [16]byte
	Max        int // 1..1000
}

// VersionScan is a page. AfterKey and AfterStamp are those of the next page; More says that there is one.
type VersionScan struct {
	Entries    []Entry
	More       bool
	AfterKey   string
	AfterStamp [16]byte
	// Damaged counts the records that could not be read. They and the older versions of their keys are left out.
	Damaged int
}

// ScanVersions returns a page of versions with all that is known of them. It is for workers: a page costs more than one of a listing, and a
// page that begins within a key reads that key's newer versions again.
func (s *Store) ScanVersions(ctx context.Context, req ScanVersions) (VersionScan, error) {
	var page VersionScan
	if req.Max < 1 || req.Max > MaxListKeys {
		return page, fault.New(fault.InvalidArgument, "A page has 1 to %d versions.", MaxListKeys)
	}
	err := s.viewDB(ctx, func(r kv.Reader) error {
		page = VersionScan{}
		b, err := glanceBucket(r, req.Bucket)
		if err != nil {
			return err
		}
		if req.CurrentOnly {
			return scanCurrent(r, &b, &req, &page)
		}
		return scanAll(r, &b, &req, &page)
	})
	return page, err
}

func scanCurrent(r kv.Reader, b *Bucket, req *ScanVersions, page *VersionScan) error {
	rg := kv.Prefix(currentKey(b.ID, req.Prefix))
	if req.AfterKey >= req.Prefix && req.AfterKey != "" {
		rg.Start = append(currentKey(b.ID, req.AfterKey), 0)
	}
	for p, err := range kv.Scan(r, rg) {
		if err != nil {
			return err
		}
		if len(page.Entries)+page.Damaged >= req.Max {
			page.More = true
			return nil
		}
		page.AfterKey = string(p.Key[rowHead:])
		var rec versionRecord
		if rec.decode(p.Value) != nil {
			page.Damaged++
			continue
		}
		page.Entries = append(page.Entries, Entry{Version: rec.version(b, page.AfterKey, true)})
	}
	return nil
}

func scanAll(r kv.Reader, b *Bucket, req *ScanVersions, page *VersionScan) error {
	m, within, err := req.open(r, b)
	if err != nil {
		return err
	}
	defer m.close()
	var h history
	for m.curOK || m.oldOK {
		key, rec, err := m.take()
		if err != nil {
			return err
		}
		e, ok := h.next(b, key, rec)
		if rec == nil {
			page.Damaged++
		}
		if !ok || within && key == req.AfterKey && bytes.Compare(e.Stamp[:], req.AfterStamp[:]) >= 0 {
			continue // of an earlier page
		}
		if len(page.Entries) == req.Max {
			page.More = true
			return nil
		}
		e.Alone = e.Latest && !(m.oldOK && m.oldKey == key)
		page.Entries = append(page.Entries, e)
		page.AfterKey, page.AfterStamp = key, e.Stamp
	}
	return nil
}

// open stands behind the key of the last page, or before it when the page ended within it.
func (req *ScanVersions) open(r kv.Reader, b *Bucket) (m *merge, within bool, err error) {
	from := ListVersions{Prefix: req.Prefix}
	if req.AfterKey >= req.Prefix {
		from.KeyMarker = req.AfterKey
	}
	if m, err = openMerge(r, b, &from); err != nil {
		return nil, false, err
	}
	if within = from.KeyMarker != "" && req.AfterStamp != [16]byte{}; within {
		if err := m.seek(from.KeyMarker, nil); err != nil {
			m.close()
			return nil, false, err
		}
	}
	return m, within, nil
}

// take reads the version that comes next, nil for one that cannot be read, and moves on.
func (m *merge) take() (key string, rec *versionRecord, err error) {
	useCur := m.curOK && (!m.oldOK || m.curKey <= m.oldKey)
	c := m.old
	if key = m.oldKey; useCur {
		key, c = m.curKey, m.cur
	}
	v, err := c.Value()
	if err != nil {
		return key, nil, err
	}
	rec = new(versionRecord)
	if rec.decode(v) != nil {
		rec = nil
	}
	return key, rec, m.next(useCur)
}

// history turns the versions of keys, met newest first, into entries.
type history struct {
	key     string
	met     bool // a version of the key
	damaged bool
	last    id // of the version met last
	newer   int
}

// next returns the entry of rec; none when rec is nil or comes behind such a one: what is not known may count for it.
func (h *history) next(b *Bucket, key string, rec *versionRecord) (e Entry, ok bool) {
	if key != h.key { // no key is ""
		*h = history{key: key}
	}
	if h.damaged = h.damaged || rec == nil; h.damaged {
		return e, false
	}
	e = Entry{Version: rec.version(b, key, !h.met)}
	if h.met {
		e.Since, e.Newer = h.last.Time().UTC(), h.newer
		if !rec.marker() {
			h.newer++
		}
	}
	h.met, h.last = true, rec.id
	return e, true
}
