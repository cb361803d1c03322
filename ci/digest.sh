#!/usr/bin/env bash
# Sets the outputs by which a build is cached: `needed`, whether there is something to build, and `key`, which changes
# with any source.
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

if [ -n "${BINARY:-}" ] || command -v rollbook >/dev/null; then
    output needed false
    exit 0
fi
output needed true
cd "$(dirname "${BASH_SOURCE[0]}")/.."
digest=$(find src schema examples Cargo.toml Cargo.lock -type f -print0 | LC_ALL=C sort -z | xargs -0 cat | sha256sum)
output key "rollbook-${RUNNER_OS:?}-${RUNNER_ARCH:?}-${digest%% *}"
