package seal

import (
	"encoding/json"
	"errors"

	"myfsio/fault"
)

// Masters knows the master keys; an id names one key for ever.
type Masters interface {
	// Current returns the master key in force.
	Current() (id [8]byte, key [32]byte, err error)
	// Find returns the master key of an id.
	Find(id [8]byte) (key [32]byte, err error)
}

// KeyService makes data keys and unwraps them: a KMS. Whether its key may be used is its to say, every time.
type KeyService interface {
	// NewDataKey makes a data key under the key that keyID names, "" for the default one, and returns the name of that
	// key to be kept and shown.
	NewDataKey(keyID string, context map[string]string) (plain [32]byte, wrapped []byte, resolved string, err error)
	// OpenDataKey unwraps one. The context must be the same.
	OpenDataKey(wrapped []byte, context map[string]string) (plain [32]byte, err error)
}

// Keys finds the KEKs of objects. Masters and KMS may be nil: what needs them is then refused with fault.InvalidRequest.
type Keys struct {
	Masters Masters
	KMS     KeyService
}

// KEK is a key that wraps object keys, and where it comes from.
type KEK struct {
	Key    Key
	Source Source
}

// Wrap wraps an object key for b.
func (k *KEK) Wrap(object Key, b Binding) *Envelope { return Wrap(object, k.Key, k.Source, b) }

var errNoKMS = &fault.Error{Kind: fault.InvalidRequest, Code: "KMS.NotFoundException", Msg: "This server has no key management service: KMS_ENABLED is not set."}

// MasterKEK returns the KEK of SSE-S3 in force.
func (k *Keys) MasterKEK() (*KEK, error) {
	if k.Masters == nil {
		return nil, fault.New(fault.InvalidRequest, "Server-side encryption is not enabled on this server.")
	}
	id, key, err := k.Masters.Current()
	if err != nil {
		return nil, err
	}
	return &KEK{Key: key, Source: Source{Sort: S3, Master: id}}, nil
}

// KMSKEK has the KMS make a KEK for one object. It costs the KMS no write. keyID "" means the default key of the KMS.
func (k *Keys) KMSKEK(keyID string, context map[string]string) (*KEK, error) {
	if k.KMS == nil {
		return nil, errNoKMS
	}
	text, err := encodeContext(context)
	if err != nil {
		return nil, err
	}
	plain, wrapped, resolved, err := k.KMS.NewDataKey(keyID, context)
	if err != nil {
		return nil, forS3(err)
	}
	if len(resolved) > maxKeyID || len(wrapped) > maxWrapped {
		return nil, errors.New("seal: the KMS gave more than fits an envelope")
	}
	return &KEK{Key: plain, Source: Source{Sort: KMS, KeyID: resolved, Wrapped: wrapped, Context: text}}, nil
}

// CustomerKEK returns the KEK of SSE-C.
func CustomerKEK(key Key) *KEK { return &KEK{Key: key, Source: Source{Sort: Customer}} }

// KEK finds the KEK of an envelope. customer is the key that came with the request, nil for none; it must be there exactly for
// SSE-C: fault.InvalidRequest says so otherwise.
func (k *Keys) KEK(e *Envelope, customer *Key) (*KEK, error) {
	if err := Applicable(e, customer); err != nil {
		return nil, err
	}
	var key Key
	var err error
	switch e.Sort {
	case Customer:
		key = *customer
	case S3:
		if k.Masters == nil {
			return nil, fault.New(fault.InvalidState, "The object is encrypted, and this server has no master key: ENCRYPTION_ENABLED is not set.")
		}
		key, err = k.Masters.Find(e.Master)
	case KMS:
		if k.KMS == nil {
			return nil, errNoKMS
		}
		var context map[string]string
		if context, err = e.DecodeContext(); err == nil {
			key, err = k.KMS.OpenDataKey(e.Wrapped, context)
			err = forS3(err)
		}
	}
	if err != nil {
		return nil, err
	}
	return &KEK{Key: key, Source: e.Source}, nil
}

// Unwrap returns the object key of an envelope; see KEK and Envelope.Unwrap.
func (k *Keys) Unwrap(e *Envelope, customer *Key, b Binding) (Key, error) {
	kek, err := k.KEK(e, customer)
	if err != nil {
		return Key{}, err
	}
	return e.Unwrap(kek.Key, b)
}

// Rewrap returns the envelope of the same object key for another binding, which may be the same, and under the master key in force. The
// sealed bytes stay as they are. An envelope that needs no change is returned itself; so customer may be nil where
// the binding stays.
func (k *Keys) Rewrap(e *Envelope, customer *Key, from, to Binding) (*Envelope, error) {
	var current *KEK
	if e.Sort == S3 {
		var err error
		if current, err = k.MasterKEK(); err != nil {
			return nil, err
		}
	}
	if from == to && (current == nil || current.Source.Master == e.Master) {
		return e, nil
	}
	return k.RewrapUnder(e, customer, current, from, to)
}

// RewrapUnder returns the envelope of the same object key under another KEK, nil for the one it has, and for another binding, which may be the
// same. The sealed bytes stay as they are.
func (k *Keys) RewrapUnder(e *Envelope, customer *Key, kek *KEK, from, to Binding) (*Envelope, error) {
	old, err := k.KEK(e, customer)
	if err != nil {
		return nil, err
	}
	object, err := e.Unwrap(old.Key, from)
	if err != nil {
		return nil, err
	}
	defer clear(object[:])
	if kek == nil {
		kek = old
	}
	return kek.Wrap(object, to), nil
}

// forS3 gives errors of the KMS the code that S3 gives them: "KMS." before it, status 400.
func forS3(err error) error {
	var fe *fault.Error
	if !errors.As(err, &fe) || fe.Code == "" || fe.Kind == fault.Internal {
		return err
	}
	return &fault.Error{Kind: fault.InvalidRequest, Code: "KMS." + fe.Code, Msg: fe.Msg, Err: err}
}

// encodeContext returns an encryption context as an envelope keeps it, nil for an empty one. It fails with fault.InvalidArgument for more than 16 KiB.
func encodeContext(context map[string]string) ([]byte, error) {
	if len(context) == 0 {
		return nil, nil
	}
	b, err := json.Marshal(context) // in the order of keys
	if err != nil {
		return nil, err
	}
	if len(b) > maxContext {
		return nil, fault.New(fault.InvalidArgument, "The encryption context is too long.")
	}
	return b, nil
}

// DecodeContext returns the encryption context.
func (s *Source) DecodeContext() (map[string]string, error) {
	if len(s.Context) == 0 {
		return nil, nil
	}
	var context map[string]string
	if json.Unmarshal(s.Context, &context) != nil {
		return nil, fault.New(fault.Corrupted, "The encryption context of the object is damaged.")
	}
	return context, nil
}
