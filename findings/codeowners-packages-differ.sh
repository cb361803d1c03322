#!/usr/bin/env bash
# Three readers of CODEOWNERS read lines of GitHub's own description
# (https://docs.github.com/en/repositories/managing-your-repositorys-settings-and-features/customizing-your-repository/about-code-owners)
# in three ways. `docs/*` is described as not matching what lies deeper: codeowners (PyPI) agrees, both npm packages match it. A
# comment may end a line: npm's codeowners takes its words for owners. Names are told apart by case: codeowners-utils does not.
#
# Seen on 2026-11-30 with codeowners 0.9.0 (PyPI), codeowners 5.1.1 and codeowners-utils 1.0.2 (npm):
#   docs/* of docs/deep/a.md: pypi=- npm=@docs utils=@docs
#   * @all # a comment: pypi=@all npm=@all,#,a,comment utils=@all
#   Core.yaml of core.yaml: pypi=- npm=@core utils=@core
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
npm install --prefix "$folder" --no-save --no-audit --no-fund --loglevel=error codeowners@5.1.1 codeowners-utils@1.0.2 >/dev/null
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check 'codeowners==0.9.0'
pypi() {
    "$folder/venv/bin/python" -c 'import sys
from codeowners import CodeOwners
print(",".join(name for _, name in CodeOwners(sys.argv[1]).of(sys.argv[2])) or "-")' "$1" "$2"
}
npm() {
    mkdir -p "$folder/repository"
    printf '%s\n' "$1" >"$folder/repository/CODEOWNERS"
    (cd "$folder" && node -e '
const Codeowners = require("codeowners");
console.log(new Codeowners("repository").getOwner(process.argv[1]).join() || "-");' "$2")
}
utils() {
    (cd "$folder" && node -e '
const { matchFile, parse } = require("codeowners-utils");
console.log((matchFile(process.argv[2], parse(process.argv[1])) ?? { owners: [] }).owners.join() || "-");' "$1" "$2")
}
told() { echo "pypi=$(pypi "$1" "$2") npm=$(npm "$1" "$2") utils=$(utils "$1" "$2")"; }
seen="docs/* of docs/deep/a.md: $(told 'docs/* @docs' docs/deep/a.md)
* @all # a comment: $(told '* @all # a comment' a.md)
Core.yaml of core.yaml: $(told 'Core.yaml @core' core.yaml)"
echo "$seen"
[ "$seen" = 'docs/* of docs/deep/a.md: pypi=- npm=@docs utils=@docs
* @all # a comment: pypi=@all npm=@all,#,a,comment utils=@all
Core.yaml of core.yaml: pypi=- npm=@core utils=@core' ]
