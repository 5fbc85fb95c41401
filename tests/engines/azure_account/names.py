"""Who and where the tests' Azure is."""

from __future__ import annotations

SUBSCRIPTION = "11111111-1111-1111-1111-111111111111"
TENANT = "22222222-2222-2222-2222-222222222222"
REGION = "westeurope"
USER = "33333333-3333-3333-3333-333333333333"
"""The object id of who deploys."""
CLIENT, SECRET = "44444444-4444-4444-4444-444444444444", "tests-secret"
