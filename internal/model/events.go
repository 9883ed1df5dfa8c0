package model

import "myfsio/object"

// tell notes an event of a version when the bucket has a notification document.
func (m *Model) tell(b *bucket, name string, by object.Actor, v *version) {
	if b.configs[object.ConfigNotification] == nil {
		return
	}
	switch by.Role {
	case object.RoleForm:
		if name == "ObjectCreated:Put" {
			name = "ObjectCreated:Post"
		}
	case object.RoleLifecycle:
		if name == "ObjectRemoved:Delete" {
			name = "LifecycleExpiration:Delete"
		}
		if name == "ObjectRemoved:DeleteMarkerCreated" {
			name = "LifecycleExpiration:DeleteMarkerCreated"
		}
	}
	by.Role = object.RoleClient
	d := b.describe(v)
	e := object.Event{Name: object.EventName(name), Bucket: b.Name, Key: v.key, VersionID: d.VersionID, Size: d.Size, ETag: d.ETag, Time: m.Now().UTC(), By: by}
	if !d.Versioned {
		e.VersionID = ""
	}
	m.events = append(m.events, e)
}

// Events returns the events that wait.
func (m *Model) Events() []object.Event { return m.events }

// EventsDone removes the first n of them.
func (m *Model) EventsDone(n int) { m.events = m.events[n:] }
