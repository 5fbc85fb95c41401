"""The function app of document-pipeline: its flows, what they call, and what comes from outside."""

import azure.durable_functions as df
import azure.functions as func

import flows.condense
import flows.summarise_document
import flows.summarise_folder
from skyloom.adapters.hosts.azure_functions import Activities
from skyloom.adapters.hosts.azure_versions import Versions
from skyloom.deployers.azure.services import operate

app = df.DFApp(http_auth_level=func.AuthLevel.ANONYMOUS)

versions = Versions("<version>")
jobs = Activities(
    tasks={
        "list_texts": "document_pipeline:list_texts",
        "split": "document_pipeline:split",
    },
    prompts="prompts",
)


@app.function_name("condense")
@app.orchestration_trigger(context_name="context")
def condense(context: df.DurableOrchestrationContext):
    return (yield from versions.of(context, flows.condense).orchestrator(context))


@app.function_name("summarise_document")
@app.orchestration_trigger(context_name="context")
def summarise_document(context: df.DurableOrchestrationContext):
    return (yield from versions.of(context, flows.summarise_document).orchestrator(context))


@app.function_name("summarise_folder")
@app.orchestration_trigger(context_name="context")
def summarise_folder(context: df.DurableOrchestrationContext):
    return (yield from versions.of(context, flows.summarise_folder).orchestrator(context))


@app.function_name("list_texts")
@app.activity_trigger(input_name="call")
def list_texts(call: str, context: func.Context) -> str:
    return jobs.run(call, context)


@app.function_name("reduce_summaries")
@app.activity_trigger(input_name="call")
def reduce_summaries(call: str, context: func.Context) -> str:
    return jobs.run(call, context)


@app.function_name("split")
@app.activity_trigger(input_name="call")
def split(call: str, context: func.Context) -> str:
    return jobs.run(call, context)


@app.function_name("summarise")
@app.activity_trigger(input_name="call")
def summarise(call: str, context: func.Context) -> str:
    return jobs.run(call, context)


@app.function_name("skyloom_operate")
@app.route(route="skyloom/operate", methods=["POST"], auth_level=func.AuthLevel.FUNCTION, trigger_arg_name="request")
@app.durable_client_input(client_name="client")
async def skyloom_operate(request: func.HttpRequest, client: df.DurableOrchestrationClient) -> func.HttpResponse:
    return await operate.respond(request, client)
