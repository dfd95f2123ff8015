"""What a run tells: .state/run.json for scripts, a short table for people."""

from collections.abc import Mapping
from typing import Any

from infra.dev.credentials import Credentials
from infra.dev.service import Service


def run_document(
    where: Mapping[str, str], credentials: Credentials, services: list[Service], boot: str
) -> dict[str, Any]:
    """The addresses, accounts and clients of a run, as written to run.json."""
    demo = credentials.document.get("demo", {})
    administrator = {**credentials.document["administrator"], "roles": ["administrator"], "name": "Ada Admin"}
    return {
        "services": dict(where),
        "accounts": [administrator, *demo.get("accounts", [])],
        "clients": [*demo.get("clients", []), *credentials.frontends()],
        "basic": {**credentials.document["basic"], "endpoint": f"{where['creditbank']}/xapi"},
        "organisations": demo.get("organisations", {}),
        "processes": {one.name: one.process.pid for one in services if one.process},
        "boot": boot,
    }


def render(document: Mapping[str, Any]) -> str:
    """The table printed when everything is ready."""
    lines = ["", "Xuebu 学簿 is ready.", ""]
    for name, address in document["services"].items():
        lines.append(f"  {name:12}{address:26}API documentation  {address}/docs")
    lines += ["", f"  {'account':30}{'password':22}roles"]
    for account in document["accounts"]:
        roles = ", ".join(account["roles"])
        lines.append(f"  {account['username']:30}{account['password']:22}{roles}  ({account['name']})")
    basic = document["basic"]
    lines += ["", f"  xAPI {basic['endpoint']}   {basic['username']}   {basic['password']}"]
    lines += ["", "  The same, with the clients' secrets, is in .state/run.json. Logs: .state/logs."]
    lines += ["  Next: `make demo` in another terminal. Ctrl-C stops everything.", ""]
    return "\n".join(lines)
