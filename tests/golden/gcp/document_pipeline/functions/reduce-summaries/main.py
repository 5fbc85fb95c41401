"""Asks models: reduce_summaries."""

from skyloom.adapters.hosts.cloud_run import function

handler = function(prompts="prompts")
