"""Logs: what flows and functions wrote, in the workspace of Log Analytics that the app's telemetry goes to.

A line is there a few minutes after it was written.
https://learn.microsoft.com/azure/azure-monitor/logs/data-ingestion-time
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from skyloom.deployers.azure.client import Azure
from skyloom.deployers.azure.deployed import Deployed
from skyloom.deployers.azure.moments import seconds
from skyloom.deployers.base import LogLine

_MOST = 10_000
_LINES = """\
union isfuzzy=true
  (AppTraces | project TimeGenerated, AppRoleName, OperationId, OperationName, Properties, Text = Message),
  (AppExceptions | project TimeGenerated, AppRoleName, OperationId, OperationName, Properties,
     Text = strcat(ExceptionType, ": ", coalesce(OuterMessage, InnermostMessage)))
| where AppRoleName in~ ({apps})
"""
_OF_RUN = """\
| extend Run = tostring(Properties["prop__instanceId"])
| where Text has {run} or Run == {run} or OperationId in (
    (AppTraces | where AppRoleName in~ ({apps}) and Message has {run} | distinct OperationId))
"""
_SHOWN = """\
| where tostring(Properties["Category"]) !startswith "Host." and tostring(Properties["Category"]) !startswith "Azure."
| order by TimeGenerated asc
| take {most}
"""
"""What the host says of itself is left out."""


def lines(azure: Azure, deployed: Deployed, run: str | None, since: float) -> list[LogLine]:
    """Lines since a time in seconds since the epoch, oldest first.

    Args:
        run: only lines of this run, and of the same calls of functions; None: all.
    """
    if not deployed.workspace or not deployed.apps:
        return []
    names = {name.lower(): key for key, name in deployed.apps.items()}
    found = azure.query(deployed.workspace, kusto([*deployed.apps.values()], run), since)
    return [_line(row, names) for row in found]


def kusto(apps: list[str], run: str | None) -> str:
    """The query for lines of function apps."""
    told = ", ".join(map(_quoted, apps))
    of_run = "" if run is None else _OF_RUN.format(run=_quoted(run), apps=told)
    return _LINES.format(apps=told) + of_run + _SHOWN.format(most=_MOST)


def _quoted(text: str) -> str:
    """A text as Kusto writes it."""
    return json.dumps(text)


def _line(row: Mapping[str, Any], names: Mapping[str, str]) -> LogLine:
    moment, app = row["TimeGenerated"], str(row.get("AppRoleName") or "")
    time = moment.timestamp() if isinstance(moment, datetime) else seconds(str(moment))
    source = str(row.get("OperationName") or "") or names.get(app.lower(), app)
    return LogLine(time=time, source=source, text=str(row.get("Text") or "").rstrip("\n"))
