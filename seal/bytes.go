package seal

import (
	"slices"

	"github.com/minio/sio"
)

// Seal appends the stream of plain under k to dst: the form of Writer for bodies that are in memory anyway.
func Seal(dst []byte, k Key, plain []byte) []byte {
	if len(plain) == 0 {
		return dst
	}
	out := appender{slices.Grow(dst, int(EncryptedSize(int64(len(plain)))))}
	w, err := sio.EncryptWriter(&out, config(&k))
	if err == nil {
		_, err = w.Write(plain)
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		panic(err) // the parameters are constant, and an appender does not fail
	}
	return out.b
}

// Open appends the plaintext of a whole stream under k to dst. The error of a stream that is not whole or not of this key is fault.Corrupted.
func Open(dst []byte, k Key, sealed []byte) ([]byte, error) {
	size, ok := plainSize(int64(len(sealed)))
	if !ok {
		return nil, damaged(nil)
	}
	if size == 0 {
		return dst, nil
	}
	out, err := sio.DecryptBuffer(slices.Grow(dst, int(size)), sealed, config(&k))
	if err != nil {
		return nil, damaged(err)
	}
	return out, nil
}

type appender struct{ b []byte }

func (a *appender) Write(p []byte) (int, error) {
	a.b = append(a.b, p...)
	return len(p), nil
}
