#!/bin/sh
# assemble.sh ROOT PACKAGE PROGRAM ...: puts together what an image consists of: the programs, the libraries that they are linked to,
# certificates, two users, and a list of everything in it (CycloneDX). No shell, no package manager, nothing else.
# Run by the build stages of the Dockerfiles, and by the tests that check the images; needs cargo, jq and the source tree.
set -eu
root=$1 package=$2
shift 2
source=$(cd "$(dirname "$0")/../.." && pwd)
list=$root/usr/share/sbom/$package.cdx.json
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

mkdir -p "$root/usr/local/bin" "$root/usr/share/sbom" "$root/etc/ssl/certs" "$root/tmp"
chmod 1777 "$root/tmp"

for program in "$@"; do
    cp "$program" "$root/usr/local/bin/"
    chmod 755 "$root/usr/local/bin/$(basename "$program")"
    # "libc.so.6 => /lib/.../libc.so.6 (0x...)", and the loader without an arrow.
    ldd "$program" | sed -n -e 's|.* => \(/[^ ]*\) .*|\1|p' -e 's|^[[:space:]]*\(/[^ ]*\) (.*|\1|p'
done | sort -u >"$work/libraries"
while read -r library; do
    mkdir -p "$root$(dirname "$library")"
    cp -L "$library" "$root$library"
done <"$work/libraries"

cp -L /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/"
printf 'root:x:0:0:root:/:/sbin/nologin\nips:x:65532:65532:ips:/var/lib/ips:/sbin/nologin\n' >"$root/etc/passwd"
printf 'root:x:0:\nips:x:65532:\n' >"$root/etc/group"
printf 'passwd: files\ngroup: files\nhosts: files dns\n' >"$root/etc/nsswitch.conf"

# Rust: what the programs are linked from. Lines of name, version, licence.
for program in "$@"; do
    # The program ips is in the package ips-cli.
    name=$(basename "$program")
    [ "$name" != ips ] || name=ips-cli
    (cd "$source" && cargo tree --locked --offline --package "$name" --edges normal --prefix none --no-dedupe --format '{p}|{l}')
done | sed 's# ([^|]*)##g; s# v\([^ |]*\)#|\1#' | sort -u >"$work/crates"
jq -Rn '[inputs | split("|") | select(length >= 2) | {type: "library", name: .[0], version: .[1], purl: "pkg:cargo/\(.[0])@\(.[1])"}
    + (if (.[2] // "") == "" then {} else {licenses: [{expression: (.[2] | gsub("/"; " OR "))}]} end)]' "$work/crates" >"$work/crates.json"

# Debian: the packages of the libraries and of the certificates.
# shellcheck disable=SC2016  # dpkg fills the variables in
{
    echo ca-certificates
    while read -r library; do
        # A merged /usr: dpkg may know the file by its other name.
        dpkg-query --search "$library" 2>/dev/null || dpkg-query --search "/usr$library" 2>/dev/null || true
    done <"$work/libraries" | sed 's#: /.*##'
} | sort -u | xargs dpkg-query -W -f='${binary:Package}|${Version}\n' >"$work/debian"
jq -Rn '[inputs | split("|") | select(.[1] // "" != "") | (.[0] | sub(":.*"; "")) as $name
    | {type: "library", name: $name, version: .[1], purl: "pkg:deb/debian/\($name)@\(.[1])"}]' "$work/debian" >"$work/debian.json"

# The console's, where it is built in.
printf '[]' >"$work/npm.json"
if [ "$package" = ips-coordinator ] && [ -e "$source/web/dist/index.html" ]; then
    jq '[.packages | to_entries[] | select((.key | startswith("node_modules/")) and (.value.dev | not))
        | (.key | sub(".*node_modules/"; "")) as $name | {type: "library", name: $name, version: .value.version,
            purl: "pkg:npm/\($name | sub("^@"; "%40"))@\(.value.version)"}
        + (if .value.license then {licenses: [{expression: .value.license}]} else {} end)]' "$source/web/package-lock.json" >"$work/npm.json"
fi

version=$(sed -n 's/^version = "\(.*\)"$/\1/p' "$source/Cargo.toml" | head -n 1)
jq -n --arg name "$package" --arg version "$version" --slurpfile crates "$work/crates.json" --slurpfile debian "$work/debian.json" --slurpfile npm "$work/npm.json" '{
    bomFormat: "CycloneDX", specVersion: "1.5", version: 1,
    metadata: {component: {type: "application", name: $name, version: $version}},
    components: ($crates[0] + $debian[0] + $npm[0])}' >"$list"
