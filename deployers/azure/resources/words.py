"""The words that the template and the app's code share: names of containers, queues, keys, settings and roles."""

from __future__ import annotations

from dataclasses import dataclass

MAIN = "main"
"""The key of the function app that has the orchestrators and the services; further apps are called by their group."""

CLAIMS, WAITS, STARTS, RELEASES, DEAD_LETTERS, DEPLOYMENTS = (
    "claims",
    "waits",
    "starts",
    "releases",
    "deadletters",
    "deployments",
)
"""Containers. Large values; what runs wait for; what was started, and must not be again; bundles that can be gone back
to; events that nobody could take. `deployments` is the odd one out: it lies in the storage of each function app's own,
and holds the code that it runs."""

HUB = "main"
"""The task hub."""
LINK_KEY = "links"
"""The key that signs links to approvals: RSA, 3072 bits."""


def calls_container(key: str) -> str:
    """The container through which the main app proves to another one that it is the one who asks."""
    return f"calls-{key}"


def bucket_container(name: str) -> str:
    """The container of one of the app's buckets."""
    return f"bucket-{name}"


# --- settings of the function apps, which the code finds as variables of its environment ----------------------------

APP, ENVIRONMENT, CLIENT = "SKYLOOM_APP", "SKYLOOM_ENV", "AZURE_CLIENT_ID"
"""The app's name, the environment's, and the client id of the identity that the function app has."""
STORAGE, VAULT, TOPIC = "SKYLOOM_STORAGE", "SKYLOOM_VAULT", "SKYLOOM_TOPIC"
"""The address of the storage account's blobs, of the key vault, and the endpoint of the topic of events."""
LINK_KEY_ADDRESS = "SKYLOOM_LINK_KEY"
"""The address of the key that signs links, without a version."""
BUS = "SKYLOOM_BUS"
"""The connection that Service Bus triggers name; its settings are `SKYLOOM_BUS__fullyQualifiedNamespace` and so on."""
MAIL, MAIL_FROM = "SKYLOOM_MAIL", "SKYLOOM_MAIL_FROM"
"""The endpoint of Communication Services, and the sender's address."""
MODELS = "SKYLOOM_MODELS"
"""Where models answer, where skyloom.toml says nothing."""
TENANT, AUDIENCE = "SKYLOOM_TENANT", "SKYLOOM_AUDIENCE"
"""Who issues the tokens of `Iam()` routes, and whom they have to be for."""
WORKERS, CALLS = "SKYLOOM_WORKERS", "SKYLOOM_CALLS"
"""JSON: the addresses of further function apps by key; and, of such an app, the container of what it is asked."""
SCHEDULER_CONNECTION, TASK_HUB = "DURABLE_TASK_SCHEDULER_CONNECTION_STRING", "TASKHUB_NAME"
"""What host.json names: `connectionStringName`, and `"hubName": "%TASKHUB_NAME%"`.
https://learn.microsoft.com/azure/azure-functions/durable/durable-task-scheduler/quickstart-durable-task-scheduler"""


@dataclass(frozen=True, slots=True)
class Role:
    """A role that Azure has built in.

    Attributes:
        id: the name of its definition.
        name: what people call it.
    """

    id: str
    name: str


BLOB_OWNER = Role("b7e6dc6d-f1e8-4753-8033-0f276bb0955b", "Storage Blob Data Owner")
BLOB_CONTRIBUTOR = Role("ba92f5b4-2d11-453d-a403-e96b0029c9fe", "Storage Blob Data Contributor")
BLOB_READER = Role("2a2b9908-6ea1-4ae2-8e65-a410df84e7d1", "Storage Blob Data Reader")
METRICS_PUBLISHER = Role("3913510d-42f4-4e42-8a64-420c390055eb", "Monitoring Metrics Publisher")
TASK_CONTRIBUTOR = Role("0ad04412-c4d5-4796-b79c-f76d14c8d402", "Durable Task Data Contributor")
CRYPTO_USER = Role("12338af0-0e69-4776-bea7-57ae8d297424", "Key Vault Crypto User")
SECRETS_USER = Role("4633458b-17de-408a-b874-0445c86b69e6", "Key Vault Secrets User")
EVENT_SENDER = Role("d5a91429-5739-47e2-a06b-3470a27159e7", "EventGrid Data Sender")
BUS_SENDER = Role("69a216fc-b8fb-44d8-bc22-1f3c2cd27a39", "Azure Service Bus Data Sender")
BUS_RECEIVER = Role("4f6d3b9b-027b-4f4c-9142-0e5a2a2247e0", "Azure Service Bus Data Receiver")
MAIL_OWNER = Role("09976791-48a7-449e-bb21-39d1a415f350", "Communication and Email Service Owner")
MODEL_USER = Role("5e0bd9bd-7b93-4f28-af87-19fc36ad61bd", "Cognitive Services OpenAI User")
ROLES = (
    BLOB_OWNER,
    BLOB_CONTRIBUTOR,
    BLOB_READER,
    METRICS_PUBLISHER,
    TASK_CONTRIBUTOR,
    CRYPTO_USER,
    SECRETS_USER,
    EVENT_SENDER,
    BUS_SENDER,
    BUS_RECEIVER,
    MAIL_OWNER,
    MODEL_USER,
)
"""Every role that the template gives. https://learn.microsoft.com/azure/role-based-access-control/built-in-roles"""
