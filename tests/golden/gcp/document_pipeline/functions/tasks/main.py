"""Runs tasks: list_texts, split."""

from skyloom.adapters.hosts.cloud_run import function

handler = function(
    tasks={
        "list_texts": "document_pipeline:list_texts",
        "split": "document_pipeline:split",
    }
)
