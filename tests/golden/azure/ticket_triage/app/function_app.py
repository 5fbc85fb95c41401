"""The function app of ticket-triage: its flows, what they call, and what comes from outside."""

import azure.durable_functions as df
import azure.functions as func

import flows.answer
import flows.answer_draft
from skyloom.adapters.hosts.azure_functions import Activities
from skyloom.adapters.hosts.azure_versions import Versions
from skyloom.deployers.azure.services import decide, operate, waits

app = df.DFApp(http_auth_level=func.AuthLevel.ANONYMOUS)

versions = Versions("<version>")
jobs = Activities(
    tasks={
        "load_history": "ticket_triage:load_history",
        "rate": "ticket_triage:rate",
        "search_articles": "ticket_triage:search_articles",
        "send": "ticket_triage:send",
    },
    prompts="prompts",
)


@app.function_name("answer")
@app.orchestration_trigger(context_name="context")
def answer(context: df.DurableOrchestrationContext):
    return (yield from versions.of(context, flows.answer).orchestrator(context))


@app.function_name("answer_draft")
@app.orchestration_trigger(context_name="context")
def answer_draft(context: df.DurableOrchestrationContext):
    return (yield from versions.of(context, flows.answer_draft).orchestrator(context))


@app.function_name("draft_answer")
@app.activity_trigger(input_name="call")
def draft_answer(call: str, context: func.Context) -> str:
    return jobs.run(call, context)


@app.function_name("load_history")
@app.activity_trigger(input_name="call")
def load_history(call: str, context: func.Context) -> str:
    return jobs.run(call, context)


@app.function_name("rate")
@app.activity_trigger(input_name="call")
def rate(call: str, context: func.Context) -> str:
    return jobs.run(call, context)


@app.function_name("search_articles")
@app.activity_trigger(input_name="call")
def search_articles(call: str, context: func.Context) -> str:
    return jobs.run(call, context)


@app.function_name("send")
@app.activity_trigger(input_name="call")
def send(call: str, context: func.Context) -> str:
    return jobs.run(call, context)


@app.function_name("triage")
@app.activity_trigger(input_name="call")
def triage(call: str, context: func.Context) -> str:
    return jobs.run(call, context)


@app.function_name("skyloom_waits")
@app.activity_trigger(input_name="call")
def skyloom_waits(call: str) -> str:
    return waits.activity(call)


@app.function_name("skyloom_decide")
@app.route(
    route="approvals/{id}", methods=["GET", "POST"], auth_level=func.AuthLevel.ANONYMOUS, trigger_arg_name="request"
)
@app.durable_client_input(client_name="client")
async def skyloom_decide(request: func.HttpRequest, client: df.DurableOrchestrationClient) -> func.HttpResponse:
    return await decide.respond(request, client)


@app.function_name("skyloom_operate")
@app.route(route="skyloom/operate", methods=["POST"], auth_level=func.AuthLevel.FUNCTION, trigger_arg_name="request")
@app.durable_client_input(client_name="client")
async def skyloom_operate(request: func.HttpRequest, client: df.DurableOrchestrationClient) -> func.HttpResponse:
    return await operate.respond(request, client)
