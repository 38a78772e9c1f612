#!/usr/bin/env bash
# Puts promtool, which checks the rules of deploy/observability, into the cache: Debian's package prometheus, unpacked and never installed, for
# it would start a service.
set -euo pipefail
# shellcheck source=tests/setup/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

suite=bookworm
program=$cache/promtool/usr/bin/promtool

fetch() {
    local partial
    say "fetching prometheus from Debian $suite"
    partial=$(scratch promtool)/root
    suite_unpack "$suite" "$(dpkg --print-architecture)" "$partial" prometheus
    mv -T "$partial" "$cache/promtool"
}

if [ ! -x "$program" ]; then
    lock promtool
    [ -x "$program" ] || fetch
fi
version=$("$program" --version 2>&1 | head -n 1) || fail "$program does not run"
say "promtool: $version"
