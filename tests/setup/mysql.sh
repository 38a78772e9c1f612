#!/usr/bin/env bash
# Puts MySQL 9 of Debian unstable into the cache with everything down to its own C library, unpacked and never installed: a small
# Debian of its own beside the machine's. Only make test-mysql needs it.
set -euo pipefail
# shellcheck source=tests/setup/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

home=$cache/mysql
arch=$(dpkg --print-architecture)

fetch() {
    local partial debs deb loader libraries
    partial=$(scratch mysql)/root
    debs=$cache/scratch/mysql/debs
    mkdir -p "$partial/bin" "$debs/partial"
    suite_update unstable "$arch"
    say "fetching MySQL from Debian unstable"
    suite_apt unstable "$arch" apt-get -y --download-only --no-install-recommends -o "Dir::Cache::archives=$debs" -o Debug::NoLocking=1 \
        install mysql-server-core >"$cache/mysql.log" 2>&1 || {
        tail -n 20 "$cache/mysql.log" >&2
        fail "cannot download mysql-server-core from Debian unstable"
    }
    for deb in "$debs"/*.deb; do
        dpkg -x "$deb" "$partial"
    done
    # The program is started by the loader that belongs to its libraries, because the machine's may be older.
    loader=$(cd "$partial" && find usr -name 'ld-linux-*.so.*' | sort | head -n 1)
    libraries=$(cd "$partial" && find usr/lib -mindepth 1 -maxdepth 2 -type d \( -name '*-linux-gnu*' -o -name private \) | sed "s|^|$home/|" | paste -sd:)
    [ -n "$loader" ] || fail "the packages hold no loader"
    printf '#!/bin/sh\nexec %s --library-path %s %s "$@"\n' "$home/$loader" "$libraries" "$home/usr/sbin/mysqld" >"$partial/bin/mysqld"
    chmod 755 "$partial/bin/mysqld"
    rm -rf "$home"
    mv -T "$partial" "$home"
    rm -rf "$debs"
}

if [ ! -x "$home/bin/mysqld" ]; then
    lock mysql
    [ -x "$home/bin/mysqld" ] || fetch
fi
version=$("$home/bin/mysqld" --version) || fail "$home/bin/mysqld does not run; remove $home and run this again"
say "mysql: ${version#*Ver }"
