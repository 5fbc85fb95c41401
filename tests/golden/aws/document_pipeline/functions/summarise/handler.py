"""Asks models: summarise."""

from skyloom.adapters.hosts.aws_lambda import function

handler = function(prompts="prompts")
