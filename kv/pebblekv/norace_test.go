//go:build !race

package pebblekv_test

// slowdown thins out the longest tests.
const slowdown = 1
