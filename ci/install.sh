#!/usr/bin/env bash
# Puts a `rollbook` on the PATH of the steps after this one: the one that BINARY names, or the one that is there, or one
# that is built from the sources around this file. There are no releases to download.
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

sources=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
if [ -n "${BINARY:-}" ]; then
    folder=$(cd "$(dirname "$BINARY")" && pwd)
    [ -x "$folder/rollbook" ] || fail "BINARY must name an executable file called rollbook"
elif command -v rollbook >/dev/null; then
    folder=$(dirname "$(command -v rollbook)")
else
    folder=${INSTALL:-$HOME/.cache/rollbook}
    # A cache may have brought it: its key is the digest of the sources.
    if [ ! -x "$folder/rollbook" ]; then
        command -v cargo >/dev/null || fail "there is no rollbook, and no cargo to build it with"
        cargo build --release --locked --manifest-path "$sources/Cargo.toml" --target-dir "$work/target"
        mkdir -p "$folder"
        cp "$work/target/release/rollbook" "$folder/rollbook"
    fi
fi
[ -z "${GITHUB_PATH:-}" ] || printf '%s\n' "$folder" >>"$GITHUB_PATH"
"$folder/rollbook" --version
