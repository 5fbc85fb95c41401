"""The schemas of the ARM resources that the template has, as Microsoft's own management SDKs for Python know them.

`PYTHONPATH=tests python -m gates.arm.schemas` writes `schemas.json` anew. It takes the models of the SDKs, which are
generated from the same API specifications as the resource schemas of templates; they are fetched with pip (6 MB) and
not kept. That of the scheduler was compared with Azure/bicep-types-az as well (microsoft.durabletask, 2025-11-01).
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gates.arm.models import Models

Json = Any

SCHEMAS = Path(__file__).with_name("schemas.json")


@dataclass(frozen=True, slots=True)
class Source:
    """Where the schema of a type comes from.

    Attributes:
        requirement: the distribution, pinned.
        folder: the package of one version of the API in it.
        model: the class of the resource.
        version: the version of the API.
        told_in: the module of the distribution that names this version.
        reads: the class of what is there once it is made, where that is another one.
    """

    requirement: str
    folder: str
    model: str
    version: str
    told_in: str = "_configuration.py"
    reads: str | None = None


_STORAGE = ("azure-mgmt-storage==24.0.1", "azure/mgmt/storage")
_WEB = ("azure-mgmt-web==11.0.1", "azure/mgmt/web")
_VAULT = ("azure-mgmt-keyvault==13.0.0", "azure/mgmt/keyvault")
_GRID = ("azure-mgmt-eventgrid==10.4.0", "azure/mgmt/eventgrid")
_BUS = ("azure-mgmt-servicebus==10.0.0", "azure/mgmt/servicebus")
_TASKS = ("azure-mgmt-durabletask==1.1.0", "azure/mgmt/durabletask")
_MAIL = ("azure-mgmt-communication==3.0.0", "azure/mgmt/communication")
_MODELS = ("azure-mgmt-cognitiveservices==14.1.0", "azure/mgmt/cognitiveservices")
_MONITOR_6 = "azure-mgmt-monitor==6.0.2"

SOURCES = {
    "Microsoft.Authorization/roleAssignments": Source(
        "azure-mgmt-authorization==4.0.0",
        "azure/mgmt/authorization/v2022_04_01",
        "RoleAssignmentCreateParameters",
        "2022-04-01",
        "operations/_role_assignments_operations.py",
    ),
    "Microsoft.CognitiveServices/accounts": Source(*_MODELS, "Account", "2025-09-01"),
    "Microsoft.CognitiveServices/accounts/deployments": Source(*_MODELS, "Deployment", "2025-09-01"),
    "Microsoft.Communication/communicationServices": Source(*_MAIL, "CommunicationServiceResource", "2025-09-01"),
    "Microsoft.Communication/emailServices": Source(*_MAIL, "EmailServiceResource", "2025-09-01"),
    "Microsoft.Communication/emailServices/domains": Source(*_MAIL, "DomainResource", "2025-09-01"),
    "Microsoft.DurableTask/schedulers": Source(*_TASKS, "Scheduler", "2026-02-01"),
    "Microsoft.DurableTask/schedulers/retentionPolicies": Source(*_TASKS, "RetentionPolicy", "2026-02-01"),
    "Microsoft.DurableTask/schedulers/taskHubs": Source(*_TASKS, "TaskHub", "2026-02-01"),
    "Microsoft.EventGrid/systemTopics": Source(*_GRID, "SystemTopic", "2025-02-15"),
    "Microsoft.EventGrid/systemTopics/eventSubscriptions": Source(*_GRID, "EventSubscription", "2025-02-15"),
    "Microsoft.EventGrid/topics": Source(*_GRID, "Topic", "2025-02-15"),
    "Microsoft.EventGrid/topics/eventSubscriptions": Source(*_GRID, "EventSubscription", "2025-02-15"),
    "Microsoft.Insights/actionGroups": Source(
        _MONITOR_6,
        "azure/mgmt/monitor/v2023_01_01",
        "ActionGroupResource",
        "2023-01-01",
        "operations/_action_groups_operations.py",
    ),
    "Microsoft.Insights/components": Source(
        "azure-mgmt-applicationinsights==4.1.0",
        "azure/mgmt/applicationinsights/v2020_02_02",
        "ApplicationInsightsComponent",
        "2020-02-02",
        "operations/_components_operations.py",
    ),
    "Microsoft.Insights/diagnosticSettings": Source(
        _MONITOR_6,
        "azure/mgmt/monitor/v2021_05_01_preview",
        "DiagnosticSettingsResource",
        "2021-05-01-preview",
        "operations/_diagnostic_settings_operations.py",
    ),
    "Microsoft.Insights/metricAlerts": Source(
        _MONITOR_6,
        "azure/mgmt/monitor/v2018_03_01",
        "MetricAlertResource",
        "2018-03-01",
        "operations/_metric_alerts_operations.py",
    ),
    "Microsoft.Insights/scheduledQueryRules": Source(
        "azure-mgmt-monitor==7.0.0",
        "azure/mgmt/monitor",
        "ScheduledQueryRuleResource",
        "2023-12-01",
        "operations/_scheduled_query_rules_operations.py",
    ),
    "Microsoft.KeyVault/vaults": Source(*_VAULT, "VaultCreateOrUpdateParameters", "2025-05-01", reads="Vault"),
    "Microsoft.KeyVault/vaults/keys": Source(*_VAULT, "KeyCreateParameters", "2025-05-01", reads="Key"),
    "Microsoft.Logic/workflows": Source("azure-mgmt-logic==10.0.0", "azure/mgmt/logic", "Workflow", "2019-05-01"),
    "Microsoft.ManagedIdentity/userAssignedIdentities": Source(
        "azure-mgmt-msi==7.1.0", "azure/mgmt/msi/v2024_11_30", "Identity", "2024-11-30"
    ),
    "Microsoft.OperationalInsights/workspaces": Source(
        "azure-mgmt-loganalytics==14.0.0", "azure/mgmt/loganalytics", "Workspace", "2025-07-01"
    ),
    "Microsoft.ServiceBus/namespaces": Source(*_BUS, "SBNamespace", "2026-01-01"),
    "Microsoft.ServiceBus/namespaces/queues": Source(*_BUS, "SBQueue", "2026-01-01"),
    "Microsoft.Storage/storageAccounts": Source(
        *_STORAGE, "StorageAccountCreateParameters", "2025-06-01", reads="StorageAccount"
    ),
    "Microsoft.Storage/storageAccounts/blobServices": Source(*_STORAGE, "BlobServiceProperties", "2025-06-01"),
    "Microsoft.Storage/storageAccounts/blobServices/containers": Source(*_STORAGE, "BlobContainer", "2025-06-01"),
    "Microsoft.Storage/storageAccounts/managementPolicies": Source(*_STORAGE, "ManagementPolicy", "2025-06-01"),
    "Microsoft.Web/serverfarms": Source(*_WEB, "AppServicePlan", "2025-05-01"),
    "Microsoft.Web/sites": Source(*_WEB, "Site", "2025-05-01"),
    "Microsoft.Web/sites/basicPublishingCredentialsPolicies": Source(
        *_WEB, "CsmPublishingCredentialsPoliciesEntity", "2025-05-01"
    ),
}


def known() -> Json:
    """What `schemas.json` says: `types`, and the `models` that they are made of, by the folder of their package."""
    return json.loads(SCHEMAS.read_text(encoding="utf-8"))


# --- writing the file -----------------------------------------------------------------------------------------------


def main() -> None:
    """Writes `schemas.json`."""
    with tempfile.TemporaryDirectory() as name:
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", name]
        for requirement in sorted({source.requirement for source in SOURCES.values()}):
            subprocess.run([*command, requirement], check=True)
        document = written(Path(name))
    SCHEMAS.write_text(json.dumps(document, separators=(",", ":"), sort_keys=True) + "\n", encoding="utf-8")


def written(wheels: Path) -> Json:
    """The document, of the wheels in a folder."""
    types: dict[str, Json] = {}
    models: dict[str, Json] = {}
    for type_, source in sorted(SOURCES.items()):
        stem = source.requirement.replace("==", "-").replace("-", "_").rpartition("_")
        (wheel,) = wheels.glob(f"{stem[0]}-{stem[2]}-*.whl")
        place = f"{source.folder} {source.version}"
        package = _package(wheel, source)
        found = models.setdefault(place, {})
        reads = source.reads or source.model
        for model in (source.model, reads):
            _collect(package, model, found)
        told = {"apiVersion": source.version, "of": place, "from": source.requirement}
        types[type_] = {**told, "model": source.model, "reads": reads}
    return {"types": types, "models": models}


def _package(wheel: Path, source: Source) -> Models:
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        told = archive.read(f"{source.folder}/{source.told_in}").decode()
        assert f'"{source.version}"' in told, f"{wheel.name} is of another version of the API than {source.version}"
        folder = f"{source.folder}/models/"
        (models,) = [name for name in names if name in (f"{folder}_models.py", f"{folder}_models_py3.py")]
        (enums,) = [name for name in names if name.startswith(folder) and name.endswith("enums.py")]
        return Models.of(archive.read(models).decode(), archive.read(enums).decode())


def _collect(package: Models, name: str, found: dict[str, Json]) -> None:
    """The schema of a model, and those of all that it is made of."""
    if name in found:
        return
    found[name] = package.schema(name)
    for below in sorted(_named(found[name])):
        _collect(package, below, found)


_READ = {"Endpoints"}
"""Models of what can only be read, of which a template reads parts."""


def _named(schema: Json) -> Iterator[str]:
    if isinstance(schema, dict):
        # A property may be called `model` itself.
        model = schema.get("model")
        if isinstance(model, str) and (model in _READ or schema.get("type") == "model"):
            yield model
        for key, inner in schema.items():
            if key == "kinds":
                yield from inner.values()
            else:
                yield from _named(inner)
    elif isinstance(schema, list):
        for inner in schema:
            yield from _named(inner)


if __name__ == "__main__":
    main()
