#!/usr/bin/env bash
# A plain scalar such as 2026_01, which may be the name of a group: YAML 1.2.2 §10.3.2 has no underscore in a number, so that it is
# a string, and yaml 2.9.1 (npm, with which yaml-language-server reads) takes it for one. ruamel.yaml 0.19.1 (PyPI) takes it for the number
# 202601, also where the file says `%YAML 1.2`, and check-jsonschema 0.39.0, which reads with it, refuses it where the schema
# wants a string. The editor shows no mistake, and CI fails.
#
# Seen on 2026-11-30:
#   yaml: string
#   check-jsonschema: 202601 is not of type 'string'
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
npm install --prefix "$folder" --no-save --no-audit --no-fund --loglevel=error yaml@2.9.1 >/dev/null
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check 'check-jsonschema==0.39.0' 'ruamel.yaml==0.19.1'
cd "$folder"
printf '%%YAML 1.2\n---\ngroup: 2026_01\n' >tree.yaml
printf '{ "properties": { "group": { "type": "string" } } }\n' >schema.json
seen="yaml: $(node -e '
const { parse } = require("yaml");
console.log(typeof parse(require("fs").readFileSync("tree.yaml", "utf8")).group);')
check-jsonschema: $(venv/bin/check-jsonschema --schemafile schema.json tree.yaml | grep -o '[0-9]* is not of type .*' || true)"
echo "$seen"
[ "$seen" = "yaml: string
check-jsonschema: 202601 is not of type 'string'" ]
