#!/usr/bin/env bash
# Puts Debian's docker-registry into the cache, unpacked and never installed: the package would start a service.
set -euo pipefail
# shellcheck source=tests/setup/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

suite=bookworm
program=$cache/registry/usr/bin/docker-registry

fetch() {
    local partial
    say "fetching docker-registry from Debian $suite"
    partial=$(scratch registry)/root
    suite_unpack "$suite" "$(dpkg --print-architecture)" "$partial" docker-registry
    mv -T "$partial" "$cache/registry"
}

if [ ! -x "$program" ]; then
    lock registry
    [ -x "$program" ] || fetch
fi
version=$("$program" --version) || fail "$program does not run"
say "registry: $version"
