"""The models that stand behind the usual aliases where skyloom.toml does not say."""

from __future__ import annotations

from collections.abc import Mapping

DEFAULT_MODELS: Mapping[str, Mapping[str, str]] = {
    "local": {"fast": "offline", "smart": "offline"},
    # Global inference profiles: the same ids in every commercial region (November 2026,
    # docs.aws.amazon.com/bedrock/latest/userguide/inference-profiles-support.html).
    "aws": {
        "fast": "bedrock:global.amazon.nova-2-lite-v1:0",
        "smart": "bedrock:global.anthropic.claude-sonnet-4-6",
    },
    # Deployments of these names in the resource that the app knows (November 2026,
    # learn.microsoft.com/azure/foundry/foundry-models/concepts/models-sold-directly-by-azure).
    "azure": {
        "fast": "foundry:gpt-5-mini",
        "smart": "foundry:gpt-5.2",
    },
    # Asked at the global endpoint, which has them wherever the app is (November 2026,
    # docs.cloud.google.com/vertex-ai/generative-ai/docs/learn/locations).
    "gcp": {
        "fast": "vertex:gemini-3.5-flash-lite",
        "smart": "vertex:gemini-3.6-flash",
    },
}
"""By target and alias: "provider", or "provider:model"."""
