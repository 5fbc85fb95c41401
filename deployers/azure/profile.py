"""What Azure CLI has been told: the subscription that `az account set` chose.

https://learn.microsoft.com/cli/azure/azure-cli-configuration#cli-configuration-file
"""

from __future__ import annotations

import json
import os
from pathlib import Path


def default_subscription() -> str | None:
    """The id of Azure CLI's default subscription; None where nobody has signed in with it."""
    folder = Path(os.environ.get("AZURE_CONFIG_DIR") or "~/.azure").expanduser()
    try:
        # Azure CLI writes a byte order mark.
        document = json.loads((folder / "azureProfile.json").read_text(encoding="utf-8-sig"))
        return next((str(one["id"]) for one in document["subscriptions"] if one.get("isDefault")), None)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
