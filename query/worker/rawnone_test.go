//go:build !cgo || noselect

package worker

func runRaw(string) int { return 1 }
