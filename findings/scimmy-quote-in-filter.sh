#!/usr/bin/env bash
# scimmy 1.3.5 (npm): a value of a filter is a JSON string (RFC 7644 §3.4.2.2), so that a quotation mark in it stands as `\"`. A
# filter with one is an error: no group that has a quotation mark in its name can be looked up by it. A backslash that is written as
# `\\` is compared as two.
#
# Seen on 2026-11-30:
#   displayName eq "the \"core\" crew" -> Unexpected token
#   displayName eq "a\\b" -> a\\b
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
npm install --prefix "$folder" --no-save --no-audit --no-fund --loglevel=error scimmy@1.3.5 >/dev/null
cat >"$folder/filter.mjs" <<'JS'
import SCIMMY from 'scimmy';

for (const name of ['the "core" crew', 'a\\b']) {
  const filter = `displayName eq ${JSON.stringify(name)}`;
  let found;
  try {
    found = new SCIMMY.Types.Filter(filter)[0].displayName[1];
  } catch (error) {
    found = error.message.slice(0, 'Unexpected token'.length);
  }
  console.log(`${filter} -> ${found}`);
}
JS
seen=$(node "$folder/filter.mjs")
echo "$seen"
[ "$seen" = 'displayName eq "the \"core\" crew" -> Unexpected token
displayName eq "a\\b" -> a\\b' ]
