package wire

import (
	"encoding/json"

	"myfsio/fault"
)

// Quota is the limits of a bucket; nil is none.
type Quota struct {
	MaxBytes   *int64 `json:"max_bytes"`
	MaxObjects *int64 `json:"max_objects"`
}

// BucketQuota is the answer of GetBucketQuota, in JSON only.
type BucketQuota struct {
	Quota Quota `json:"quota"`
	Usage struct {
		Bytes   int64 `json:"bytes"`
		Objects int64 `json:"objects"`
	} `json:"usage"`
}

// ParseQuota reads the JSON body of PutBucketQuota: max_bytes, for which max_size_bytes may stand, and max_objects. null, and what is not
// there, is no limit; one of them must be there.
func ParseQuota(body []byte) (Quota, error) {
	var in map[string]*int64
	if json.Unmarshal(body, &in) != nil {
		return Quota{}, errMalformedJSON()
	}
	var q Quota
	to := map[string]**int64{"max_bytes": &q.MaxBytes, "max_size_bytes": &q.MaxBytes, "max_objects": &q.MaxObjects}
	for name, n := range in {
		switch p := to[name]; {
		case p == nil:
			return Quota{}, errMalformedJSON()
		case n == nil:
		case *n <= 0:
			return Quota{}, fault.New(fault.InvalidArgument, "%s is a whole number above 0, or null for no limit.", name)
		case *p != nil && **p != *n:
			return Quota{}, fault.New(fault.InvalidArgument, "max_bytes and max_size_bytes are the same limit.")
		default:
			*p = n
		}
	}
	if len(in) == 0 {
		return Quota{}, fault.New(fault.InvalidArgument, "A quota names max_bytes, max_objects or both; null is no limit.")
	}
	return q, nil
}
