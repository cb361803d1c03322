"""Asks `rollbook mcp` by the official Python SDK, which holds every answer against the schema that the tool lists: by the protocol that
begins with `server/discover`, and by the older one that begins with `initialize`.

Takes from the environment ROLLBOOK, the program, and TREE, a folder, besides what the program itself takes.
"""

import asyncio
import os
import sys

from mcp import Client, StdioServerParameters
from mcp.client.stdio import stdio_client
from mcp import ClientSession

SERVER = StdioServerParameters(command=os.environ["ROLLBOOK"], args=["mcp", "-C", os.environ["TREE"]], env=dict(os.environ))
CALLS = {"check": {}, "plan": {}, "explain": {"about": "developers"}, "users": {"status": "all", "limit": 2}}


async def asks(client, tools):
    assert sorted(tool.name for tool in tools) == sorted(CALLS), tools
    for tool in tools:
        assert tool.output_schema["type"] == "object" and tool.annotations.read_only_hint, tool
    for name, arguments in CALLS.items():
        answer = await client.call_tool(name, arguments)
        assert not answer.is_error, answer
        assert "next" in answer.structured_content, answer
    page = (await client.call_tool("users", {"status": "all", "limit": 2})).structured_content
    seen = [user["account"] for user in page["users"]]
    while page["next"]:
        page = (await client.call_tool("users", {"limit": 2, "cursor": page["next"]})).structured_content
        seen += [user["account"] for user in page["users"]]
    assert len(seen) == len(set(seen)) == 6, seen
    for name, arguments in [("plan", {"live": "x"}), ("plan", {"base": "/etc"}), ("users", {"groups": ["no such"]}), ("explain", {})]:
        answer = await client.call_tool(name, arguments)
        assert answer.is_error and answer.structured_content is None, answer


async def main():
    async with Client(SERVER) as client:
        new = client.protocol_version
        await asks(client, (await client.list_tools()).tools)
        try:
            await client.call_tool("apply", {})
            sys.exit("there is no such tool")
        except Exception as error:
            assert "apply" in str(error), error
    async with stdio_client(SERVER) as (read, write), ClientSession(read, write) as session:
        old = (await session.initialize()).protocol_version
        await asks(session, (await session.list_tools()).tools)
    print(f"ok Python {new} {old}")


asyncio.run(main())
