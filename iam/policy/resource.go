package policy

import (
	"fmt"
	"strings"
)

// resource is a value of a Resource element.
type resource struct {
	scope   resourceScope
	service string // of onService
	bucket  string // of inBucket
	whole   bool   // of inBucket: the bucket itself, not its objects
	glob    glob   // of inBucket: the key; of joined: bucket, or bucket/key
}

type resourceScope uint8

const (
	nothing    resourceScope = iota // another service or account: known to AWS, matches nothing here
	everything                      // "*"
	inBucket                        // one bucket by name, and a pattern for keys
	joined                          // a pattern that reaches over the name of the bucket
	onService                       // all of iam or kms
)

// resources reads Resource or NotResource.
func (p *parser) resources(n *node, s *statement) {
	elem, name, negated := p.either(n, "Resource", "NotResource")
	if elem == nil {
		return
	}
	s.notResource = negated
	for _, text := range p.strings(name, elem) {
		r, err := p.resource(text)
		if err != nil {
			p.fail("%s: %v", name, err)
			return
		}
		p.charge(&r.glob)
		s.resources = append(s.resources, r)
	}
}

func (p *parser) resource(s string) (resource, error) {
	if s == "*" && p.kind != Bucket {
		return resource{scope: everything}, nil
	}
	part := strings.SplitN(s, ":", 6)
	if len(part) < 6 || part[0] != "arn" {
		if p.kind == Bucket {
			return resource{}, fmt.Errorf("%q is not the ARN of the bucket or of objects in it; write arn:aws:s3:::%s or arn:aws:s3:::%s/*", s, p.bucket, p.bucket)
		}
		return resource{}, fmt.Errorf("%q is not an ARN; write arn:aws:s3:::BUCKET, arn:aws:s3:::BUCKET/KEY or \"*\"", s)
	}
	if part[1] != "aws" && part[1] != "*" || part[3] != "" && part[3] != "*" || part[4] != "" && part[4] != "*" || part[2] != "s3" {
		if p.kind == Bucket {
			return resource{}, fmt.Errorf("%q is not of this server; write arn:aws:s3:::%s or arn:aws:s3:::%s/*", s, p.bucket, p.bucket)
		}
		if (part[2] == "iam" || part[2] == "kms") && part[5] == "*" {
			return resource{scope: onService, service: part[2]}, nil
		}
		return resource{scope: nothing}, nil
	}
	r, err := p.s3Resource(part[5])
	if err != nil {
		return r, err
	}
	if p.kind == Bucket && !r.touches(p.bucket) {
		return r, fmt.Errorf("%q is outside of the bucket; the policy is for arn:aws:s3:::%s and arn:aws:s3:::%s/*", s, p.bucket, p.bucket)
	}
	return r, nil
}

// s3Resource reads what follows arn:aws:s3:::.
func (p *parser) s3Resource(s string) (resource, error) {
	bucket, key, hasKey := strings.Cut(s, "/")
	if bucket == "" {
		return resource{}, fmt.Errorf("\"arn:aws:s3:::%s\" does not name a bucket", s)
	}
	if strings.ContainsAny(bucket, "*?") || p.vars && strings.Contains(bucket, "${") {
		g, err := newGlob(s, true, p.vars)
		return resource{scope: joined, glob: g}, err
	}
	if !hasKey {
		return resource{scope: inBucket, bucket: bucket, whole: true}, nil
	}
	g, err := newGlob(key, true, p.vars)
	return resource{scope: inBucket, bucket: bucket, glob: g}, err
}

// touches reports whether the resource can be the bucket or an object in it, taking a variable for any text.
func (r *resource) touches(bucket string) bool {
	if r.scope != joined {
		return r.bucket == bucket
	}
	return r.canBeBucket(bucket) || r.canBeObject(bucket)
}

// canBeBucket and canBeObject report what the resource can be, taking variables for any text.
func (r *resource) canBeBucket(bucket string) bool {
	if r.scope != joined {
		return r.whole
	}
	var m matcher
	return m.match(r.loose(), bucket)
}

func (r *resource) canBeObject(bucket string) bool {
	if r.scope != joined {
		return !r.whole
	}
	// Some text that begins with the bucket and a slash fits when the part of the pattern that stands for it does: some
	// beginning of the pattern that ends at a star or at the pattern's own slash.
	loose := r.loose()
	var m matcher
	for i := range len(loose) {
		if loose[i] == star && m.match(loose[:i+1], bucket+"/") || (loose[i] == '/' || loose[i] == one) && m.match(loose[:i+1], bucket+"/") {
			return true
		}
	}
	return false
}

// loose is the pattern with a star for each variable.
func (r *resource) loose() string {
	t := strings.ReplaceAll(r.glob.text, holeText, starText)
	if r.glob.shape == prefixed {
		t += starText
	}
	return t
}

// matches tells whether the request is about the resource.
func (r *resource) matches(e *eval) outcome {
	q := e.r
	if r.scope == everything {
		return yes
	}
	if service := q.Action.service(); service == "iam" || service == "kms" {
		return truth(r.scope == onService && r.service == service)
	}
	switch r.scope {
	case inBucket:
		if r.bucket != q.Bucket || r.whole != (q.Key == "") {
			return no
		}
		if r.whole {
			return yes
		}
		return r.glob.match(e, q.Key)
	case joined:
		if q.Key == "" {
			return r.glob.match(e, q.Bucket)
		}
		if r.glob.shape == anything {
			return yes
		}
		var room [1152]byte
		b := append(append(append(room[:0], q.Bucket...), '/'), q.Key...)
		return r.glob.match(e, view(b))
	}
	return no
}

// applies fails when an action of a bucket's policy can do nothing with any of its resources, as AWS does: a statement
// that lists s3:GetObject with the bucket alone grants nothing, and its author should know.
func (p *parser) applies(n *node, s *statement) {
	elem := n.get("Action")
	if elem == nil || s.notResource {
		return
	}
	var buckets, objects bool
	for i := range s.resources {
		buckets = buckets || s.resources[i].canBeBucket(p.bucket)
		objects = objects || s.resources[i].canBeObject(p.bucket)
	}
	for _, pattern := range p.strings("Action", elem) {
		if !reaches(matching(pattern), buckets, objects) {
			p.fail("the action %q does not apply to any resource of the statement; objects are arn:aws:s3:::%s/*, the bucket is arn:aws:s3:::%s", pattern, p.bucket, p.bucket)
			return
		}
	}
}

func reaches(set actionSet, buckets, objects bool) bool {
	for a := 1; a < len(actions); a++ {
		if !set.has(Action(a)) {
			continue
		}
		switch actions[a].scope {
		case BucketScope:
			if buckets {
				return true
			}
		case ObjectScope:
			if objects {
				return true
			}
		}
	}
	return false
}
