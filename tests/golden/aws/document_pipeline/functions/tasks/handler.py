"""Runs tasks: list_texts, split."""

from skyloom.adapters.hosts.aws_lambda import function

handler = function(
    tasks={
        "list_texts": "document_pipeline:list_texts",
        "split": "document_pipeline:split",
    }
)
