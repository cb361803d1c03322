#!/usr/bin/env bash
# scim2-models 0.12.3 (PyPI): a `Path` that is the URN of a whole schema, as a PATCH may have it to change an extension at once
# (RFC 7644 §3.5.2 and §3.10), is split at its last colon. One that ends with its version, such as that of Atlassian's own
# extension, is an error; one that ends with a word is read as the attribute of that name.
#
# Seen on 2026-11-29:
#   urn:scim:schemas:extension:atlassian-external:1.0 -> InvalidPathException
#   urn:scim:schemas:extension:atlassian-external:1.0:atlassianAccountId -> atlassianAccountId
#   urn:ietf:params:scim:schemas:extension:enterprise:2.0:User -> User
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check 'scim2-models==0.12.3'
seen=$("$folder/venv/bin/python" - <<'PY'
from scim2_models import Path

atlassian = "urn:scim:schemas:extension:atlassian-external:1.0"
enterprise = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
for urn in [atlassian, f"{atlassian}:atlassianAccountId", enterprise]:
    try:
        print(urn, "->", Path(urn).attr)
    except Exception as error:
        print(urn, "->", type(error).__name__)
PY
)
echo "$seen"
[ "$seen" = 'urn:scim:schemas:extension:atlassian-external:1.0 -> InvalidPathException
urn:scim:schemas:extension:atlassian-external:1.0:atlassianAccountId -> atlassianAccountId
urn:ietf:params:scim:schemas:extension:enterprise:2.0:User -> User' ]
