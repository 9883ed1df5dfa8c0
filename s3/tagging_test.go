package s3

import "testing"

// TestTagLimit: as many tags as the server is told to take, in headers and documents.
func TestTagLimit(t *testing.T) {
	const one = "<Tagging><TagSet><Tag><Key>a</Key><Value>1</Value></Tag></TagSet></Tagging>"
	const two = "<Tagging><TagSet><Tag><Key>a</Key><Value>1</Value></Tag><Tag><Key>b</Key><Value>2</Value></Tag></TagSet></Tagging>"
	for _, limit := range []int{1, -1} {
		w := newWorld(t, memory, func(c *Config) { c.ObjectTags = limit })
		w.bucket("box")
		first := 200
		if limit < 0 {
			first = 400
		}
		w.must("admin", "PUT", "/box/k", "x", 200)
		w.must("admin", "PUT", "/box/k", "x", first, "x-amz-tagging: a=1")
		w.must("admin", "PUT", "/box/k", "x", 400, "x-amz-tagging: a=1&b=2")
		w.must("admin", "POST", "/box/k?uploads", "", 400, "x-amz-tagging: a=1&b=2")
		w.must("admin", "PUT", "/box/k?tagging", one, first)
		w.must("admin", "PUT", "/box/k?tagging", two, 400)
		w.must("admin", "PUT", "/box?tagging", two, 204) // those of the bucket are others
	}
}
