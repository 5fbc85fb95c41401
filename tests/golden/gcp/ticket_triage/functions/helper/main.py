"""Evaluates what the workflows of the app cannot."""

from skyloom.adapters.hosts.cloud_run import function

handler = function(expressions="expressions")
