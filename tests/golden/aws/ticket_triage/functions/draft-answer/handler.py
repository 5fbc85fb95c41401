"""Asks models: draft_answer."""

from skyloom.adapters.hosts.aws_lambda import function

handler = function(prompts="prompts")
