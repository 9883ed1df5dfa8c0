package s3

import (
	"context"
	"slices"

	"myfsio/fault"
	"myfsio/inventory"
	"myfsio/object"
	"myfsio/s3/wire"
)

// inventoryPage is how many configurations a page of ListBucketInventoryConfigurations has, as on S3.
const inventoryPage = 100

// inventories reads the configurations of the bucket of the request.
func (r *request) inventories(ctx context.Context) (*inventory.Set, error) {
	doc, err := r.h.cfg.Store.Config(ctx, r.gate.Bucket, object.ConfigInventory)
	if fault.Is(err, fault.NoSuchConfig) {
		return &inventory.Set{}, nil
	}
	if err != nil {
		return nil, err
	}
	return storedInventories(doc)
}

func storedInventories(doc []byte) (*inventory.Set, error) {
	s, err := inventory.ParseSet(doc)
	if err != nil {
		return nil, errStored("inventory", err)
	}
	return s, nil
}

// changeInventories changes the configurations of the bucket of the request in one commit.
func (r *request) changeInventories(ctx context.Context, change func(*inventory.Set) error) error {
	return r.h.cfg.Store.ChangeConfig(ctx, r.gate.Bucket, object.ConfigInventory, func(old []byte) ([]byte, error) {
		s, err := storedInventories(old)
		if err == nil {
			err = change(s)
		}
		if err != nil {
			return nil, err
		}
		return s.JSON(), nil
	})
}

// getInventory serves GetBucketInventoryConfiguration.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketInventoryConfiguration.html
func (h *Handler) getInventory(ctx context.Context, r *request) (*response, error) {
	s, err := r.inventories(ctx)
	if err != nil {
		return nil, err
	}
	c, err := s.Get(r.query.Get("id"))
	if err != nil {
		return nil, err
	}
	return r.config(c)
}

// listInventories serves ListBucketInventoryConfigurations.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListBucketInventoryConfigurations.html
func (h *Handler) listInventories(ctx context.Context, r *request) (*response, error) {
	doc := &inventory.List{Token: r.query.Get("continuation-token")}
	after := ""
	if doc.Token != "" {
		var err error
		if after, err = wire.DecodeToken(wire.TokenInventories, doc.Token); err != nil {
			return nil, err
		}
	}
	s, err := r.inventories(ctx)
	if err != nil {
		return nil, err
	}
	if doc.Configs, doc.Truncated = s.After(after, inventoryPage); doc.Truncated {
		doc.Next = wire.EncodeToken(wire.TokenInventories, doc.Configs[len(doc.Configs)-1].ID)
	}
	return r.config(doc)
}

// putInventory serves PutBucketInventoryConfiguration.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketInventoryConfiguration.html
func (h *Handler) putInventory(ctx context.Context, r *request) (*response, error) {
	if err := inventory.CheckID(r.query.Get("id")); err != nil {
		return nil, err
	}
	c, err := sent(r, inventory.MaxDocument, inventory.ParseXML, inventory.ParseJSON)
	if err != nil {
		return nil, err
	}
	if c.ID != r.query.Get("id") {
		return nil, wire.InvalidArgument("id", r.query.Get("id"), "The id in the query and the one of the configuration must be the same.")
	}
	if c.Destination.Bucket.Encryption != nil && !h.cfg.Store.Encrypts() {
		return nil, fault.New(fault.InvalidRequest, "Server-side encryption is not enabled on this server: ENCRYPTION_ENABLED is not set.")
	}
	if err := h.checkInventoryTarget(ctx, r, c); err != nil {
		return nil, err
	}
	return r.answer(), r.changeInventories(ctx, func(s *inventory.Set) error { return s.Put(c) })
}

// deleteInventory serves DeleteBucketInventoryConfiguration.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteBucketInventoryConfiguration.html
func (h *Handler) deleteInventory(ctx context.Context, r *request) (*response, error) {
	err := r.changeInventories(ctx, func(s *inventory.Set) error { return s.Delete(r.query.Get("id")) })
	if err != nil {
		return nil, err
	}
	return r.done(), nil
}

// checkInventoryTarget makes sure that the destination is a bucket of the same owner that the caller may write to: reports are
// written with the rights of its owner, and must not be a way around them.
func (h *Handler) checkInventoryTarget(ctx context.Context, r *request, c *inventory.Config) error {
	source, err := h.cfg.Store.HeadBucket(ctx, r.gate.Bucket)
	if err != nil {
		return err
	}
	refused := &fault.Error{Kind: fault.InvalidArgument, Code: "InvalidS3DestinationBucket",
		Msg: "The destination bucket does not exist, or belongs to another owner."}
	target, err := h.cfg.Store.HeadBucket(ctx, c.Target())
	switch {
	case slices.Contains([]fault.Kind{fault.NoSuchBucket, fault.InvalidBucketName}, fault.KindOf(err)):
		return refused
	case err != nil:
		return err
	case target.Owner != source.Owner:
		return refused
	}
	write := r.about(opPutObject, target.Name, c.Base(r.gate.Bucket)+"data/*", "")
	return h.cfg.Gate.Authorize(ctx, &write)
}
