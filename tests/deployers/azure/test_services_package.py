"""The services of an app on Azure: which functions they are, and what these carry and need."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from skyloom.deployers.azure.naming import FunctionNames
from skyloom.deployers.azure.services_package import Services, route_problems, services
from skyloom.deployers.functions import programs
from skyloom.flows.app import App, Http, Iam, Jwt, Public, Schedule
from skyloom.flows.frontend import load_file

HERE = Path(__file__).parent
TRIGGERED, ASKING = load_file(HERE.parent / "aws/triggered.py"), load_file(HERE / "asking_app.py")
SERVICES = Path(__file__).parents[3] / "deployers/azure/services"


def services_of(app: App) -> Services:
    compiled = programs(app)
    return services(app, compiled, FunctionNames.of(compiled.values()))


def test_only_what_an_app_needs_is_there() -> None:
    plain = App("plain", flows=[TRIGGERED.take])
    assert services_of(plain).names == ("skyloom_operate",)
    assert services_of(ASKING.app).names == (
        "skyloom_decide",
        "skyloom_emit",
        "skyloom_events",
        "skyloom_notices",
        "skyloom_operate",
        "skyloom_start_books_6be0ad",
        "skyloom_start_orders_fc7d05",
        "skyloom_status_books_6be0ad",
        "skyloom_status_orders_fc7d05",
        "skyloom_waits",
    )
    asking = App("asking", flows=[ASKING.unasked])
    assert services_of(asking).names == ("skyloom_decide", "skyloom_operate", "skyloom_waits")


@pytest.mark.parametrize("app", [TRIGGERED.app, ASKING.app], ids=["triggered", "asking"])
def test_the_functions_are_readable_python(app: App) -> None:
    found = services_of(app)
    tree = ast.parse("\n".join((*found.imports, found.source)))
    functions = [node for node in tree.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    assert sorted(node.name for node in functions) == list(found.names)
    assert max(map(len, found.source.splitlines())) <= 120
    assert services_of(app) == found
    formatted = subprocess.run(
        [sys.executable, "-m", "ruff", "format", "--isolated", "--line-length", "120", "-"],
        input=found.source,
        capture_output=True,
        text=True,
        check=True,
    )
    assert formatted.stdout == found.source


def test_tokens_and_time_zones_are_needed_where_they_are_used() -> None:
    def requires(*triggers: Http | Schedule) -> tuple[str, ...]:
        return services_of(App("some", flows=[TRIGGERED.take], triggers=triggers)).requires

    given = {"order": {"id": "x"}}
    assert requires(Http(TRIGGERED.take, "/open", Public("a form"))) == ()
    assert requires(Http(TRIGGERED.take, "/a", Iam())) == ("pyjwt[crypto]>=2.10",)
    assert requires(Http(TRIGGERED.take, "/a", Jwt(issuer="https://x.example", audience=["a"]))) == (
        "pyjwt[crypto]>=2.10",
    )
    assert requires(Schedule(TRIGGERED.take, "0 8 * * *", input=given)) == ()
    assert requires(Schedule(TRIGGERED.take, every=300, input=given)) == ()
    berlin = Schedule(TRIGGERED.take, "0 8 * * *", timezone="Europe/Berlin", input=given)
    assert requires(berlin) == ("tzdata>=2025.1",)


def test_what_the_package_says() -> None:
    files = services_of(TRIGGERED.app).files

    def told(name: str) -> Any:
        return json.loads(files[f"skyloom/deployers/{name}.json"])

    assert told("azure/services/orchestrators") == {"file": "file", "take": "take"}
    assert {path: who["kind"] for path, who in told("azure/services/callers").items()} == {
        "/inputs": "public",
        "/orders": "public",
        "/signed": "iam",
        "/tokens": "jwt",
    }
    assert told("azure/services/notifiers") == []
    assert set(told("services/starts")) >= {"POST /orders", "start-take-ab67a5", "start-file-a6bf4a"}
    [clock] = told("azure/services/schedules").values()
    # The input stands there in canonical form, as a run is given it.
    assert clock["input"]["order"]["due"] == "2026-01-31T12:30:00.000000Z"
    assert clock["input"]["order"]["speed"] == "slow"


def test_paths_that_are_not_an_app_s_own_are_refused() -> None:
    paths = ("/admin/x", "/runtime", "/skyloom/operate", "/Tickets", "/tickets", "/skyloom/other", "/fine")
    app = App("some", flows=[TRIGGERED.take], triggers=[Http(TRIGGERED.take, path, Public("x")) for path in paths])
    assert [(trigger.path, message.partition(":")[0]) for trigger, message, _ in route_problems(app)] == [
        ("/admin/x", "paths below /admin belong to Azure Functions"),
        ("/runtime", "paths below /runtime belong to Azure Functions"),
        ("/skyloom/operate", "/skyloom/operate belongs to the app's own service"),
        ("/tickets", "/Tickets and /tickets are one path"),
    ]


def test_services_need_little() -> None:
    """Beside Python's standard library: Azure's own decorators, and what checks tokens."""
    found = set()
    for path in SERVICES.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                found |= {name.name.partition(".")[0] for name in node.names}
            elif isinstance(node, ast.ImportFrom):
                found.add(str(node.module).partition(".")[0])
    assert found - set(sys.stdlib_module_names) == {"azure", "jwt", "skyloom"}


def test_compiling_loads_no_sdk() -> None:
    code = "import sys, skyloom.deployers.azure.services_package; print([m for m in sys.modules if m == 'azure'])"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "[]"
