#!/usr/bin/env bash
# scim2-models 0.12.3 (PyPI, on which scim2-client and scim2-tester stand): `get_model_by_payload` takes the first of `schemas`
# for what a resource is. RFC 7643 §3 gives that list no order, and answers of Atlassian's SCIM were captured with Atlassian's own
# extension first. Such a user is taken for the extension, so that scim2-client 0.13.2 refuses the answer.
#
# Seen on 2026-11-29:
#   core first -> User[Extra]
#   extension first -> Extra
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check 'scim2-models==0.12.3'
seen=$("$folder/venv/bin/python" - <<'PY'
from typing import Optional

from scim2_models import Extension, Group, User, get_model_by_payload


class Extra(Extension):
    __schema__ = "urn:scim:schemas:extension:atlassian-external:1.0"
    atlassian_account_id: Optional[str] = None


core = "urn:ietf:params:scim:schemas:core:2.0:User"
for name, schemas in [("core", [core, Extra.__schema__]), ("extension", [Extra.__schema__, core])]:
    user = {"schemas": schemas, "id": "1", "userName": "ada@acme.example"}
    print(f"{name} first -> {get_model_by_payload([User[Extra], Group], user).__name__}")
PY
)
echo "$seen"
[ "$seen" = 'core first -> User[Extra]
extension first -> Extra' ]
