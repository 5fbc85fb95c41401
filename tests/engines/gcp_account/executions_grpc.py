"""The Executions API over gRPC, which is all that Google's own client speaks: each call is answered as over REST.

Whoever comes here is the user of the tests: a channel without encryption carries no credentials.
https://cloud.google.com/workflows/docs/reference/executions/rpc
"""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc
from engines.gcp_account.front import Caller, Front, Request
from engines.gcp_account.names import USER
from google.cloud.workflows import executions_v1 as api

_SERVICE = "google.cloud.workflows.executions.v1.Executions"
_THREADS = 16


class ExecutionsServer:
    """Listens on a port of its own; `host` is where. Its answers are those of the routes of `front`."""

    def __init__(self, front: Front) -> None:
        self._front = front
        self._server = grpc.server(ThreadPoolExecutor(_THREADS))
        self._server.add_generic_rpc_handlers(
            [
                grpc.method_handlers_generic_handler(
                    _SERVICE,
                    {
                        "CreateExecution": _unary(self._create, api.CreateExecutionRequest, api.Execution),
                        "GetExecution": _unary(self._get, api.GetExecutionRequest, api.Execution),
                        "ListExecutions": _unary(self._list, api.ListExecutionsRequest, api.ListExecutionsResponse),
                        "CancelExecution": _unary(self._cancel, api.CancelExecutionRequest, api.Execution),
                    },
                )
            ]
        )
        self.host = f"127.0.0.1:{self._server.add_insecure_port('127.0.0.1:0')}"
        self._server.start()

    def close(self) -> None:
        self._server.stop(grace=None).wait()

    def _create(self, asked: Any, context: grpc.ServicerContext) -> Any:
        body = json.loads(api.Execution.to_json(asked.execution, including_default_value_fields=False))
        return api.Execution.from_json(self._answer(context, "POST", f"/v1/{asked.parent}/executions", body))

    def _get(self, asked: Any, context: grpc.ServicerContext) -> Any:
        # Over gRPC, too, an execution is shown in full unless the request says otherwise.
        return api.Execution.from_json(self._answer(context, "GET", f"/v1/{asked.name}"))

    def _list(self, asked: Any, context: grpc.ServicerContext) -> Any:
        query = {"pageSize": asked.page_size, "pageToken": asked.page_token, "filter": asked.filter}
        given = {name: str(value) for name, value in query.items() if value}
        given |= {"view": asked.view.name} if asked.view else {}
        answer = self._answer(context, "GET", f"/v1/{asked.parent}/executions", query=given)
        return api.ListExecutionsResponse.from_json(answer)

    def _cancel(self, asked: Any, context: grpc.ServicerContext) -> Any:
        return api.Execution.from_json(self._answer(context, "POST", f"/v1/{asked.name}:cancel", {}))

    def _answer(
        self,
        context: grpc.ServicerContext,
        method: str,
        path: str,
        body: Any = None,
        query: dict[str, str] | None = None,
    ) -> str:
        """The JSON that the route answers; an error ends the call with the status that it has over gRPC."""
        answer = self._front.respond(
            Request(
                method=method,
                path=path,
                query=query or {},
                headers={"authorization": f"Bearer {Caller(USER).token}"},
                body=b"" if body is None else json.dumps(body).encode(),
                listener="apis",
                base=self._front.address("apis"),
                target=path,
            )
        )
        if answer.status >= 400:
            error = json.loads(answer.body)["error"]
            context.abort(grpc.StatusCode[error["status"]], error["message"])
        return answer.body.decode()


def _unary(answer: Any, asked: Any, given: Any) -> Any:
    return grpc.unary_unary_rpc_method_handler(
        answer, request_deserializer=asked.deserialize, response_serializer=given.serialize
    )
