#!/usr/bin/env bash
# ruamel.yaml 0.19.1 (PyPI), the round trip that keeps comments: those inside a mapping in braces are dropped by reading and writing
# alone; and taking the last item out of a list takes along the comments that follow it, also one that is indented as the next group
# and is about that.
#
# Seen on 2026-11-30:
#   written as read: kept=# about ops lost=# why bob
#   without bob: kept= lost=# about ops # why bob
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check 'ruamel.yaml==0.19.1'
seen=$("$folder/venv/bin/python" - <<'PY'
import io

from ruamel.yaml import YAML

TEXT = """\
groups:
  core:
    members:
      - ada@acme.example
      - bob@acme.example
  # about ops
  ops: {
    # why bob
    members: [bob@acme.example],
  }
"""
yaml = YAML()
tree = yaml.load(TEXT)


def told(what):
    written = io.StringIO()
    yaml.dump(tree, written)
    comments = ["# about ops", "# why bob"]
    kept = " ".join(it for it in comments if it in written.getvalue())
    lost = " ".join(it for it in comments if it not in written.getvalue())
    print(f"{what}: kept={kept} lost={lost}")


told("written as read")
del tree["groups"]["core"]["members"][1]
told("without bob")
PY
)
echo "$seen"
[ "$seen" = 'written as read: kept=# about ops lost=# why bob
without bob: kept= lost=# about ops # why bob' ]
