"""Asks models: triage."""

from skyloom.adapters.hosts.cloud_run import function

handler = function(prompts="prompts")
