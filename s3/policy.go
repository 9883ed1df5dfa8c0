package s3

import (
	"context"
	"net/http"

	"myfsio/fault"
	"myfsio/iam/policy"
	"myfsio/object"
	"myfsio/s3/wire"
)

// Policies keeps the policies of buckets. Its methods may be called at the same time.
type Policies interface {
	// Get returns the policy of a bucket as it was written, and ready for evaluation.
	Get(bucket string) (raw []byte, p *policy.Policy, ok bool)
	// Put gives a bucket a policy that parses, durably.
	Put(bucket string, raw []byte) error
	// Delete takes it away, durably; that there is none is no error.
	Delete(bucket string) error
}

// noPolicies is a server without bucket policies.
type noPolicies struct{}

func (noPolicies) Get(string) ([]byte, *policy.Policy, bool) { return nil, nil, false }
func (noPolicies) Delete(string) error                       { return nil }
func (noPolicies) Put(string, []byte) error {
	return fault.New(fault.NotImplemented, "Bucket policies are not offered by this server.")
}

// maxPolicy is the largest policy of a bucket in bytes.
const maxPolicy = 20 << 10

// getPolicy serves GetBucketPolicy.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketPolicy.html
func (h *Handler) getPolicy(ctx context.Context, r *request) (*response, error) {
	raw, _, err := r.bucketPolicy(ctx)
	if err != nil {
		return nil, err
	}
	res := r.answer()
	res.json = raw
	return res, nil
}

// bucketPolicy returns the policy of the bucket.
func (r *request) bucketPolicy(ctx context.Context) (raw []byte, p *policy.Policy, err error) {
	if _, err := r.h.cfg.Store.HeadBucket(ctx, r.gate.Bucket); err != nil {
		return nil, nil, err
	}
	raw, p, ok := r.h.cfg.Policies.Get(r.gate.Bucket)
	if !ok {
		return nil, nil, &fault.Error{Kind: fault.NoSuchConfig, Code: "NoSuchBucketPolicy", Msg: "The bucket policy does not exist"}
	}
	return raw, p, nil
}

// putPolicy serves PutBucketPolicy.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketPolicy.html
func (h *Handler) putPolicy(ctx context.Context, r *request) (*response, error) {
	body, _, err := r.document(maxPolicy)
	if fault.Is(err, fault.EntityTooLarge) {
		return nil, &fault.Error{Kind: fault.InvalidRequest, Code: "PolicyTooLarge", Msg: "Your policy exceeds the maximum allowed document size of 20 KiB."}
	}
	if err != nil {
		return nil, err
	}
	h.naming.Lock()
	defer h.naming.Unlock()
	b, err := h.cfg.Store.HeadBucket(ctx, r.gate.Bucket)
	if err != nil {
		return nil, err
	}
	p, err := policy.Parse(body, policy.Bucket, r.gate.Bucket)
	if err != nil {
		return nil, err
	}
	if b.PublicAccess.Has(object.BlockPolicy) && p.Public() {
		return nil, fault.New(fault.AccessDenied, "Access Denied: public policies are blocked by the bucket's public access block.")
	}
	if err := h.cfg.Policies.Put(r.gate.Bucket, body); err != nil {
		return nil, err
	}
	return r.done(), nil
}

// done is an empty answer with status 204.
func (r *request) done() *response {
	res := r.answer()
	res.status = http.StatusNoContent
	return res
}

// deletePolicy serves DeleteBucketPolicy.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteBucketPolicy.html
func (h *Handler) deletePolicy(ctx context.Context, r *request) (*response, error) {
	if _, err := h.cfg.Store.HeadBucket(ctx, r.gate.Bucket); err != nil {
		return nil, err
	}
	if err := h.cfg.Policies.Delete(r.gate.Bucket); err != nil {
		return nil, err
	}
	return r.done(), nil
}

// getPolicyStatus serves GetBucketPolicyStatus.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketPolicyStatus.html
func (h *Handler) getPolicyStatus(ctx context.Context, r *request) (*response, error) {
	_, p, err := r.bucketPolicy(ctx)
	if err != nil {
		return nil, err
	}
	return r.config(&wire.PolicyStatus{IsPublic: p.Public()})
}

// getPublicAccess serves GetPublicAccessBlock.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetPublicAccessBlock.html
func (h *Handler) getPublicAccess(ctx context.Context, r *request) (*response, error) {
	b, err := h.cfg.Store.HeadBucket(ctx, r.gate.Bucket)
	if err != nil {
		return nil, err
	}
	if !b.PublicAccess.Has(object.PublicAccessConfigured) {
		return nil, &fault.Error{Kind: fault.NoSuchConfig, Code: "NoSuchPublicAccessBlockConfiguration", Msg: "The public access block configuration was not found"}
	}
	return r.config(&wire.PublicAccessBlock{
		BlockPublicACLs: b.PublicAccess.Has(object.BlockACLs), IgnorePublicACLs: b.PublicAccess.Has(object.IgnoreACLs),
		BlockPublicPolicy: b.PublicAccess.Has(object.BlockPolicy), RestrictPublicBuckets: b.PublicAccess.Has(object.RestrictBuckets),
	})
}

// putPublicAccess serves PutPublicAccessBlock.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutPublicAccessBlock.html
func (h *Handler) putPublicAccess(ctx context.Context, r *request) (*response, error) {
	doc, err := sent(r, wire.MaxDocument, wire.ParsePublicAccessBlock, wire.ParsePublicAccessBlockJSON)
	if err != nil {
		return nil, err
	}
	p := object.PublicAccessConfigured
	for _, block := range [...]struct {
		on  bool
		bit object.PublicAccess
	}{
		{doc.BlockPublicACLs, object.BlockACLs}, {doc.IgnorePublicACLs, object.IgnoreACLs},
		{doc.BlockPublicPolicy, object.BlockPolicy}, {doc.RestrictPublicBuckets, object.RestrictBuckets},
	} {
		if block.on {
			p |= block.bit
		}
	}
	h.naming.Lock() // a public policy is either there before the block, or refused
	defer h.naming.Unlock()
	if err := h.cfg.Store.SetPublicAccess(ctx, r.gate.Bucket, p); err != nil {
		return nil, err
	}
	return r.answer(), nil
}

// deletePublicAccess serves DeletePublicAccessBlock.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeletePublicAccessBlock.html
func (h *Handler) deletePublicAccess(ctx context.Context, r *request) (*response, error) {
	if err := h.cfg.Store.SetPublicAccess(ctx, r.gate.Bucket, 0); err != nil {
		return nil, err
	}
	return r.done(), nil
}
