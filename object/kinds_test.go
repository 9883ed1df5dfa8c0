package object

// ConfigKinds returns every kind of configuration, for the tests outside the package.
func ConfigKinds() []ConfigKind {
	out := make([]ConfigKind, len(configKinds))
	for i := range configKinds {
		out[i] = configKinds[i].kind
	}
	return out
}
