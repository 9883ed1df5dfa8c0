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
	write(t, sdk+"/node_test.mjs", read(t, "node/node_test.mjs"))
	s := server(t)
	r := &runner{t: t, path: node, dir: sdk, env: s.env(t, "MYFSIO_BUCKET=node", "MYFSIO_KEYS="+keysFile(t))}
	script(t, r, "node_test.mjs")
}
