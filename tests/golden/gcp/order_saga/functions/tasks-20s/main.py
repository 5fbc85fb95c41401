"""Runs tasks: charge, ship."""

from skyloom.adapters.hosts.cloud_run import function

handler = function(
    tasks={
        "charge": "order_saga:charge",
        "ship": "order_saga:ship",
    }
)
