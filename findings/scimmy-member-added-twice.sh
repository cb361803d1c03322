#!/usr/bin/env bash
# scimmy 1.3.5 (npm, on which scimmy-routers stands): a PATCH that adds a member whom the group has already puts the member in a
# second time. RFC 7644 §3.5.2.1 wants no change where the target holds the value. scim2-models 0.12.3 (PyPI) makes none. A client
# that repeats an addition after a lost answer therefore finds the member twice, and removing by filter takes both.
#
# Seen on 2026-11-30:
#   scimmy: a b a, without a: b
#   scim2-models: a b, without a: b
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
npm install --prefix "$folder" --no-save --no-audit --no-fund --loglevel=error scimmy@1.3.5 >/dev/null
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check 'scim2-models==0.12.3'
cat >"$folder/patch.mjs" <<'JS'
import SCIMMY from 'scimmy';

const { PatchOp } = SCIMMY.Messages;
const group = { id: '1', displayName: 'crew', members: [{ value: 'a' }, { value: 'b' }] };
const patched = async (from, ...operations) => {
  const patch = new PatchOp({ schemas: [PatchOp.id], Operations: operations });
  return patch.apply(new SCIMMY.Schemas.Group(from, 'out'), async (changed) => changed);
};
const names = ({ members }) => members.map((member) => member.value).join(' ');
const twice = await patched(group, { op: 'add', path: 'members', value: [{ value: 'a' }] });
const without = await patched(JSON.parse(JSON.stringify(twice)), { op: 'remove', path: 'members[value eq "a"]' });
console.log(`scimmy: ${names(twice)}, without a: ${names(without)}`);
JS
seen=$(node "$folder/patch.mjs")
seen+=$'\n'$("$folder/venv/bin/python" - <<'PY'
from scim2_models import Group, PatchOp

group = Group(id="1", display_name="crew", members=[Group.Members(value=it) for it in "ab"])


def patched(**operation):
    schemas = ["urn:ietf:params:scim:api:messages:2.0:PatchOp"]
    PatchOp[Group].model_validate({"schemas": schemas, "Operations": [operation]}).patch(group)
    return " ".join(member.value for member in group.members)


twice = patched(op="add", path="members", value=[{"value": "a"}])
print(f"scim2-models: {twice}, without a:", patched(op="remove", path='members[value eq "a"]'))
PY
)
echo "$seen"
[ "$seen" = 'scimmy: a b a, without a: b
scim2-models: a b, without a: b' ]
