# The tasks of this tree. "make" alone lists them. GOTEST and GOFLAGS may be set: .ci/run puts its own runner there.
GO       ?= go
GOTEST   ?= $(GO) test
FUZZTIME ?= 20s
ROUNDS   ?= 300
RACE     := ./object/... ./kv/... ./blob/... ./s3/... ./accesslog ./adminapi ./audit ./auth ./bucketpolicy ./docstore ./guard ./iam \
	./kms ./limit/... ./lockout ./server ./website ./work ./work/inventory ./work/lifecycle ./work/notify
SLOW     := ./tests/clients ./tests/crash

# SQL over objects needs a C++ compiler to build; without one it is left out and answers 501.
ifeq ($(shell command -v g++ || command -v clang++),)
export CGO_ENABLED := 0
endif

.DEFAULT_GOAL := help
.PHONY: help run build test setup check unit race clients crash fuzz bench bench-short docs clean

help: ## list the tasks
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 14

build: ## build the program ./myfsio
	$(GO) build -o myfsio ./cmd/myfsio

run: build ## build it and serve the data in ./data on ports 5000 and 5100
	STORAGE_ROOT=$(CURDIR)/data LOG_DIR=$(CURDIR)/logs ./myfsio

test: setup check unit race clients crash ## everything .ci/run wants

setup: ## install the S3 clients that the tests use
	tests/setup

check: ## gofmt and vet
	@wrong=$$(git ls-files -z -- '*.go' | xargs -0 gofmt -l); [ -z "$$wrong" ] || { echo "gofmt is not content with:"; echo "$$wrong"; exit 1; }
	$(GO) vet ./...
	cd tests/clients/gosdk && $(GO) vet ./...

unit: ## the tests of all packages
	$(GOTEST) $$($(GO) list ./... | grep -v -E '/tests/(clients|crash)$$')

race: ## the packages with the most concurrency under the race detector
	$(GOTEST) -race $(RACE)

clients: ## aws, boto3, s3cmd, mc, rclone, restic, curl and the SDKs against the real server
	$(GOTEST) -timeout 15m ./tests/clients

crash: ## kill the real server ROUNDS times (300)
	MYFSIO_CRASH_ROUNDS=$(ROUNDS) $(GOTEST) -timeout 30m ./tests/crash

fuzz: ## each fuzz target for FUZZTIME (20s)
	@set -e; for pkg in $$($(GO) list ./...); do \
		for target in $$($(GO) test -list '^Fuzz' $$pkg | grep '^Fuzz' || true); do \
			echo "$$pkg $$target"; \
			$(GO) test -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME) $$pkg; \
		done; \
	done

bench: ## measure beside MinIO, versitygw and nginx (about 40 minutes, 30 GB of disk)
	$(GO) run ./bench compare -strace

bench-short: ## the same in about a minute, to see that it works
	$(GO) run ./bench compare -short

docs: ## write doc/CONFIG.md and doc/S3.md from the tables in the code, and doc/ACCESS.md from what the server does
	$(GO) run ./cmd/myfsio docs doc
	$(GO) test ./tests/access -count=1 -run TestDocument -update

clean: ## remove what was built or measured; .cache/clients stays
	rm -rf myfsio .cache/ci .cache/bench/data
