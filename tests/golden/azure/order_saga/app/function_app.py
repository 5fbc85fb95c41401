"""The function app of order-saga: its flows, what they call, and what comes from outside."""

import azure.durable_functions as df
import azure.functions as func

import flows.place_order
from skyloom.adapters.hosts.azure_functions import Activities
from skyloom.adapters.hosts.azure_versions import Versions
from skyloom.deployers.azure.services import emit, operate

app = df.DFApp(http_auth_level=func.AuthLevel.ANONYMOUS)

versions = Versions("<version>")
jobs = Activities(
    tasks={
        "charge": "order_saga:charge",
        "refund": "order_saga:refund",
        "release": "order_saga:release",
        "reserve": "order_saga:reserve",
        "ship": "order_saga:ship",
    },
)


@app.function_name("place_order")
@app.orchestration_trigger(context_name="context")
def place_order(context: df.DurableOrchestrationContext):
    return (yield from versions.of(context, flows.place_order).orchestrator(context))


@app.function_name("charge")
@app.activity_trigger(input_name="call")
def charge(call: str, context: func.Context) -> str:
    return jobs.run(call, context)


@app.function_name("refund")
@app.activity_trigger(input_name="call")
def refund(call: str, context: func.Context) -> str:
    return jobs.run(call, context)


@app.function_name("release")
@app.activity_trigger(input_name="call")
def release(call: str, context: func.Context) -> str:
    return jobs.run(call, context)


@app.function_name("reserve")
@app.activity_trigger(input_name="call")
def reserve(call: str, context: func.Context) -> str:
    return jobs.run(call, context)


@app.function_name("ship")
@app.activity_trigger(input_name="call")
def ship(call: str, context: func.Context) -> str:
    return jobs.run(call, context)


@app.function_name("skyloom_emit")
@app.activity_trigger(input_name="call")
def skyloom_emit(call: str) -> str:
    return emit.activity(call)


@app.function_name("skyloom_operate")
@app.route(route="skyloom/operate", methods=["POST"], auth_level=func.AuthLevel.FUNCTION, trigger_arg_name="request")
@app.durable_client_input(client_name="client")
async def skyloom_operate(request: func.HttpRequest, client: df.DurableOrchestrationClient) -> func.HttpResponse:
    return await operate.respond(request, client)
