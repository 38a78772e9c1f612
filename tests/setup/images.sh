#!/usr/bin/env bash
# Builds the images that tests and demo push, once a machine: one OCI layout in the cache, every file in it real.
#   base       a Debian root file system, one layer of more than 50 MB compressed
#   base-v2    base and a small layer on top: another digest with a shared layer
#   library    Go's compiled library: one layer of more than 50 MB in few files, quick to unpack
#   toolchain  base, this machine's Rust libraries, Debian's Go: at least 300 MB compressed and 20,000 files, little more
#   small      busybox alone;  foreign: the same for another architecture, as a manifest without an index
#   multi      an index of three platforms, each with its own busybox
set -euo pipefail
# shellcheck source=tests/setup/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

recipe=3 # raise it when what the images hold changes
suite=bookworm
layout=$cache/images-$recipe
arch=$(dpkg --print-architecture)
case $arch in
amd64) foreign=arm64 ;;
*) foreign=amd64 ;;
esac

sysroot() {
    local rustc
    rustc=$(command -v rustc || printf '%s' "$HOME/.cargo/bin/rustc")
    "$rustc" --print sysroot 2>/dev/null || fail "no Rust toolchain found; install one: https://rustup.rs"
}

# layer NAME FOLDER TARGET: pack a folder as it is to one gzipped layer whose files stand under TARGET.
layer() {
    local name=$1 packed=$work/$1.tar.gz digest
    tar --create --directory "$2" --numeric-owner --sort=name --transform "flags=rSh;s,^\\.,.$3," . |
        tee >(sha256sum >"$work/$name.diff") | pigz --no-time >"$packed"
    digest=$(sha256sum "$packed" | cut -d ' ' -f 1)
    while [ ! -s "$work/$name.diff" ]; do sleep 0.1; done
    jq -n --arg digest "sha256:$digest" --arg diff "sha256:$(cut -d ' ' -f 1 "$work/$name.diff")" --argjson size "$(stat -c %s "$packed")" \
        '{digest: $digest, diff: $diff, size: $size}' >"$work/$name.layer"
    mv "$packed" "$work/layout/blobs/sha256/$digest"
}

# blob MEDIA-TYPE: store what stands on standard input, print its descriptor.
blob() {
    local digest
    cat >"$work/blob"
    digest=$(sha256sum "$work/blob" | cut -d ' ' -f 1)
    jq -cn --arg type "$1" --arg digest "sha256:$digest" --argjson size "$(stat -c %s "$work/blob")" '{mediaType: $type, digest: $digest, size: $size}'
    mv "$work/blob" "$work/layout/blobs/sha256/$digest"
}

# name NAME DESCRIPTOR: give it a name in the layout's index.
name() {
    jq --arg name "$1" --argjson new "$2" '.manifests += [$new + {annotations: {"org.opencontainers.image.ref.name": $name}}]' \
        "$work/layout/index.json" >"$work/index.json"
    mv "$work/index.json" "$work/layout/index.json"
}

# image OCI-ARCH COMMAND LAYER ...: join layers to an image, print its manifest's descriptor.
image() {
    local arch=$1 command=$2 layers config
    shift 2
    layers=$(cd "$work" && jq -cs . "${@/%/.layer}")
    config=$(jq -n --arg arch "$arch" --arg command "$command" --argjson layers "$layers" --arg now "$(date -u +%FT%TZ)" '{
        created: $now, architecture: $arch, os: "linux", config: {Cmd: [$command], Env: ["PATH=/usr/sbin:/usr/bin:/sbin:/bin"]},
        rootfs: {type: "layers", diff_ids: [$layers[].diff]}}' | blob application/vnd.oci.image.config.v1+json)
    jq -n --argjson config "$config" --argjson layers "$layers" '{
        schemaVersion: 2, mediaType: "application/vnd.oci.image.manifest.v1+json", config: $config,
        layers: [$layers[] | {mediaType: "application/vnd.oci.image.layer.v1.tar+gzip", digest, size}]}' | blob application/vnd.oci.image.manifest.v1+json
}

# The root file system, without what no image carries: package lists, downloaded packages, device nodes.
build_base() {
    say "building base: debootstrap of Debian $suite (a minute or two)"
    http_proxy=${http_proxy:-$(apt-config dump --format '%v' Acquire::http::Proxy)} \
        debootstrap --variant=minbase --include=ca-certificates,curl,perl "$suite" "$work/rootfs" "$(debian_mirror)" >"$work/debootstrap.log" 2>&1 || {
        tail -n 20 "$work/debootstrap.log" >&2
        fail "debootstrap does not work here (it needs root, mknod and mount); its log ends above"
    }
    rm -rf "$work"/rootfs/var/cache/apt/archives/*.deb "$work"/rootfs/var/lib/apt/lists/* "$work"/rootfs/dev/*
    layer base "$work/rootfs" ""
    layer perl "$work/rootfs/usr/share/perl" /opt/perl
    name base "$(image "$arch" /bin/bash base)"
    name base-v2 "$(image "$arch" /bin/bash base perl)"
}

build_toolchain() {
    say "building library and toolchain: Go, Rust libraries"
    suite_unpack "$suite" "$arch" "$work/go" golang-1.19-go golang-1.19-src
    layer library "$work/go/usr/lib/go-1.19/pkg/linux_$arch" /opt/library
    layer rust "${IPS_SYSROOT:-$(sysroot)}/lib" /usr/local/rust/lib
    layer go-tools "$work/go/usr/lib/go-1.19/pkg/tool" /opt/go/tools
    layer go-source "$work/go/usr/share" /opt/go/share
    name library "$(image "$arch" /bin/true library)"
    local layers=(base rust go-tools go-source)
    # Rust's libraries differ from release to release: where they are small, Go's make up for it.
    if [ "$(cd "$work" && jq -s 'map(.size) | add' "${layers[@]/%/.layer}")" -lt 300000000 ]; then
        layers+=(library)
    fi
    name toolchain "$(image "$arch" /bin/bash "${layers[@]}")"
}

# busybox DEBIAN-ARCH OCI-ARCH: prints the descriptor of an image that stands in the index multi, and makes the layers
# of the same platform for an image of its own.
busybox() {
    suite_unpack "$suite" "$1" "$work/busybox-$1" busybox-static >&2
    layer "busybox-$1" "$work/busybox-$1/bin" /bin
    layer "busybox-doc-$1" "$work/busybox-$1/usr/share/doc/busybox-static" /usr/share/doc/busybox
    image "$2" /bin/busybox "busybox-$1" "busybox-doc-$1"
}

build_small() {
    local amd64 arm64 arm
    say "building small, foreign and multi: busybox for amd64, arm64, arm/v7"
    amd64=$(busybox amd64 amd64)
    arm64=$(busybox arm64 arm64)
    arm=$(busybox armhf arm)
    name small "$(image "$arch" /bin/sh "busybox-$arch")"
    name foreign "$(image "$foreign" /bin/sh "busybox-$foreign")"
    name multi "$(jq -cn --argjson amd64 "$amd64" --argjson arm64 "$arm64" --argjson arm "$arm" '{
        schemaVersion: 2, mediaType: "application/vnd.oci.image.index.v1+json", manifests: [
            $amd64 + {platform: {os: "linux", architecture: "amd64"}},
            $arm64 + {platform: {os: "linux", architecture: "arm64", variant: "v8"}},
            $arm + {platform: {os: "linux", architecture: "arm", variant: "v7"}}]}' | blob application/vnd.oci.image.index.v1+json)"
}

# The promise about toolchain, counted in the finished layout.
check_toolchain() {
    local manifest bytes files=0 blob
    manifest=$work/layout/blobs/sha256/$(jq -r '.manifests[] | select(.annotations["org.opencontainers.image.ref.name"] == "toolchain").digest | ltrimstr("sha256:")' "$work/layout/index.json")
    bytes=$(jq '[.layers[].size] | add' "$manifest")
    for blob in $(jq -r '.layers[].digest | ltrimstr("sha256:")' "$manifest"); do
        files=$((files + $(tar -tzf "$work/layout/blobs/sha256/$blob" | grep -vc '/$')))
    done
    say "toolchain: $((bytes / 1000000)) MB compressed, $files files"
    if [ "$bytes" -lt 300000000 ] || [ "$files" -lt 20000 ]; then
        fail "toolchain is too small: it promises 300 MB and 20,000 files"
    fi
}

if [ -e "$layout/index.json" ]; then
    say "images: all there"
    exit 0
fi
if [ "$(id -u)" -ne 0 ]; then
    say "building the test images needs root (debootstrap)"
    sysroot=$(sysroot)
    as_root env "IPS_CACHE=$cache" "IPS_SYSROOT=$sysroot" "PATH=$PATH:/usr/sbin:/sbin" "${BASH_SOURCE[0]}"
    as_root chown -R "$(id -u):$(id -g)" "$cache/apt" "$layout"
    exit 0
fi
lock images
if [ ! -e "$layout/index.json" ]; then
    work=$(scratch images)
    mkdir -p "$work/layout/blobs/sha256"
    printf '{"imageLayoutVersion":"1.0.0"}' >"$work/layout/oci-layout"
    printf '{"schemaVersion":2,"manifests":[]}' >"$work/layout/index.json"
    build_base
    build_toolchain
    build_small
    check_toolchain
    mv -T "$work/layout" "$layout"
    rm -rf "$work"
fi
say "images: all there"
