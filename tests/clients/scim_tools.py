"""Lets tools of SCIM that know nothing of Atlassian look at the sandbox: scim2-client, scim2-cli, scim2-tester and
scim-sanity. They may report what Atlassian documents, which docs/surfaces.md lists, and nothing else.

Takes from the environment what `rollbook sandbox` says to export, and SCIM_DIRECTORY.
"""

import json
import os
import re
import subprocess
import sys
import uuid
from pathlib import Path

from httpx2 import Client, HTTPTransport, Response
from scim2_client.engines.httpx2 import SyncSCIMClient
from scim2_models import PatchOp, PatchOperation
from scim2_tester import Status, check_server, filling

URL = f"{os.environ['ROLLBOOK_ENDPOINT_SCIM']}/scim/directory/{os.environ['SCIM_DIRECTORY']}"
KEY = os.environ["ROLLBOOK_SCIM_API_KEY"]
TOOLS = Path(sys.executable).parent
HEADERS = {"Authorization": f"Bearer {KEY}"}


def client(**how):
    return SyncSCIMClient(Client(base_url=f"{URL}/", headers=HEADERS, **how))


def works_with_scim2_client():
    scim = client()
    scim.discover()
    User, Group = scim.get_resource_model("User"), scim.get_resource_model("Group")
    email = [{"value": "made@acme.com", "primary": True}]
    made = scim.create(User(user_name="made", emails=email, title="Dr"))
    group = scim.create(Group(display_name="made", members=[{"value": made.id}]))
    assert [member.value for member in scim.query(Group, group.id).members] == [made.id]
    made.title = None
    assert scim.replace(made).title is None
    off = PatchOp[User](operations=[PatchOperation(op="replace", path="active", value=False)])
    assert scim.modify(User, made.id, off).active is False
    assert scim.query(User).total_results > 1
    scim.delete(Group, group.id)
    scim.delete(User, made.id)


def works_with_scim2_cli():
    def run(*arguments):
        environment = {**os.environ, "SCIM_CLI_URL": URL, "SCIM_CLI_HEADERS": f"Authorization: Bearer {KEY}"}
        done = subprocess.run([TOOLS / "scim2", *arguments], env=environment, capture_output=True, text=True)
        assert done.returncode == 0, (arguments, done.stdout, done.stderr)
        return json.loads(done.stdout) if done.stdout.strip() else None

    users = run("query", "user")
    assert users["totalResults"] == len(users["Resources"]) > 0, users
    user = users["Resources"][0]
    assert run("query", "user", user["id"])["userName"] == user["userName"]


EXTENSION = "urn:scim:schemas:extension:atlassian-external:1.0"


class WithoutExtension(HTTPTransport):
    """Hides Atlassian's extension of users: the grammar of scim2-models cannot read its name, since it ends with a
    version, so that scim2-tester would check nothing of a user."""

    def handle_request(self, request):
        response = super().handle_request(request)
        body = response.read()
        hidden = json.dumps(hide(json.loads(body))).encode() if body else body
        kept = [(name, value) for name, value in response.headers.items() if name.lower() != "content-length"]
        return Response(response.status_code, headers=kept, content=hidden)


def hide(value):
    if isinstance(value, list):
        named = (value for value in value if value != EXTENSION)
        return [hide(item) for item in named if not (isinstance(item, dict) and EXTENSION in (item.get("id"), item.get("schema")))]
    if isinstance(value, dict):
        shown = {key: hide(item) for key, item in value.items() if key != EXTENSION}
        if "totalResults" in shown and shown["Resources"] and "attributes" in shown["Resources"][0]:
            shown["totalResults"] = len(shown["Resources"])
        return shown
    return value


# What the tools may report, each with Atlassian's own word for it: the list of docs/surfaces.md. A report that no longer
# comes fails too.
TESTER = {
    r"search_with_attributes (User|Group) There is no POST .*/\.search here\.": "no operation of the description",
    r"object_(query|list)_with_attributes Group .* excluded attribute 'members' still present": "no parameter of groups",
    r"check_remove_attribute User PATCH modify\(\) did not remove attribute 'active'": "true where it is left out",
    r"check_(add|replace)_attribute Group PATCH modify\(\) returned unexpected value for 'members'": "with `display`",
}
SANITY = {
    r"PUT /Groups/\{id\} Expected HTTP 200, got 400": "a group's name is immutable",
    r"GET /Groups/\{id\} after PUT Expected displayName=": "the same",
    r"PATCH /Groups/\{id\} Expected HTTP 200, got 400": "the same",
    r"PATCH /Groups/\{id\} add member Expected 200, got 404": "404 for a user that does not exist",
}


# By chance the tool replaces the emails by one that is not primary.
BY_CHANCE = r"check_replace_attribute User Failed to replace attribute 'emails': Exactly one email must be primary\."


def hold(tool, reports, known):
    """Holds the reports of a tool to a list: nothing else, and nothing that does not come any more."""
    reports = [report for report in reports if not re.match(BY_CHANCE, report)]
    seen = {pattern for pattern in known for report in reports if re.match(pattern, report)}
    unknown = [report for report in reports if not any(re.match(pattern, report) for pattern in known)]
    assert not unknown, f"{tool}: {unknown}"
    assert seen == set(known), f"{tool} reports no more: {set(known) - seen}"


def passes_scim2_tester():
    """The tool makes users without a primary email, which the description wants, and so none: it is told of it."""
    plain = filling.fix_primary_attributes

    def with_primary_email(made):
        model = type(made)
        if model.__name__.startswith("User") and "emails" in model.model_fields:
            primary = [{"value": f"{uuid.uuid4()}@acme.com", "primary": True}]
            made.emails = model.model_validate({"userName": "any", "emails": primary}).emails
        plain(made)

    filling.fix_primary_attributes = with_primary_email
    results = check_server(client(transport=WithoutExtension()))
    filling.fix_primary_attributes = plain
    failed = [result for result in results if result.status in (Status.ERROR, Status.CRITICAL)]
    reports = [f"{result.title} {result.resource_type} {result.reason}" for result in failed]
    hold("scim2-tester", reports, TESTER)
    return len(results)


def passes_scim_sanity():
    command = [TOOLS / "scim-sanity", "probe", URL, "--token", KEY, "--json-output", "--i-accept-side-effects"]
    done = subprocess.run([*command, "--user-domain", "acme.com"], capture_output=True, text=True)
    results = json.loads(done.stdout)["results"]
    failed = [result for result in results if result["status"].lower() in ("fail", "error", "warn")]
    hold("scim-sanity", [f"{result['name']} {result['message']}" for result in failed], SANITY)
    return len(results)


works_with_scim2_client()
works_with_scim2_cli()
checks = passes_scim2_tester(), passes_scim_sanity()
print(f"ok SCIM: scim2-client and scim2-cli work, {checks[0]} checks of scim2-tester, {checks[1]} of scim-sanity")
