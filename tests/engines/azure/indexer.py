"""Loads an app's folder as Azure's Python worker does when it starts; run as a program, in a process of its own.

    python indexer.py FOLDER

It prints the functions as the worker tells them to the host, as JSON: names and bindings. What the worker refuses ends
it with the worker's own words. `azure_functions_runtime` is the worker's library, with messages that this file stands
in for: they are only carried.
https://github.com/Azure/azure-functions-python-worker/tree/dev/runtimes/v2
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

PLACE = Path(__file__).parents[3] / ".make/functions-runtime"


class Message:
    """Any of the worker's messages."""

    def __init__(self, **fields: Any) -> None:
        self.__dict__.update(fields)


class BindingInfo(Message):
    """A binding; directions and types of data as the worker's protocol numbers them (FunctionRpc.proto)."""

    out, inout = 1, 2
    undefined, string, binary, stream = 0, 1, 2, 3


class Protos:
    """The worker's messages."""

    BindingInfo, RpcFunctionMetadata, RpcRetryOptions = BindingInfo, Message, Message


def indexed(folder: str) -> list[dict[str, Any]]:
    """The functions of an app."""
    os.chdir(folder)
    sys.path.insert(0, folder)
    sys.path.append(str(PLACE))
    from azure_functions_runtime import handle_event
    from azure_functions_runtime.bindings.meta import load_binding_registry

    handle_event.protos = Protos
    load_binding_registry()
    handle_event.load_function_metadata(folder, "tests")
    found = handle_event._metadata_result
    if found is None:
        raise FileNotFoundError("the app has no function_app.py, or no function in it")
    return [{"name": one.name, "bindings": [json.loads(text) for text in one.raw_bindings]} for one in found]


if __name__ == "__main__":
    print(json.dumps(indexed(sys.argv[1])))
