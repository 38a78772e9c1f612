#!/usr/bin/env bash
# The console in Chromium against the coordinator of target/debug with simulated agents: stories (browser.sh), the measurements
# (browser.sh bench), or the pictures of the README (browser.sh screenshots). Without Node.js 20 it says so and does nothing, as console.sh does.
set -euo pipefail
# shellcheck source=tests/setup/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

web=$(dirname "$(realpath "${BASH_SOURCE[0]}")")/../../web
if ! has_node || [ ! -e "$web/dist/index.html" ]; then
    say "browser: left out, the console is not built here"
    exit 0
fi
if [ -z "${CHROMIUM:-}" ] && ! command -v chromium >/dev/null && ! command -v chromium-browser >/dev/null && ! command -v google-chrome >/dev/null; then
    lock packages
    say "browser: installing Chromium"
    packages=(chromium fonts-noto-cjk)
    if ! as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "${packages[@]}" >"$cache/apt-chromium.log" 2>&1; then
        as_root apt-get update >>"$cache/apt-chromium.log" 2>&1 || true
        as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "${packages[@]}" >>"$cache/apt-chromium.log" 2>&1 || {
            tail -n 20 "$cache/apt-chromium.log" >&2
            fail "apt could not install Chromium; install it by hand, or set CHROMIUM to the path of one"
        }
    fi
    flock --unlock 9
fi

cd "$web"
case "${1:-stories}" in
stories) node tests/browser/run.mjs ;;
bench) node tests/browser/bench.mjs ;;
screenshots) node scripts/screenshots.mjs ;;
*) fail "unknown: $1" ;;
esac
