#!/usr/bin/env bash
# Puts a PostgreSQL and a MariaDB into the cache, unpacked from the machine's own packages and never installed: those would start
# services and make clusters. Programs are reached through small starters in databases/bin, which name the libraries.
set -euo pipefail
# shellcheck source=tests/setup/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

home=$cache/databases

# download FOLDER PACKAGE ...: these packages, and what they need that this machine lacks.
download() {
    local folder=$1
    shift
    mkdir -p "$folder/partial"
    apt-get install -y --download-only --no-install-recommends --reinstall -o "Dir::Cache::archives=$folder" \
        -o APT::Sandbox::User=root -o Debug::NoLocking=1 "$@" >"$cache/databases.log" 2>&1
}

# The server package that the machine's release has.
postgresql() { apt-cache depends postgresql 2>/dev/null | sed -n 's/^ *Depends: \(postgresql-[0-9]*\)$/\1/p' | head -n 1; }

# starter NAME PROGRAM: starts a program, from where it will be in the end, with the libraries that were unpacked beside it.
starter() {
    local libraries=
    local folder
    for folder in "$partial"/usr/lib/*-linux-gnu* "$partial"/lib/*-linux-gnu*; do
        [ ! -d "$folder" ] || libraries=$libraries:$home${folder#"$partial"}
    done
    printf '#!/bin/sh\nLD_LIBRARY_PATH=%s exec %s "$@"\n' "${libraries#:}" "$home${2#"$partial"}" >"$partial/bin/$1"
    chmod 755 "$partial/bin/$1"
}

fetch() {
    local partial debs package program
    say "fetching PostgreSQL and MariaDB"
    partial=$(scratch databases)/root
    debs=$cache/scratch/databases/debs
    mkdir -p "$partial/bin"
    package=$(postgresql)
    if [ -z "$package" ] || ! download "$debs" "$package" mariadb-server-core mariadb-client-core; then
        as_root apt-get update >>"$cache/apt.log" 2>&1 || say "apt-get update failed, trying with the lists as they are"
        package=$(postgresql)
        [ -n "$package" ] || fail "no package postgresql is known to apt on this machine"
        download "$debs" "$package" mariadb-server-core mariadb-client-core || {
            tail -n 20 "$cache/databases.log" >&2
            fail "cannot download $package, mariadb-server-core and mariadb-client-core"
        }
    fi
    for package in "$debs"/*.deb; do
        dpkg -x "$package" "$partial"
    done
    for program in "$partial"/usr/lib/postgresql/*/bin/{postgres,initdb} "$partial"/usr/sbin/mariadbd "$partial"/usr/bin/mariadb-install-db; do
        [ -x "$program" ] || fail "$(basename "$program") is in none of the packages"
        starter "$(basename "$program")" "$program"
    done
    rm -rf "$home"
    mv -T "$partial" "$home"
    rm -rf "$debs"
}

complete() { [ -x "$home/bin/postgres" ] && [ -x "$home/bin/mariadbd" ]; }

if ! complete; then
    lock databases
    complete || fetch
fi
postgres=$("$home/bin/postgres" --version) || fail "$home/bin/postgres does not run; remove $home and run this again"
mariadb=$("$home/bin/mariadbd" --version) || fail "$home/bin/mariadbd does not run; remove $home and run this again"
say "databases: ${postgres#postgres }; MariaDB $(sed -n 's/.*Ver \([^ ]*\).*/\1/p' <<<"$mariadb")"
