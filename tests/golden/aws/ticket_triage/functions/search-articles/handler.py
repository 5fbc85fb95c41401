"""Runs tasks: search_articles."""

from skyloom.adapters.hosts.aws_lambda import function

handler = function(
    tasks={
        "search_articles": "ticket_triage:search_articles",
    }
)
