"""Log Analytics: the query that Skyloom asks, answered with what the function apps have written.

No language of queries is understood: the query has to be the one of `skyloom.deployers.azure.logs`, letter by letter,
for the apps and the run that it names.
https://learn.microsoft.com/azure/azure-monitor/logs/api/overview
"""

from __future__ import annotations

import re
from datetime import UTC, datetime

from engines.azure_account.answers import AzureError, Json, Token
from engines.azure_account.sites import Sites
from engines.gcp_account.front import Front, Request, route

from skyloom.deployers.azure.logs import kusto

_COLUMNS = {
    "TimeGenerated": "datetime",
    "AppRoleName": "string",
    "OperationId": "string",
    "OperationName": "string",
    "Properties": "dynamic",
    "Text": "string",
}


class Logs:
    """The workspaces."""

    def __init__(self, front: Front, sites: Sites) -> None:
        self._front, self._sites = front, sites
        front.add(route("POST", "/v1/workspaces/{workspace}/query", self._query))

    def _query(self, request: Request) -> Json:
        Token.of(request, self._front.address("apis"))
        asked = request.json()
        text = asked["query"]
        apps = re.findall(r'"([^"]*)"', text.partition("AppRoleName in~ (")[2].partition(")")[0])
        found = re.search(r'Run == "([^"]*)"', text)
        run = found[1] if found else None
        if not apps or text != kusto(apps, run):
            raise AzureError(400, "BadArgumentError", "The request had some invalid properties")
        since = datetime.fromisoformat(asked["timespan"].partition("/")[0].replace("Z", "+00:00")).timestamp()
        rows = [
            [datetime.fromtimestamp(when, UTC).isoformat().replace("+00:00", "Z"), app, "", "", "{}", line]
            for when, app, line in self._sites.lines()
            if app in apps and when >= since and (run is None or run in line)
        ]
        columns = [{"name": name, "type": type_} for name, type_ in _COLUMNS.items()]
        return {"tables": [{"name": "PrimaryResult", "columns": columns, "rows": rows}]}
