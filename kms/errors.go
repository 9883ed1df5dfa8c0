package kms

import "myfsio/fault"

// Codes of errors, as AWS names them. A front gives each its status.
const (
	NotFound          = "NotFoundException"          // no such key or alias, of kind NoSuchConfig
	Disabled          = "DisabledException"          // kind InvalidState
	InvalidState      = "KMSInvalidStateException"   // kind InvalidState
	AlreadyExists     = "AlreadyExistsException"     // kind InvalidState
	InvalidCiphertext = "InvalidCiphertextException" // kind InvalidRequest
	IncorrectKey      = "IncorrectKeyException"      // kind InvalidRequest
	LimitExceeded     = "LimitExceededException"     // kind InvalidRequest
	Validation        = "ValidationException"        // kind InvalidArgument
)

var kinds = map[string]fault.Kind{
	NotFound: fault.NoSuchConfig, Disabled: fault.InvalidState, InvalidState: fault.InvalidState, AlreadyExists: fault.InvalidState,
	InvalidCiphertext: fault.InvalidRequest, IncorrectKey: fault.InvalidRequest, LimitExceeded: fault.InvalidRequest, Validation: fault.InvalidArgument,
}

// refuse returns an error of a code. What it is told must not be secret.
func refuse(code, format string, args ...any) error {
	err := fault.New(kinds[code], format, args...)
	err.Code = code
	return err
}
