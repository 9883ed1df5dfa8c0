package adminapi

import (
	"context"
	"strconv"
	"strings"
	"time"

	"myfsio/fault"
	"myfsio/kms"
)

// keyring returns the keys of encryption, or the refusal of a server without them.
func (h *Handler) keyring() (*kms.Keyring, error) {
	if h.cfg.KMS == nil {
		return nil, &fault.Error{Kind: fault.InvalidRequest, Code: kmsNotEnabled, Msg: "The key management service is off. Start the server with KMS_ENABLED=true."}
	}
	return h.cfg.KMS, nil
}

// withKeys makes a handler of fn, whose body is read into a T. A body may be left out where all of its members may.
func withKeys[T any](fn func(k *kms.Keyring, c *call, in T) (any, error)) func(*Handler, context.Context, *call) (answer, error) {
	return func(h *Handler, _ context.Context, c *call) (answer, error) {
		k, err := h.keyring()
		if err != nil {
			return answer{}, err
		}
		var in T
		if err := c.readOptional(&in); err != nil {
			return answer{}, err
		}
		body, err := fn(k, c, in)
		if err != nil {
			return answer{}, err
		}
		return answer{body: body}, nil
	}
}

// none is a body that nothing is read of.
type none struct{}

type keyMetadata struct {
	KeyMetadata kms.Metadata
}

// described is the answer about one key.
func described(m kms.Metadata, err error) (any, error) { return keyMetadata{m}, err }

// changed is the answer to a change that tells nothing.
func changed(_ kms.Metadata, err error) (any, error) { return nil, err }

// listed is a key in a list: what AWS tells there, and the rest of its metadata.
type listed struct {
	KeyArn string
	kms.Metadata
}

func listKeys(k *kms.Keyring, _ *call, _ none) (any, error) {
	keys := []listed{}
	for _, m := range k.Keys() {
		keys = append(keys, listed{m.Arn, m})
	}
	return map[string]any{"Keys": keys, "Truncated": false}, nil
}

func createKMSKey(k *kms.Keyring, c *call, in struct {
	KeyID, Alias, Description string
	AsKeyID                   string `json:"key_id"`
}) (any, error) {
	in.KeyID = firstOf(in.KeyID, in.AsKeyID)
	m, err := k.Create(kms.CreateKey{KeyID: in.KeyID, Alias: in.Alias, Description: in.Description})
	c.gate.Key = firstOf(m.KeyID, bounded(in.KeyID))
	return described(m, err)
}

// firstOf returns the first that is not empty.
func firstOf(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

func describeKey(k *kms.Keyring, c *call, _ none) (any, error) { return described(k.Describe(c.id)) }
func enableKMSKey(k *kms.Keyring, c *call, _ none) (any, error) {
	return changed(k.Enable(c.id))
}
func disableKMSKey(k *kms.Keyring, c *call, _ none) (any, error) {
	return changed(k.Disable(c.id))
}
func rotateKey(k *kms.Keyring, c *call, _ none) (any, error) { return described(k.Rotate(c.id)) }

func updateKey(k *kms.Keyring, c *call, in struct{ Description *string }) (any, error) {
	if in.Description == nil {
		return nil, invalid("Description is missing.")
	}
	return described(k.UpdateDescription(c.id, *in.Description))
}

// scheduledDeletion is AWS's answer to ScheduleKeyDeletion.
type scheduledDeletion struct {
	KeyID               string `json:"KeyId"`
	DeletionDate        string
	KeyState            string
	PendingWindowInDays int
}

// scheduleDeletion takes the days from the query of a DELETE (waiting_period_days) or the body of a POST (PendingWindowInDays).
func scheduleDeletion(k *kms.Keyring, c *call, in struct {
	PendingWindowInDays *int
	Days                *int `json:"waiting_period_days"`
}) (any, error) {
	days := 30
	switch s := c.query.Get("waiting_period_days"); {
	case s != "":
		n, err := strconv.Atoi(s)
		if err != nil {
			return nil, invalid("waiting_period_days is a number from 7 to 30.")
		}
		days = n
	case in.PendingWindowInDays != nil:
		days = *in.PendingWindowInDays
	case in.Days != nil:
		days = *in.Days
	}
	if days == 0 { // which the keyring takes for the default
		return nil, invalid("The waiting time is 7 to 30 days.")
	}
	m, err := k.ScheduleDeletion(c.id, days)
	return scheduledDeletion{m.KeyID, m.DeletionDate, m.KeyState, days}, err
}

func cancelDeletion(k *kms.Keyring, c *call, _ none) (any, error) {
	return described(k.CancelDeletion(c.id))
}

func listAliases(k *kms.Keyring, c *call, _ none) (any, error) {
	aliases, err := k.Aliases(firstOf(c.id, c.query.Get("KeyId")))
	return map[string]any{"Aliases": aliases, "Truncated": false}, err
}

// aliasRequest names an alias, with or without "alias/" before it, and its key.
type aliasRequest struct {
	AliasName, Alias   string
	TargetKeyID, KeyID string
}

// aliasOf returns the full name that a path or body gives.
func aliasOf(name string) string {
	if name == "" || strings.HasPrefix(name, "alias/") {
		return name
	}
	return "alias/" + name
}

func createAlias(k *kms.Keyring, c *call, in aliasRequest) (any, error) {
	name := aliasOf(firstOf(in.AliasName, in.Alias))
	c.gate.Key = bounded(name)
	return nil, k.CreateAlias(name, firstOf(in.TargetKeyID, in.KeyID))
}

func updateAlias(k *kms.Keyring, c *call, in aliasRequest) (any, error) {
	return nil, k.UpdateAlias(aliasOf(c.id), firstOf(in.TargetKeyID, in.KeyID))
}

func deleteAlias(k *kms.Keyring, c *call, _ none) (any, error) {
	return nil, k.DeleteAlias(aliasOf(c.id))
}

// bounded cuts what the audit log is told to a length that names have.
func bounded(s string) string { return s[:min(len(s), 256)] }

const symmetric = "SYMMETRIC_DEFAULT"

type encryptRequest struct {
	KeyID             string
	Plaintext         []byte
	EncryptionContext map[string]string
}

type encrypted struct {
	CiphertextBlob      []byte
	KeyID               string `json:"KeyId"`
	EncryptionAlgorithm string
}

func encrypt(k *kms.Keyring, _ *call, in encryptRequest) (any, error) {
	defer clear(in.Plaintext)
	out, err := k.Encrypt(in.KeyID, in.Plaintext, in.EncryptionContext)
	return encrypted{out.Blob, out.KeyID, symmetric}, err
}

type decryptRequest struct {
	CiphertextBlob    []byte
	EncryptionContext map[string]string
	KeyID             string
}

type decrypted struct {
	Plaintext           []byte
	KeyID               string `json:"KeyId"`
	EncryptionAlgorithm string
}

func decrypt(k *kms.Keyring, _ *call, in decryptRequest) (any, error) {
	plain, id, err := k.Decrypt(in.CiphertextBlob, in.EncryptionContext, in.KeyID)
	return decrypted{plain, id, symmetric}, err
}

type reEncryptRequest struct {
	CiphertextBlob               []byte
	DestinationKeyID             string
	SourceKeyID                  string
	SourceEncryptionContext      map[string]string
	DestinationEncryptionContext map[string]string
}

type reEncrypted struct {
	CiphertextBlob []byte
	SourceKeyID    string `json:"SourceKeyId"`
	KeyID          string `json:"KeyId"`
}

func reEncrypt(k *kms.Keyring, _ *call, in reEncryptRequest) (any, error) {
	out, err := k.ReEncrypt(kms.ReEncrypt{
		Blob: in.CiphertextBlob, Source: in.SourceEncryptionContext, Destination: in.DestinationEncryptionContext,
		KeyID: in.DestinationKeyID, SourceKeyID: in.SourceKeyID,
	})
	return reEncrypted{out.Blob, out.SourceKeyID, out.KeyID}, err
}

type dataKeyRequest struct {
	KeyID             string
	KeySpec           string
	NumberOfBytes     *int
	EncryptionContext map[string]string
}

type dataKey struct {
	Plaintext      []byte `json:",omitempty"`
	CiphertextBlob []byte
	KeyID          string `json:"KeyId"`
}

func generateDataKey(k *kms.Keyring, _ *call, in dataKeyRequest) (any, error) {
	req := kms.DataKeyRequest{KeyID: in.KeyID, Spec: in.KeySpec, Context: in.EncryptionContext}
	if in.NumberOfBytes != nil {
		if req.Bytes = *in.NumberOfBytes; req.Bytes <= 0 { // which the keyring takes for none
			return nil, invalid("NumberOfBytes is 1 to 1024.")
		}
	}
	dk, err := k.GenerateDataKey(req)
	return dataKey{dk.Plain, dk.Blob, dk.KeyID}, err
}

func generateWrappedKey(k *kms.Keyring, c *call, in dataKeyRequest) (any, error) {
	out, err := generateDataKey(k, c, in)
	if err != nil {
		return nil, err
	}
	dk := out.(dataKey)
	clear(dk.Plaintext)
	dk.Plaintext = nil
	return dk, nil
}

func generateRandom(_ *kms.Keyring, _ *call, in struct{ NumberOfBytes *int }) (any, error) {
	n := 32
	if in.NumberOfBytes != nil {
		if n = *in.NumberOfBytes; n == 0 {
			n = -1 // which is refused
		}
	}
	b, err := kms.GenerateRandom(n)
	return map[string][]byte{"Plaintext": b}, err
}

func clientKey(_ *kms.Keyring, c *call, _ none) (any, error) {
	return struct {
		Key       []byte `json:"key"`
		Algorithm string `json:"algorithm"`
		CreatedAt string `json:"created_at"`
	}{kms.ClientKey(), kms.ClientAlgorithm, c.gate.Started.UTC().Format(time.RFC3339)}, nil
}

func clientEncrypt(_ *kms.Keyring, _ *call, in struct{ Plaintext, Key []byte }) (any, error) {
	defer clear(in.Key)
	ciphertext, nonce, err := kms.ClientEncrypt(in.Key, in.Plaintext)
	return struct {
		Ciphertext []byte `json:"ciphertext"`
		Nonce      []byte `json:"nonce"`
		Algorithm  string `json:"algorithm"`
	}{ciphertext, nonce, kms.ClientAlgorithm}, err
}

func clientDecrypt(_ *kms.Keyring, _ *call, in struct{ Ciphertext, Nonce, Key []byte }) (any, error) {
	defer clear(in.Key)
	plain, err := kms.ClientDecrypt(in.Key, in.Ciphertext, in.Nonce)
	return map[string][]byte{"plaintext": plain}, err
}

// keyMaterials is what a client that encrypts by itself needs for one object.
type keyMaterials struct {
	PlaintextKey     []byte
	EncryptedKey     []byte
	KeyID            string `json:"KeyId"`
	Algorithm        string
	KeyWrapAlgorithm string
}

func materials(k *kms.Keyring, c *call, in struct{ EncryptionContext map[string]string }) (any, error) {
	m, err := k.Materials(c.id, in.EncryptionContext)
	return keyMaterials{m.PlaintextKey, m.EncryptedKey, m.KeyID, m.Algorithm, m.KeyWrapAlgorithm}, err
}
