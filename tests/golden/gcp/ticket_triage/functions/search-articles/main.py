"""Runs tasks: search_articles."""

from skyloom.adapters.hosts.cloud_run import function

handler = function(
    tasks={
        "search_articles": "ticket_triage:search_articles",
    }
)
