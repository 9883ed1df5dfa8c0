// Package events kills the real server, and the receiver of its events, a webhook or a nats-server, at random moments, and then holds the events that arrived
// against what the server committed: each version that stands in the bucket, delete markers as well, was told of at least
// once, nothing else was, and for each key the events first came in the order of the versions.
//
//	MYFSIO_EVENTS_ROUNDS=N  kills, 5 when not said
package events
