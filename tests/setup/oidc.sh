#!/usr/bin/env bash
# Puts a real log-in provider (the npm package oidc-provider) into the cache, for the tests of logging in elsewhere. Without Node.js 20 it says so,
# and those tests say that they were left out.
set -euo pipefail
# shellcheck source=tests/setup/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

source=$(dirname "$(realpath "${BASH_SOURCE[0]}")")/oidc
folder=$cache/oidc-$(cat "$source"/package.json "$source"/package-lock.json "$source"/provider.mjs | sha256sum | cut -c1-12)
lock oidc
if ! has_node; then
    say "log-in provider: left out, Node.js 20 or newer with npm is not here (see tests/setup/packages.sh)"
    printf 'none\n' >"$cache/oidc"
    exit 0
fi
if [ ! -e "$folder" ]; then
    say "log-in provider: installing its packages"
    partial=$(scratch oidc)/provider
    mkdir -p "$partial"
    cp "$source"/package.json "$source"/package-lock.json "$source"/provider.mjs "$partial"
    (cd "$partial" && npm ci --no-audit --no-fund --loglevel=error)
    mv -T "$partial" "$folder"
fi
printf '%s\n' "$folder" >"$cache/oidc.partial"
mv "$cache/oidc.partial" "$cache/oidc"
say "log-in provider: $folder"
