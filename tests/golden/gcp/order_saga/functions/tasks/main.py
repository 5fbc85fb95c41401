"""Runs tasks: refund, release, reserve."""

from skyloom.adapters.hosts.cloud_run import function

handler = function(
    tasks={
        "refund": "order_saga:refund",
        "release": "order_saga:release",
        "reserve": "order_saga:reserve",
    }
)
