package myfsio_test

import (
	"os/exec"
	"strings"
	"testing"
)

// layers gives each package its row; doc/DESIGN.md explains them. A package imports
// only packages of lower rows, and below its own directory.
var layers = map[string]int{
	"fault": 0, "gz": 0, "vfs": 0, "checksum": 0, "config": 0, "sigv4": 0, "sigv2": 0, "logs": 0, "kv": 0, "blob": 0, "metrics": 0, "guard": 0, "docstore": 0, "lockout": 0, "limit": 0, "limit/redislimit": 0, "proxy": 0, "cse": 0,
	"vfs/memfs": 0, "vfs/faultfs": 0,
	"kv/memkv": 0, "kv/pebblekv": 0, "kv/kvtest": 0, "kv/faultkv": 0,
	"blob/memblob": 0, "blob/fileblob": 0, "blob/blobtest": 0, "blob/faultblob": 0,
	"event": 1, "seal": 1, "kms": 1, "view": 1, "acl": 1, "audit": 1,
	"object": 2, "object/lock": 1, "object/encrypt": 1, "iam": 2, "iam/policy": 1, "bucketpolicy": 2, "cors": 2, "query": 2, "query/worker": 2,
	"gate": 3, "gate/access": 3, "auth": 3, "work": 3, "work/project": 3, "work/reclaim": 3, "work/assemble": 3, "work/scrub": 3, "work/rewrap": 3,
	"s3": 4, "s3/wire": 1, "s3/form": 2, "sts": 4, "adminapi": 4, "website": 4, "console": 4, "manta": 4,
	"work/notify": 3, "accesslog": 3,
	"parsed": 0, "ident": 0, "gcm": 0, "jsondoc": 0, "website/site": 2, "website/domain": 2, "lifecycle": 2, "work/lifecycle": 3, "inventory": 2, "work/inventory": 3,
	"server":     5,
	"cmd/myfsio": 6,
}

// engines are the concrete engines; only server and tests may name them.
var engines = []string{"kv/memkv", "kv/pebblekv", "kv/pgkv", "blob/memblob", "blob/fileblob", "blob/radosblob"}

func TestImportsPointDown(t *testing.T) {
	out, err := exec.Command("go", "list", "-f", `{{.ImportPath}} {{join .Imports " "}}`, "./...").CombinedOutput()
	if err != nil {
		t.Fatalf("go list: %v\n%s", err, out)
	}
	for _, line := range strings.Split(strings.TrimSpace(string(out)), "\n") {
		fields := strings.Fields(line)
		pkg := strings.TrimPrefix(fields[0], "myfsio/")
		if pkg == "myfsio" || strings.HasPrefix(pkg, "internal/") || strings.HasPrefix(pkg, "tests/") || strings.HasPrefix(pkg, "bench") {
			continue // test support and tools stand outside the product
		}
		row, ok := layers[pkg]
		if !ok {
			t.Errorf("package %s has no row in layers", pkg)
			continue
		}
		for _, imp := range fields[1:] {
			dep, ok := strings.CutPrefix(imp, "myfsio/")
			if !ok {
				continue
			}
			below := layers[dep] < row || strings.HasPrefix(pkg, dep+"/") || strings.HasPrefix(dep, pkg+"/") || row == 0 && layers[dep] == 0
			if !below {
				t.Errorf("%s (row %d) imports %s (row %d)", pkg, row, dep, layers[dep])
			}
			for _, e := range engines {
				if dep == e && pkg != "server" {
					t.Errorf("%s imports the engine %s; only server may", pkg, e)
				}
			}
		}
	}
}
