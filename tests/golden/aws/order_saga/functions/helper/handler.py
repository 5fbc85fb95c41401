"""Evaluates what the state machines of the app cannot."""

from skyloom.adapters.hosts.aws_lambda import function

handler = function(expressions="expressions")
