//go:build !unix

package config

// openFileLimit returns 0: there is no such limit here.
func openFileLimit() int64 { return 0 }
