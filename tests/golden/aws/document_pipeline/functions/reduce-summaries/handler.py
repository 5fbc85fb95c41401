"""Asks models: reduce_summaries."""

from skyloom.adapters.hosts.aws_lambda import function

handler = function(prompts="prompts")
