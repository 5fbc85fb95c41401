"""Asks models: draft_answer."""

from skyloom.adapters.hosts.cloud_run import function

handler = function(prompts="prompts")
