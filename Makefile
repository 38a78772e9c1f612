# Everything that can be built, run or checked here. CI runs only what stands in this file.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.ONESHELL:

export PATH := $(PATH):$(HOME)/.cargo/bin
export IPS_CACHE ?= $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/ips
export IPS_SETUP := tests/setup

TARGET := $(or $(CARGO_TARGET_DIR),target)
# containerd needs root; everything else runs as the user.
ROOT := $(if $(filter 0,$(shell id -u)),,sudo -E)
HOST := $(shell PATH="$$PATH:$$HOME/.cargo/bin" rustc -vV 2>/dev/null | sed -n 's/^host: //p' | tr 'a-z-' 'A-Z_')
ifneq ($(ROOT),)
export CARGO_TARGET_$(HOST)_RUNNER := $(ROOT)
endif

.PHONY: help
help: ## This list
	@echo 'IPS, Image Prewarm Service. Targets:'
	sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 20

.PHONY: toolchain
toolchain:
	@if ! command -v cargo >/dev/null; then
	    echo "error: no Rust toolchain found; install one: curl --proto '=https' --tlsv1.2 -sSf https://sh.rustup.rs | sh" >&2
	    exit 1
	fi

.PHONY: packages
packages: toolchain
	@$(IPS_SETUP)/packages.sh

.PHONY: components
components: packages
	@$(IPS_SETUP)/containerd.sh
	$(IPS_SETUP)/registry.sh
	$(IPS_SETUP)/promtool.sh
	$(IPS_SETUP)/grpcurl.sh
	$(IPS_SETUP)/images.sh
	$(IPS_SETUP)/databases.sh
	$(IPS_SETUP)/oidc.sh
	$(IPS_SETUP)/kubernetes.sh clients

.PHONY: kube
kube: packages ## A real Kubernetes 1.20 in the cache, for tests (the first time nine minutes)
	@$(IPS_SETUP)/kubernetes.sh

.PHONY: console
console: packages
	@$(IPS_SETUP)/console.sh

.PHONY: build
build: console ## Release binaries of coordinator (with the console), agent and ips in target/release
	cargo build --release --locked --package ips-coordinator --package ips-agent --package ips-cli

.PHONY: demo
demo: components console ## Two real nodes, a real registry, one task, live bars (KEEP=1 keeps it running for the console)
	cargo build --workspace --locked
	$(ROOT) $(TARGET)/debug/demo

.PHONY: test
test: components lint ## Format, lints, and all tests on containerd 1.6, 1.7 and 2.1
	cargo build --workspace --locked
	cargo test --workspace --locked

.PHONY: test-web
test-web: console ## The console in Chromium against a real coordinator with simulated agents (ONLY=text picks stories)
	cargo build --workspace --locked
	$(IPS_SETUP)/oidc.sh
	$(IPS_SETUP)/browser.sh

.PHONY: bench-web
bench-web: console ## The console with 10,000 pulls: first view, first rows, frames a second, memory (MINUTES=30 for the long run)
	cargo build --release --locked --workspace
	IPS_TARGET=$(abspath $(TARGET))/release $(IPS_SETUP)/browser.sh bench

.PHONY: screenshots
screenshots: console ## The pictures of the README, in docs/console
	cargo build --workspace --locked
	$(IPS_SETUP)/browser.sh screenshots

.PHONY: test-kube
test-kube: components kube ## The tests that need a real Kubernetes API server 1.20, which make test leaves out
	cargo build --workspace --locked
	cargo test --workspace --locked --test kubernetes --test cluster_nodes --test cluster_identity --test cluster_policies --test cluster_secrets --test cluster_tasks --test cluster_workloads --test cluster_taints --test manifests -- --include-ignored

.PHONY: e2e
e2e: components kube ## The product on a real Kubernetes cluster: installed by kubectl, tasks, pods, nodes that join, faults, two coordinators; a kubelet that collects images
	cargo build --workspace --locked
	export CARGO_TARGET_$(HOST)_RUNNER="$(ROOT) unshare --net --mount --"
	cargo test --workspace --locked --test e2e --test garbage_collection -- --ignored --nocapture

.PHONY: test-mysql
test-mysql: components ## The tests of the databases with MySQL 9 of Debian unstable in MariaDB's place
	@$(IPS_SETUP)/mysql.sh
	cargo build --workspace --locked
	IPS_TEST_MYSQL=1 cargo test --workspace --locked --test store --test databases

.PHONY: cargo-deny
cargo-deny: packages
	@if [ ! -x "$$IPS_CACHE/tools/bin/cargo-deny" ]; then
	    echo "==> installing cargo-deny, once"
	    cargo install --locked --root "$$IPS_CACHE/tools" cargo-deny@0.20.2
	fi

.PHONY: lint
lint: console cargo-deny ## Formatting and lints of Rust, shell and console; licences and sources of all dependencies
	cargo fmt --all --check
	shellcheck --external-sources $(IPS_SETUP)/*.sh deploy/image/assemble.sh .ci/run
	cargo clippy --workspace --all-targets --locked -- -D warnings
	"$$IPS_CACHE/tools/bin/cargo-deny" --log-level error check bans licenses sources
	$(IPS_SETUP)/console.sh check

.PHONY: audit
audit: cargo-deny ## Security advisories of all dependencies (needs github.com)
	@if ! "$$IPS_CACHE/tools/bin/cargo-deny" check advisories; then
	    echo "error: advisories are open or unknown; the database is fetched from github.com/rustsec/advisory-db" >&2
	    exit 1
	fi

.PHONY: bench-pull
bench-pull: components ## Pull through IPS against a bare pull, memory and lag (CHECK=1 fails when a figure is missed)
	cargo build --release --locked --workspace
	$(ROOT) $(TARGET)/release/bench-pull

.PHONY: bench-nodes
bench-nodes: components kube ## What 5,000 Node objects of a real API server cost the coordinator, and how soon it sees a changed label
	cargo build --release --locked --workspace
	cargo test --release --locked --workspace --test cluster_nodes five_thousand -- --ignored --nocapture

.PHONY: bench-scale
bench-scale: console ## The coordinator with 10,000 simulated agents (CHECK=1 fails when a figure is missed)
	cargo build --release --locked --workspace
	$(ROOT) $(TARGET)/release/bench-scale

.PHONY: bench-auth
bench-auth: packages ## What it costs to know who calls, and fifty log-ins at once (CHECK=1 fails when a figure is missed)
	cargo bench --locked --workspace --bench auth

.PHONY: bench-policy
bench-policy: packages ## What it costs to keep 20 images on 5,000 nodes, and how soon a new node is ordered something (CHECK=1 fails when a figure is missed)
	cargo bench --locked --workspace --bench policy

.PHONY: clean
clean: ## Remove what was built here (the cache of containerds and images stays)
	cargo clean
	rm -rf web/dist web/node_modules
	@echo "the cache of containerds and images is left: $$IPS_CACHE"
