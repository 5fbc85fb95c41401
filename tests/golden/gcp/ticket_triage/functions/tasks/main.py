"""Runs tasks: load_history, rate, send."""

from skyloom.adapters.hosts.cloud_run import function

handler = function(
    tasks={
        "load_history": "ticket_triage:load_history",
        "rate": "ticket_triage:rate",
        "send": "ticket_triage:send",
    }
)
