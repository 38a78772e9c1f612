#!/usr/bin/env bash
# Installs the Debian or Ubuntu packages that the build, the tests and the demo need. Nothing here starts a service:
# containerd and the registry are only unpacked into the cache (containerd.sh, registry.sh).
set -euo pipefail
# shellcheck source=tests/setup/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

build=(gcc libc6-dev make pkg-config protobuf-compiler libprotobuf-dev ca-certificates)
test=(debootstrap debian-archive-keyring pigz jq curl python3-pip iproute2 util-linux mount procps e2fsprogs)
# To build the Kubernetes that tests run against (kubernetes.sh), to run its nodes, and to build our images.
cluster=(dpkg-dev rsync iptables buildah)
lint=(shellcheck)

missing() {
    local package
    for package in "$@"; do
        dpkg-query -W -f='${db:Status-Abbrev}' "$package" 2>/dev/null | grep -q '^ii' || printf '%s\n' "$package"
    done
}

install_packages() {
    say "installing with apt: $*"
    if ! as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$@" >"$cache/apt.log" 2>&1; then
        as_root apt-get update >>"$cache/apt.log" 2>&1 || say "apt-get update failed, trying with the lists as they are"
        as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$@" >>"$cache/apt.log" 2>&1 || {
            tail -n 20 "$cache/apt.log" >&2
            fail "apt could not install these packages; run: sudo apt-get update && sudo apt-get install $*"
        }
    fi
}

# The console needs Node 20; the Rust build does not. Debian 13 and Ubuntu 26.04 carry it, Debian 12 carries 18.
check_node() {
    local candidate
    if has_node; then
        return 0
    fi
    candidate=$(apt-cache policy nodejs 2>/dev/null | sed -n 's/^ *Candidate: *\([0-9]*\:\)\?\([0-9]*\).*/\2/p')
    if [ -n "$candidate" ] && [ "$candidate" -ge 20 ] && ! command -v node >/dev/null; then
        install_packages nodejs npm
        return 0
    fi
    say "the console is left out of this build: it needs Node.js 20 or newer with npm, this machine offers ${candidate:-none}."
    say "  install it from https://nodejs.org/en/download and run make again; everything else works without it."
}

command -v apt-get >/dev/null || fail "this script knows apt only; install by hand: ${build[*]} ${test[*]} ${cluster[*]} ${lint[*]}"
mapfile -t wanted < <(missing "${build[@]}" "${test[@]}" "${cluster[@]}" "${lint[@]}")
if [ "${#wanted[@]}" -gt 0 ]; then
    lock packages
    install_packages "${wanted[@]}"
fi
check_node
say "packages: all there"
