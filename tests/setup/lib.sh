# shellcheck shell=bash
# What the set-up scripts share: where the cache is, how to speak, how to become root, and Debian suites of our own.
# Sourced, never run.

cache=${IPS_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/ips}
mkdir -p "$cache"

say() { printf '==> %s\n' "$*"; }
fail() {
    printf 'error: %s\n' "$*" >&2
    exit 1
}

as_root() {
    if [ "$(id -u)" -eq 0 ]; then
        "$@"
    elif command -v sudo >/dev/null; then
        sudo "$@"
    else
        fail "this needs root and there is no sudo; run as root: $*"
    fi
}

# Whether Node.js is new enough for the console's build, and npm is with it.
has_node() {
    local major
    major=$(node --version 2>/dev/null | sed -n 's/^v\([0-9]*\).*/\1/p')
    [ -n "$major" ] && [ "$major" -ge 20 ] && command -v npm >/dev/null
}

# lock NAME: one run of a script at a time; the lock goes with the process.
lock() {
    exec 9>"$cache/$1.lock"
    if ! flock --nonblock 9; then
        say "another run of $1 is at work, waiting for it"
        flock 9
    fi
}

# scratch NAME: an empty folder to build in, under the lock of that name; what an interrupted run left there is removed.
scratch() {
    rm -rf "$cache/scratch/$1"
    mkdir -p "$cache/scratch/$1"
    printf '%s' "$cache/scratch/$1"
}

# The Debian mirror: IPS_DEBIAN_MIRROR, else the one that this machine already uses, else the one that debootstrap names (Ubuntu).
debian_mirror() {
    local uri=${IPS_DEBIAN_MIRROR:-}
    # shellcheck disable=SC2016  # apt fills the variables in
    [ -n "$uri" ] || uri=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 2>/dev/null | grep -E '/debian/?$' | head -n 1 || true)
    [ -n "$uri" ] || uri=$(sed -n 's/^DEF_MIRROR="\(.*\)"$/\1/p' "$(command -v debootstrap)" 2>/dev/null | head -n 1 || true)
    [ -n "$uri" ] || fail "no Debian mirror is known on this machine; set IPS_DEBIAN_MIRROR to the URL of one"
    printf '%s' "$uri"
}

# Ubuntu's copy of Debian's keyring may be older than the suite; bookworm, which it can still check, carries a newer one.
keyring=/usr/share/keyrings/debian-archive-keyring.gpg
newer_keyring=$cache/keyring/usr/share/keyrings/debian-archive-keyring.gpg
[ ! -e "$newer_keyring" ] || keyring=$newer_keyring

fetch_newer_keyring() {
    [ "$keyring" != "$newer_keyring" ] || return 1
    say "Debian's keyring on this machine is old, taking the one of bookworm"
    suite_unpack bookworm "$1" "$cache/keyring" debian-archive-keyring
    keyring=$newer_keyring
}

# suite_apt SUITE ARCH apt-command ...: apt on one suite of Debian with lists of its own; the machine's are not touched.
# With ARCH "source" it reads the suite's source packages.
suite_apt() {
    local suite=$1 arch=$2 program=$3 home kind=deb
    shift 3
    [ -e "$keyring" ] || fail "Debian's keyring is missing; run: sudo apt-get install debian-archive-keyring"
    home=$cache/apt/$suite-$arch
    if [ "$arch" = source ]; then
        kind="deb-src"
        arch=$(dpkg --print-architecture)
    fi
    mkdir -p "$home/lists/partial" "$home/archives/partial"
    touch "$home/status"
    # The machine's own hooks after an update (cleaning its cache, say) are none of ours.
    printf '#clear %s;\n' APT::Update::Post-Invoke APT::Update::Post-Invoke-Success >"$home/apt.conf"
    local mirror
    mirror=$(debian_mirror)
    printf '%s [signed-by=%s arch=%s] %s %s main\n' "$kind" "$keyring" "$arch" "$mirror" "$suite" >"$home/sources.list"
    "$program" -c "$home/apt.conf" -o "Dir::Etc::SourceList=$home/sources.list" -o Dir::Etc::SourceParts=/dev/null \
        -o Dir::Etc::Preferences=/dev/null -o Dir::Etc::PreferencesParts=/dev/null \
        -o "Dir::State::Lists=$home/lists" -o "Dir::State::status=$home/status" -o "Dir::Cache=$home" \
        -o "APT::Architecture=$arch" -o "APT::Architectures=$arch" -o APT::Sandbox::User=root \
        -o Acquire::Languages=none -o Acquire::IndexTargets::deb::DEP-11::DefaultEnabled=false -o Acquire::Retries=3 "$@"
}

# suite_update SUITE ARCH: fetch the suite's package list, once per run of a script.
suite_update() {
    local marker="updated_${1//-/_}_$2"
    [ -z "${!marker:-}" ] || return 0
    say "reading Debian $1 ($2)"
    suite_apt "$1" "$2" apt-get -qq update || {
        if [ "$1" = bookworm ] || ! fetch_newer_keyring "$2" || ! suite_apt "$1" "$2" apt-get -qq update; then
            fail "cannot read Debian $1 from $(debian_mirror); check the network, and that the package debian-archive-keyring is new enough"
        fi
    }
    printf -v "$marker" yes
}

# suite_unpack SUITE ARCH FOLDER PACKAGE[=VERSION] ...: download packages and unpack them, without installing anything.
suite_unpack() {
    local suite=$1 arch=$2 folder=$3 debs deb
    shift 3
    suite_update "$suite" "$arch"
    debs=$folder.debs
    mkdir -p "$folder" "$debs"
    (cd "$debs" && suite_apt "$suite" "$arch" apt-get -qq download "$@") || fail "cannot download $* from Debian $suite"
    for deb in "$debs"/*.deb; do
        dpkg -x "$deb" "$folder"
    done
    rm -rf "$debs"
}

# suite_source SUITE FOLDER PACKAGE[=VERSION]: download a source package and unpack it, patched, to FOLDER.
suite_source() {
    local suite=$1 folder=$2 files=$2.files
    suite_update "$suite" source
    mkdir -p "$files"
    (cd "$files" && suite_apt "$suite" source apt-get -qq source --download-only "$3") || fail "cannot download the source of $3 from Debian $suite"
    dpkg-source --no-check -x "$files"/*.dsc "$folder" >"$folder.log" 2>&1 || {
        tail -n 20 "$folder.log" >&2
        fail "cannot unpack the source of $3"
    }
    rm -rf "$files"
}
