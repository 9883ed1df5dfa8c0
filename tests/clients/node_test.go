package clients

import (
	"os"
	"testing"
)

func TestNodeSDK(t *testing.T) {
	t.Parallel()
	node := tool(t, "node")
	sdk := cache(t, "node")
	if _, err := os.Stat(sdk + "/node_modules/@aws-sdk/lib-storage"); err != nil {
		absent(t, "the AWS SDK for JavaScript")
	}
	// Modules are looked for above the script, so it runs from beside them.
	for _, name := range []string{"/node_test.mjs", "/limited_test.mjs"} {
		write(t, sdk+name, read(t, "node"+name))
	}
	s := server(t)
	r := &runner{t: t, path: node, dir: sdk, env: s.env(t, "MYFSIO_BUCKET=node", "MYFSIO_KEYS="+keysFile(t))}
	script(t, r, "node_test.mjs")
	t.Run("limited", func(t *testing.T) {
		u := s.session(t, s.limited(t, "limited-node"))
		script(t, &runner{t: t, path: node, dir: sdk, env: append(s.env(t, "MYFSIO_BUCKET=limited-node"), u.env()...)}, "limited_test.mjs")
		s.untouched(t, "limited-node")
	})
}
