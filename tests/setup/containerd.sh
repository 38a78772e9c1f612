#!/usr/bin/env bash
# Puts containerd 1.6, 1.7 and 2.1 into the cache, unpacked from Debian's packages and never installed: the machine's
# own containerd is not touched. Prints each version; fails if one is missing or is of another minor.
set -euo pipefail
# shellcheck source=tests/setup/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

arch=$(dpkg --print-architecture)

# suites MINOR: where to look for it, in this order. Testing moves on; unstable and the backports may still have it.
suites() {
    case $1 in
    1.6) echo bookworm ;;
    1.7) echo trixie ;;
    2.1) echo testing unstable trixie-backports ;;
    *) fail "no Debian suite is known to carry containerd $1" ;;
    esac
}

version_of() { LC_ALL=C "$1/usr/bin/containerd" --version 2>&1 | awk '{print $3}'; }

# fetch MINOR: unpack the first package of that minor into the cache, in one move.
fetch() {
    local minor=$1 suite version partial
    for suite in $(suites "$minor"); do
        suite_update "$suite" "$arch"
        version=$(suite_apt "$suite" "$arch" apt-cache madison containerd | awk -F' *[|] *' -v start="$minor." 'index($2, start) == 1 {print $2; exit}')
        [ -n "$version" ] || continue
        say "fetching containerd $version from Debian $suite"
        partial=$(scratch containerd)/$minor
        suite_unpack "$suite" "$arch" "$partial" "containerd=$version"
        mkdir -p "$cache/containerd"
        mv -T "$partial" "$cache/containerd/$minor"
        return 0
    done
    fail "no containerd $minor in Debian's $(suites "$minor"); unpack one by hand: dpkg -x containerd_$minor.x_$arch.deb $cache/containerd/$minor"
}

check() {
    local minor=$1 folder=$cache/containerd/$1 version
    version=$(version_of "$folder") || fail "$folder/usr/bin/containerd does not run: $(ldd "$folder/usr/bin/containerd" 2>&1 | grep 'not found' || true)"
    case $version in
    "$minor".*) say "containerd $minor: $version" ;;
    *) fail "$folder holds containerd '$version', not $minor; remove the folder and run this again" ;;
    esac
}

for minor in 1.6 1.7 2.1; do
    if [ ! -x "$cache/containerd/$minor/usr/bin/containerd" ]; then
        lock containerd
        [ -x "$cache/containerd/$minor/usr/bin/containerd" ] || fetch "$minor"
    fi
    check "$minor"
done
