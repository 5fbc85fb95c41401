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
}
"""By target and alias: "provider", or "provider:model"."""
