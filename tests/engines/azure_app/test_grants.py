"""What an app may ask for, as its template's role assignments say."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from engines.azure_app.grants import CONTAINER, EVENT_GRID, QUEUE, TOPIC, Grants
from engines.azure_app.identity import token_for
from engines.azure_app.messages import Queue, Subscription
from engines.azure_app.places import Places

from skyloom.deployers.azure.resources import words


def assignment(role: words.Role, scope: str, identity: str = "shop-dev-app-main") -> dict[str, Any]:
    """As templates write it."""
    place = f"resourceId('Microsoft.ManagedIdentity/userAssignedIdentities', '{identity}')"
    told = {
        "roleDefinitionId": f"[subscriptionResourceId('Microsoft.Authorization/roleDefinitions', '{role.id}')]",
        "principalId": f"[reference({place}, '2024-11-30').principalId]",
    }
    return {"type": "Microsoft.Authorization/roleAssignments", "scope": scope, "properties": told}


def test_a_role_counts_at_its_resource_for_its_identity() -> None:
    queue = f"[resourceId('{QUEUE}', variables('worldwide'), 'orders')]"
    grants = Grants(
        [
            {"type": "Microsoft.Web/sites", "name": "shop"},
            assignment(words.BUS_SENDER, queue, "shop-dev-event-grid"),
            assignment(words.BUS_RECEIVER, queue),
            assignment(words.EVENT_SENDER, f"[resourceId('{TOPIC}', variables('worldwide'))]"),
        ]
    )
    assert grants.may(words.BUS_SENDER, QUEUE, "orders", EVENT_GRID)
    assert grants.may(words.BUS_RECEIVER, QUEUE, "orders")
    assert grants.may(words.EVENT_SENDER, TOPIC)
    assert not grants.may(words.BUS_SENDER, QUEUE, "orders")
    assert not grants.may(words.BUS_RECEIVER, QUEUE, "others")
    assert not grants.may(words.BUS_RECEIVER, QUEUE, "orders", EVENT_GRID)
    assert not grants.may(words.BLOB_CONTRIBUTOR, CONTAINER, "orders")


@pytest.fixture
def places() -> Iterator[Places]:
    made = Places(
        lambda service, name: (service, name) in (("blob", "waits"), ("vault", "keys/links"), ("topic", "api"))
    )
    yield made
    made.close()


def test_what_is_not_permitted_is_refused_and_noted(places: Places) -> None:
    headers = {"Authorization": f"Bearer {token_for('https://storage.azure.com')}", "x-ms-version": "2023-11-03"}
    assert httpx.get(f"{places.url}/blob/waits/x", headers=headers).status_code == 404
    assert httpx.get(f"{places.url}/blob/starts/x", headers=headers).status_code == 403
    vault = {"Authorization": f"Bearer {token_for('https://vault.azure.net')}"}
    assert httpx.get(f"{places.url}/vault/keys/links/versions?api-version=7.4", headers=vault).status_code == 200
    assert httpx.get(f"{places.url}/vault/secrets/chat?api-version=7.4", headers=vault).status_code == 403
    assert places.refused == [("blob", "starts"), ("vault", "secrets/chat")]


def test_a_topic_that_may_not_send_to_a_queue_loses_the_event(places: Places) -> None:
    places.bus.queues["events"] = Queue()
    places.topic.subscriptions.append(Subscription("events", ("paid",)))
    event = {"specversion": "1.0", "id": "1", "source": "/shop", "type": "paid"}
    places.topic.publish(event)
    places.topic.delivers = lambda queue: False
    places.topic.publish(event | {"id": "2"})
    assert [one["id"] for one in places.topic.lost] == ["2"]
    assert len(places.bus.queues["events"].messages) == 1
