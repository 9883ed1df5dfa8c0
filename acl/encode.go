package acl

import (
	"errors"

	"google.golang.org/protobuf/encoding/protowire"
)

// errDamaged is what Decode says of bytes that Append did not write.
var errDamaged = errors.New("acl: damaged list")

// Field numbers: a list is grants; a grant has a grantee, by id or group, and a set of rights.
const (
	fGrant protowire.Number = 1

	fID         protowire.Number = 1
	fGroup      protowire.Number = 2
	fPermission protowire.Number = 3
)

// Append appends l as it is stored: fields in protocol buffers' wire format, nothing for the default list.
func (l List) Append(b []byte) []byte {
	for i := range l.Grants {
		g := &l.Grants[i]
		size := 0
		if g.Grantee.ID != "" {
			size += protowire.SizeTag(fID) + protowire.SizeBytes(len(g.Grantee.ID))
		}
		if g.Grantee.Group != None {
			size += protowire.SizeTag(fGroup) + protowire.SizeVarint(uint64(g.Grantee.Group))
		}
		size += protowire.SizeTag(fPermission) + protowire.SizeVarint(uint64(g.Permission))
		b = protowire.AppendTag(b, fGrant, protowire.BytesType)
		b = protowire.AppendVarint(b, uint64(size))
		if g.Grantee.ID != "" {
			b = protowire.AppendString(protowire.AppendTag(b, fID, protowire.BytesType), g.Grantee.ID)
		}
		if g.Grantee.Group != None {
			b = protowire.AppendVarint(protowire.AppendTag(b, fGroup, protowire.VarintType), uint64(g.Grantee.Group))
		}
		b = protowire.AppendVarint(protowire.AppendTag(b, fPermission, protowire.VarintType), uint64(g.Permission))
	}
	return b
}

// Decode reads what Append wrote. It skips fields it does not know, keeps groups it does not know, which nobody belongs to, and keeps
// no part of b.
func Decode(b []byte) (List, error) {
	var l List
	for len(b) > 0 {
		num, typ, n := protowire.ConsumeTag(b)
		if n < 0 {
			return List{}, errDamaged
		}
		b = b[n:]
		if num != fGrant || typ != protowire.BytesType {
			if n = protowire.ConsumeFieldValue(num, typ, b); n < 0 {
				return List{}, errDamaged
			}
			b = b[n:]
			continue
		}
		data, n := protowire.ConsumeBytes(b)
		if n < 0 || len(l.Grants) == MaxGrants {
			return List{}, errDamaged
		}
		b = b[n:]
		g, ok := decodeGrant(data)
		if !ok {
			return List{}, errDamaged
		}
		l.Grants = append(l.Grants, g)
	}
	return l, nil
}

func decodeGrant(b []byte) (g Grant, ok bool) {
	for len(b) > 0 {
		num, typ, n := protowire.ConsumeTag(b)
		if n < 0 {
			return g, false
		}
		b = b[n:]
		switch {
		case num == fID && typ == protowire.BytesType:
			var id []byte
			if id, n = protowire.ConsumeBytes(b); n >= 0 {
				g.Grantee.ID = string(id)
			}
		case (num == fGroup || num == fPermission) && typ == protowire.VarintType:
			var v uint64
			if v, n = protowire.ConsumeVarint(b); n < 0 || v > 255 {
				return g, false
			}
			if num == fGroup {
				g.Grantee.Group = Group(v)
			} else {
				g.Permission = Permission(v)
			}
		default:
			n = protowire.ConsumeFieldValue(num, typ, b)
		}
		if n < 0 {
			return g, false
		}
		b = b[n:]
	}
	return g, g.Permission&^FullControl == 0
}
