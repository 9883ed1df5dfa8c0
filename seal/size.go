package seal

// Sizes in bytes.
const (
	PackageSize = 64 << 10       // plaintext of a package
	Overhead    = 32             // what sealing adds to each package
	MaxSize     = int64(1 << 47) // plaintext of a stream
	sealedSize  = PackageSize + Overhead
)

// EncryptedSize returns how many bytes plain bytes of plaintext (0 to MaxSize) have when they are sealed as one stream.
func EncryptedSize(plain int64) int64 {
	return plain + packages(plain)*Overhead
}

// packages returns the number of packages of a stream.
func packages(plain int64) int64 { return (plain + PackageSize - 1) / PackageSize }

// plainSize is the inverse of EncryptedSize; false when no stream has this size.
func plainSize(encrypted int64) (int64, bool) {
	if encrypted < 0 || encrypted > EncryptedSize(MaxSize) {
		return 0, false
	}
	whole, rest := encrypted/sealedSize, encrypted%sealedSize
	if rest == 0 {
		return whole * PackageSize, true
	}
	return whole*PackageSize + rest - Overhead, rest > Overhead
}

// span returns which bytes of a stream of size plain bytes hold the n > 0 plain bytes from off: whole packages from the encrypted
// offset from to before to. The range must lie in the stream.
func span(size, off, n int64) (from, to int64) {
	end := min(((off+n-1)/PackageSize+1)*PackageSize, size)
	return off / PackageSize * sealedSize, EncryptedSize(end)
}
