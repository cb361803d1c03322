#!/usr/bin/env bash
# jira 3.10.5 (PyPI, pycontribs): `groups()` asks for 9999 groups by default and asks once. It asks the group picker, which gives
# no more than jira.ajax.autocomplete.limit allows, 20 by default, and says in `total` how many there are
# (https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-groups/#api-rest-api-3-groups-picker-get). The rest is
# dropped without a word.
#
# Seen on 2026-11-30:
#   the site has 25 groups, groups() gives 20, groups(maxResults=50) gives 20
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check 'jira==3.10.5'
seen=$("$folder/venv/bin/python" - <<'PY'
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlparse

from jira import JIRA

SITE = [{"name": f"group-{n:02}", "groupId": str(n)} for n in range(25)]


class Site(BaseHTTPRequestHandler):
    def do_GET(self):
        url = urlparse(self.path)
        answer = {"versionNumbers": [1001, 0, 0], "deploymentType": "Cloud"}
        if url.path.endswith("/groups/picker"):
            asked = int(parse_qs(url.query).get("maxResults", ["20"])[0])
            found = SITE[: min(asked, 20)]
            header = f"Showing {len(found)} of {len(SITE)} matching groups"
            answer = {"header": header, "total": len(SITE), "groups": found}
        body = json.dumps(answer).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


site = ThreadingHTTPServer(("127.0.0.1", 0), Site)
threading.Thread(target=site.serve_forever, daemon=True).start()
jira = JIRA(server=f"http://127.0.0.1:{site.server_port}", basic_auth=("ada@acme.example", "token"))
some, more = len(jira.groups()), len(jira.groups(maxResults=50))
print(f"the site has {len(SITE)} groups, groups() gives {some}, groups(maxResults=50) gives {more}")
PY
)
echo "$seen"
[ "$seen" = 'the site has 25 groups, groups() gives 20, groups(maxResults=50) gives 20' ]
