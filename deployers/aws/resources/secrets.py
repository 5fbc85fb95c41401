"""Secrets: places for values that somebody puts there by hand. No value ever stands in a template."""

from __future__ import annotations

from skyloom.deployers.aws.resources.layout import Layout
from skyloom.deployers.aws.resources.permissions import KEY
from skyloom.deployers.aws.resources.words import Resources, att, resource


def secrets(layout: Layout) -> Resources:
    """The app's secrets, empty: `aws secretsmanager put-secret-value` fills them."""
    return {
        id_: resource(
            "AWS::SecretsManager::Secret",
            {"Description": f"{found.name} of the app {layout.prefix}", "KmsKeyId": att(KEY)},
            found.name,
        )
        for id_, found in layout.secrets.items()
    }
