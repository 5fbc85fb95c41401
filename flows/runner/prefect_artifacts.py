"""What a run leaves on Prefect's pages besides its runs: the flow's graph, and its result."""

from __future__ import annotations

from uuid import UUID

from prefect.client.orchestration import PrefectClient
from prefect.client.schemas.actions import ArtifactCreate

from skyloom.flows.graph import mermaid
from skyloom.flows.ir.program import Program
from skyloom.flows.outcome import Json
from skyloom.flows.runner.prefect_forms import shown


async def save_graph(client: PrefectClient, flow_run_id: UUID, program: Program) -> None:
    """Leaves the flow's graph with the flow run, as Mermaid text."""
    text = f"```mermaid\n{mermaid(program)}\n```\n"
    await _save(client, flow_run_id, "skyloom-graph", f"The steps of `{program.main}`.", text)


async def save_result(client: PrefectClient, flow_run_id: UUID, result: Json) -> None:
    """Leaves the flow's result with the flow run."""
    await _save(client, flow_run_id, "skyloom-result", "What the flow returned.", shown(result))


async def _save(client: PrefectClient, flow_run_id: UUID, key: str, description: str, markdown: str) -> None:
    await client.create_artifact(
        ArtifactCreate(key=key, type="markdown", description=description, data=markdown, flow_run_id=flow_run_id)
    )
