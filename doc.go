// Package myfsio is the root of an S3-compatible object store. The program is cmd/myfsio;
// doc/DESIGN.md explains the layers.
package myfsio
