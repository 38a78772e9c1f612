#!/usr/bin/env bash
# Puts a real Kubernetes into the cache, the oldest that IPS promises to work with: API server, controller manager, scheduler,
# kubelet and kube-proxy 1.20 built from Debian's source package with Debian's Go (nine minutes on two processors, once a machine), etcd and
# kubectl from Debian's packages, and beside them the kubectl of Debian testing. Everything is unpacked, nothing is installed. With the argument "clients" only what need not be built.
set -euo pipefail
# shellcheck source=tests/setup/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

suite=bookworm
release=1.20.2
home=$cache/kubernetes/$release
arch=$(dpkg --print-architecture)
servers=(kube-apiserver kube-controller-manager kube-scheduler kubelet kube-proxy)

# take SUITE PACKAGE PROGRAM: take one program out of a package.
take() {
    local suite=$1 package=$2 program=$3 unpacked=$work/$2
    say "fetching $package from Debian $suite"
    suite_unpack "$suite" "$arch" "$unpacked" "$package"
    install -D -m 755 "$unpacked/usr/bin/$program" "$work/bin/$program"
    rm -rf "$unpacked"
}

# The first suite that has a kubectl package; bookworm's is called kubernetes-client, and is the old one.
fetch_current_kubectl() {
    local suite
    for suite in testing unstable trixie; do
        suite_update "$suite" "$arch"
        if [ -n "$(suite_apt "$suite" "$arch" apt-cache madison kubectl)" ]; then
            take "$suite" kubectl kubectl
            mv "$work/bin/kubectl" "$work/bin/kubectl-current"
            return 0
        fi
    done
    fail "no kubectl in Debian testing, unstable or trixie"
}

fetch_clients() {
    local work
    work=$(scratch kubernetes-clients)
    fetch_current_kubectl
    take "$suite" kubernetes-client kubectl
    take "$suite" etcd-server etcd
    say "fetching runc and the network plugins from Debian $suite"
    suite_unpack "$suite" "$arch" "$work/runc" runc
    install -m 755 "$work/runc/usr/sbin/runc" "$work/bin/runc"
    suite_unpack "$suite" "$arch" "$work/cni" containernetworking-plugins
    mkdir -p "$home"
    rm -rf "$home/cni"
    mv "$work/cni/usr/lib/cni" "$home/cni"
    mv "$work"/bin/* "$home/"
    rm -rf "$work"
}

# The upstream tree with its vendored dependencies. reflect2 1.0.1 crashes a server that Go 1.19 has built at the first custom
# resource definition; Debian packages 1.0.2.
fetch_source() {
    say "fetching the source of Kubernetes from Debian $suite"
    suite_source "$suite" "$work/source" kubernetes
    grep -q "really$release-" "$work/source/debian/changelog" || fail "Debian $suite has another Kubernetes than $release: $(head -n 1 "$work/source/debian/changelog")"
    rm -rf "$work/source/debian" "$work/source/.pc"
    suite_unpack "$suite" "$arch" "$work/reflect2" golang-github-modern-go-reflect2-dev
    local vendored=$work/source/vendor/github.com/modern-go/reflect2
    rm -rf "$vendored"
    cp -r "$work/reflect2/usr/share/gocode/src/github.com/modern-go/reflect2" "$vendored"
    rm -rf "$vendored"/*_test.go "$vendored"/*test*/
}

build_servers() {
    local work program wanted
    work=$(scratch kubernetes)
    fetch_source
    say "fetching Go from Debian $suite"
    suite_unpack "$suite" "$arch" "$work/go" golang-1.19-go golang-1.19-src
    printf "KUBE_GIT_COMMIT='debian'\nKUBE_GIT_TREE_STATE='clean'\nKUBE_GIT_VERSION='v%s'\nKUBE_GIT_MAJOR='1'\nKUBE_GIT_MINOR='20'\n" "$release" >"$work/version"
    wanted=$(printf 'cmd/%s ' "${servers[@]}")
    say "building Kubernetes $release (nine minutes on two processors; the log is $cache/kubernetes.log)"
    env GOROOT="$work/go/usr/lib/go-1.19" PATH="$work/go/usr/lib/go-1.19/bin:$PATH" GOCACHE="$work/cache" GOPATH="$work/path" \
        GOFLAGS=-mod=vendor GO111MODULE=on GOPROXY=off KUBE_GIT_VERSION_FILE="$work/version" \
        nice make -C "$work/source" WHAT="$wanted" >"$cache/kubernetes.log" 2>&1 || {
        tail -n 30 "$cache/kubernetes.log" >&2
        fail "Kubernetes does not build here; the whole log is $cache/kubernetes.log"
    }
    mkdir -p "$home"
    for program in "${servers[@]}"; do
        install -m 755 "$work/source/_output/bin/$program" "$home/$program.new"
        mv "$home/$program.new" "$home/$program"
    done
    # Go makes folders that even their owner may not write to.
    chmod -R u+w "$work"
    rm -rf "$work"
}

have_clients() { [ -x "$home/kubectl" ] && [ -x "$home/kubectl-current" ] && [ -x "$home/etcd" ] && [ -x "$home/runc" ] && [ -d "$home/cni" ]; }
have_servers() {
    local program
    for program in "${servers[@]}"; do [ -x "$home/$program" ] || return 1; done
}

if ! have_clients; then
    lock kubernetes
    have_clients || fetch_clients
fi
if [ "${1:-}" = clients ]; then
    say "kubectl: all there"
    exit 0
fi
if ! have_servers; then
    lock kubernetes
    have_servers || build_servers
fi
etcd=$("$home/etcd" --version) || fail "$home/etcd does not run"
server=$("$home/kube-apiserver" --version) || fail "$home/kube-apiserver does not run; remove $home and run this again"
current=$("$home/kubectl-current" version --client 2>/dev/null | sed -n 's/^Client Version: v*//p') || fail "$home/kubectl-current does not run"
say "kubernetes: ${server#Kubernetes v}, etcd $(sed -n 's/^etcd Version: //p' <<<"$etcd"), kubectl $release and ${current:-unknown}"
