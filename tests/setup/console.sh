#!/usr/bin/env bash
# Builds the console into web/dist, or checks it (console.sh check). Without Node.js 20 it says so and does nothing: the
# coordinator then serves everything but the console.
set -euo pipefail
# shellcheck source=tests/setup/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

web=$(dirname "$(realpath "${BASH_SOURCE[0]}")")/../../web
if [ ! -e "$web/package.json" ]; then
    say "console: no sources"
    exit 0
fi
if ! has_node; then
    say "console: left out, Node.js 20 or newer with npm is not here (see tests/setup/packages.sh)"
    exit 0
fi

cd "$web"
lock console
if [ ! -e node_modules/.package-lock.json ] || [ package-lock.json -nt node_modules/.package-lock.json ]; then
    say "console: installing its packages"
    npm ci --no-audit --no-fund --loglevel=error
    touch node_modules/.package-lock.json
fi
if [ "${1:-build}" = check ]; then
    say "console: types, lint, tests"
    npm run --silent check
elif [ ! -e dist/index.html ] || [ -n "$(find . -path ./node_modules -prune -o -path ./dist -prune -o -type f -newer dist/index.html -print -quit)" ]; then
    say "console: building"
    npm run --silent build
else
    say "console: up to date"
fi
