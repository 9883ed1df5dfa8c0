package seal

import (
	"crypto/md5"
	"crypto/subtle"
	"encoding/base64"

	"myfsio/fault"
)

// ParseCustomerKey reads the three headers of SSE-C (algorithm, key, MD5 of the key), nil when all are empty. The MD5 may be absent.
// Errors are S3's own and name no key.
func ParseCustomerKey(algorithm, key, sum string) (*Key, error) {
	switch {
	case algorithm == "" && key == "" && sum == "":
		return nil, nil
	case algorithm == "":
		return nil, fault.New(fault.InvalidArgument, "Requests specifying Server Side Encryption with Customer provided keys must provide a valid encryption algorithm.")
	case algorithm != "AES256":
		return nil, &fault.Error{Kind: fault.InvalidArgument, Code: "InvalidEncryptionAlgorithmError", Msg: "The encryption request you specified is not valid. Supported value: AES256."}
	case key == "":
		return nil, fault.New(fault.InvalidArgument, "Requests specifying Server Side Encryption with Customer provided keys must provide an appropriate secret key.")
	}
	b, err := base64.StdEncoding.Strict().DecodeString(key)
	defer clear(b)
	if err != nil || len(b) != len(Key{}) || base64.StdEncoding.EncodedLen(len(b)) != len(key) {
		return nil, fault.New(fault.InvalidArgument, "The secret key was invalid for the specified algorithm.")
	}
	k := Key(b)
	if sum != "" && subtle.ConstantTimeCompare([]byte(sum), []byte(k.MD5())) != 1 {
		return nil, fault.New(fault.InvalidArgument, "The calculated MD5 hash of the key did not match the hash that was provided.")
	}
	return &k, nil
}

// MD5 returns the base64 MD5 of the key, which answers to SSE-C requests name.
func (k Key) MD5() string {
	sum := md5.Sum(k[:])
	return base64.StdEncoding.EncodeToString(sum[:])
}

// Applicable says whether a read of an object with this envelope (nil: stored in clear) may bring this customer's key (nil: none), with S3's
// own errors.
func Applicable(e *Envelope, customer *Key) error {
	switch theirs := e != nil && e.Sort == Customer; {
	case theirs && customer == nil:
		return fault.New(fault.InvalidRequest, "The object was stored using a form of Server Side Encryption. The correct parameters must be provided to retrieve the object.")
	case !theirs && customer != nil:
		return fault.New(fault.InvalidRequest, "The encryption parameters are not applicable to this object.")
	}
	return nil
}
