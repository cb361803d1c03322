#!/usr/bin/env bash
# yaml 2.9.1 (npm), a document that is read and written again without a change: of two comments after the last item of a list, one
# indented as the items and one as the group, the second is written as one of the items as well. prettier 3.10.1, which reads with the
# same library, leaves both where they were.
#
# Seen on 2026-11-30:
#   yaml: members=2 group=0
#   prettier: members=1 group=1
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
npm install --prefix "$folder" --no-save --no-audit --no-fund --loglevel=error yaml@2.9.1 prettier@3.10.1 >/dev/null
cd "$folder"
cat >tree.yaml <<'YAML'
core:
  members:
    - ada@acme.example
    # about the members
  # about the group
ops: {}
YAML
told() { echo "$1: members=$(grep -c '^    #' "$2" || true) group=$(grep -c '^  #' "$2" || true)"; }
node -e '
const { parseDocument } = require("yaml");
process.stdout.write(String(parseDocument(require("fs").readFileSync("tree.yaml", "utf8"))));' >by-yaml
node_modules/.bin/prettier tree.yaml >by-prettier
seen="$(told yaml by-yaml)
$(told prettier by-prettier)"
echo "$seen"
[ "$seen" = 'yaml: members=2 group=0
prettier: members=1 group=1' ]
