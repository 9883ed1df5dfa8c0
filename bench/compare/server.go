//go:build linux

package compare

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"

	"myfsio/bench/load"
)

const (
	accessKey = "benchmark"
	secretKey = "benchmark-secret-key"
)

// Spec is one server that can take part.
type Spec struct {
	Name       string
	Module     string // what to install; empty: see Binary
	Version    string // of Module
	Package    string // main package of this module to build; for ours
	Binary     string // a program that must be installed already
	Durability string // what is on the disk when a request is answered
	Setup      string // what differs from the defaults
	Static     bool   // serves files only, unsigned: takes part in items marked so, and is no peer

	// Launch says how to start the server on a port of 127.0.0.1 with all it writes under dir.
	Launch func(dir string, port int) (Launch, error)
	// Object says where the server keeps an object, for servers whose buckets may be
	// filled by copying what a stored object left on the disk. Nil: they may not.
	Object func(dir, bucket, key string) string
	// Policy gives the policy that buckets are made with; nil for none.
	Policy func(bucket string) string
	// Admin is an administrator, for items that need one.
	Admin load.Credentials
}

// Launch is a command line. Probe is a path whose GET answers 200 once the server is ready.
type Launch struct {
	Args  []string
	Env   []string
	Probe string
}

// Servers is the table of servers. The first one is ours, the rest are measured beside it.
var Servers = []*Spec{
	{
		Name: "myfsio", Package: "./cmd/myfsio",
		Durability: "data, names and metadata synced before the answer; deletes too",
		Setup:      "100 users with 10 statements each, a policy of 10 statements on each bucket; requests are a user's, not an administrator's",
		Launch:     launchOurs,
		Policy:     bucketPolicy,
		Admin:      load.Credentials{AccessKey: adminKey, SecretKey: adminSecret},
	},
	{
		Name: "minio", Module: "github.com/minio/minio", Version: "v0.0.0-20260212201848-7aac2a2c5b7c",
		Durability: "data fdatasync, metadata O_DSYNC; deletes not synced",
		Setup:      "one drive; browser and update check off",
		Launch:     launchMinIO,
		Object:     func(dir, bucket, key string) string { return filepath.Join(dir, "data", bucket, key) },
	},
	{
		Name: "versitygw", Module: "github.com/versity/versitygw/cmd/versitygw", Version: "v1.8.0",
		Durability: "nothing synced",
		Setup:      "posix backend; --keep-alive (off by default) and --quiet",
		Launch:     launchVersity,
		Object:     func(dir, bucket, key string) string { return filepath.Join(dir, "data", bucket, key) },
	},
	{
		Name: "nginx", Binary: "nginx", Static: true,
		Durability: "reads only",
		Setup:      "static files, unsigned; 2 workers, sendfile and tcp_nopush on, no access log",
		Launch:     launchNginx,
	},
}

func launchOurs(dir string, port int) (Launch, error) {
	if err := makeDirs(dir, "data", "logs"); err != nil {
		return Launch{}, err
	}
	if err := writeUsers(filepath.Join(dir, "data")); err != nil {
		return Launch{}, err
	}
	return Launch{
		Args: []string{"--mode", "api", "--api-port", strconv.Itoa(port)},
		Env: []string{
			"STORAGE_ROOT=" + filepath.Join(dir, "data"), "LOG_DIR=" + filepath.Join(dir, "logs"),
			"APP_HOST=127.0.0.1", "ENCRYPTION_ENABLED=true", "LIFECYCLE_ENABLED=true", "LIFECYCLE_INTERVAL_SECONDS=86400",
			// All requests come from one address, and faster than the limits of one allow.
			"RATE_LIMIT_OBJECT_OPS=100000000 per minute", "RATE_LIMIT_BUCKET_OPS=100000000 per minute", "RATE_LIMIT_HEAD_OPS=100000000 per minute", "RATE_LIMIT_LIST_BUCKETS=100000000 per minute",
		},
		Probe: "/",
	}, nil
}

func launchMinIO(dir string, port int) (Launch, error) {
	return Launch{
		Args: []string{
			"server", "--quiet", "--address", "127.0.0.1:" + strconv.Itoa(port), "--console-address", "127.0.0.1:0",
			"--certs-dir", filepath.Join(dir, "certs"), filepath.Join(dir, "data"),
		},
		Env: []string{
			"MINIO_ROOT_USER=" + accessKey, "MINIO_ROOT_PASSWORD=" + secretKey, "MINIO_BROWSER=off", "MINIO_UPDATE=off",
			"HOME=" + dir,
		},
		Probe: "/",
	}, makeDirs(dir, "data", "certs")
}

func launchVersity(dir string, port int) (Launch, error) {
	return Launch{
		Args:  []string{"--port", "127.0.0.1:" + strconv.Itoa(port), "--keep-alive", "--quiet", "posix", filepath.Join(dir, "data")},
		Env:   []string{"ROOT_ACCESS_KEY=" + accessKey, "ROOT_SECRET_KEY=" + secretKey, "HOME=" + dir},
		Probe: "/",
	}, makeDirs(dir, "data")
}

const nginxConf = `%sworker_processes 2;
pid nginx.pid;
error_log error.log;
events { worker_connections 256; }
http {
  access_log off;
  sendfile on;
  tcp_nopush on;
  keepalive_requests 10000000;
  client_body_temp_path tmp/body;
  proxy_temp_path tmp/proxy;
  fastcgi_temp_path tmp/fastcgi;
  uwsgi_temp_path tmp/uwsgi;
  scgi_temp_path tmp/scgi;
  server {
    listen 127.0.0.1:%d;
    root data;
  }
}
`

func launchNginx(dir string, port int) (Launch, error) {
	if err := makeDirs(dir, "data", "tmp"); err != nil {
		return Launch{}, err
	}
	user := ""
	if os.Geteuid() == 0 {
		user = "user root;\n" // its workers must be able to enter dir
	}
	conf := filepath.Join(dir, "nginx.conf")
	if err := os.WriteFile(conf, fmt.Appendf(nil, nginxConf, user, port), 0o600); err != nil {
		return Launch{}, err
	}
	if err := os.WriteFile(filepath.Join(dir, "data", "ready"), []byte("ready\n"), 0o644); err != nil {
		return Launch{}, err
	}
	return Launch{
		Args:  []string{"-p", dir + "/", "-c", conf, "-e", "error.log", "-g", "daemon off;"},
		Probe: "/ready",
	}, nil
}

func makeDirs(dir string, names ...string) error {
	for _, name := range names {
		if err := os.MkdirAll(filepath.Join(dir, name), 0o755); err != nil {
			return err
		}
	}
	return nil
}
