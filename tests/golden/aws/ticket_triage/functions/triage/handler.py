"""Asks models: triage."""

from skyloom.adapters.hosts.aws_lambda import function

handler = function(prompts="prompts")
