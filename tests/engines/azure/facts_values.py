"""Facts: what becomes of values on their way."""

from __future__ import annotations

import json

from engines.azure.facts import Context, Steps, fact
from engines.azure.limits import TooLarge

PERSISTED = "docs:durable-functions-serialization-and-persistence"
CONVERTER = "extension:Bindings/OrchestrationTriggerAttributeBindingProvider.cs"
STATUS = "docs:durable-functions-custom-orchestration-status"
DATES = "issues:azure-functions-durable-js/issues/264"
SCHEDULER = "docs:durable-task-scheduler/durable-task-scheduler"
MOMENT, SHORTENED = "2021-03-23T00:11:50.000Z", "2021-03-23T00:11:50Z"


@fact(PERSISTED, gives=[None, True, 1, 1.5, "ä€😀", [1], {"b": 1, "a": 2}])
def json_values(context: Context) -> Steps:
    """Inputs and outputs are JSON."""
    return (yield context.call_activity("echo", [None, True, 1, 1.5, "ä€😀", [1], {"b": 1, "a": 2}]))


@fact(PERSISTED, gives=None)
def none_of_an_activity(context: Context) -> Steps:
    """An activity may return nothing."""
    return (yield context.call_activity("silent", 1))


@fact(PERSISTED, gives="None")
def no_input(context: Context) -> Steps:
    """An activity may be called without input."""
    return (yield context.call_activity("text"))


@fact(PERSISTED, gives="[1, 2.0, 'x']")
def inputs_keep_their_types(context: Context) -> Steps:
    """The input of an activity is JSON text inside of a string: whole numbers and others stay apart."""
    return (yield context.call_activity("text", [1, 2.0, "x"]))


@fact(PERSISTED, gives="'" + MOMENT + "'")
def moments_in_inputs(context: Context) -> Steps:
    """So a moment arrives as it was sent."""
    return (yield context.call_activity("text", MOMENT))


@fact(DATES, gives=json.dumps(MOMENT))
def moments_as_json_text(context: Context) -> Steps:
    """A result that is JSON text inside of a string is not looked into."""
    return (yield context.call_activity("echo", json.dumps(MOMENT)))


@fact(DATES, gives=SHORTENED)
def moments_as_output(context: Context) -> str:
    """A text that looks like a moment is written anew by the extension: zeros of the fraction are gone."""
    return MOMENT


@fact(DATES, gives="2021-03-15T23:00:00+00:00")
def moments_with_a_zone(context: Context) -> str:
    """One with an offset comes in the zone of the host, which is UTC."""
    return "2021-03-15T16:00:00-07:00"


@fact(DATES, gives=[{"a": SHORTENED}], status={"at": SHORTENED})
def moments_inside(context: Context) -> Steps:
    """Inside of objects too, and in the custom status."""
    context.set_custom_status({"at": MOMENT})
    return (yield context.call_activity("echo", [{"a": MOMENT}]))


@fact(DATES, gives=["2021-03-23", "00:11:50", "2021-03-23 00:11:50"])
def not_moments(context: Context) -> list[str]:
    """Dates alone, times alone and those without a T stay."""
    return ["2021-03-23", "00:11:50", "2021-03-23 00:11:50"]


@fact(PERSISTED, gives=["NaN", "Infinity", "-Infinity"])
def no_numbers(context: Context) -> list[float]:
    """What JSON has no number for becomes a text."""
    return [float("nan"), float("inf"), float("-inf")]


@fact(CONVERTER, gives=json.dumps({"at": MOMENT}), input={"at": MOMENT})
def input_as_text(context: Context) -> str:
    """An orchestration that is started with JSON text in a string gets the value as it was; so it is for its output."""
    return json.dumps(context.get_input())


@fact(SCHEDULER, refused=TooLarge)
def a_large_input(context: Context) -> Steps:
    """One MiB is the limit of an input."""
    yield context.call_activity("silent", "x" * 1_048_577)


@fact("core:TaskOrchestrationContext.cs", refused=TooLarge)
def a_large_input_of_quotes(context: Context) -> Steps:
    """The input is written as JSON once more on its way: a quote, escaped in the SDK's text, is four characters."""
    yield context.call_activity("silent", '"' * 300_000)


@fact("core:TaskOrchestrationContext.cs", gives=None)
def a_large_input_without_quotes(context: Context) -> Steps:
    """As many other characters fit."""
    return (yield context.call_activity("silent", "x" * 1_000_000))


@fact(SCHEDULER, refused=TooLarge)
def a_large_result(context: Context) -> Steps:
    """And of a result."""
    yield context.call_activity("double", "x" * 600_000)


@fact(STATUS, refused=TooLarge)
def a_large_status(context: Context) -> Steps:
    """A custom status has 16 KB of UTF-16."""
    context.set_custom_status("x" * 8_192)
    yield context.call_activity("silent")


@fact(STATUS, gives=1, status="x" * 8_180)
def a_status_that_fits(context: Context) -> Steps:
    """Just below."""
    context.set_custom_status("x" * 8_180)
    return (yield context.call_activity("echo", 1))


@fact("docs:durable-functions-instance-management", refused=TooLarge)
def an_id_too_long(context: Context) -> Steps:
    """Ids have up to 100 characters."""
    yield context.call_sub_orchestrator("own_id", None, instance_id="x" * 101)


@fact("docs:durable-functions-instance-management", refused=TooLarge)
def an_id_with_a_slash(context: Context) -> Steps:
    """Ids have no / \\ # ? and no control characters, and do not begin with @."""
    yield context.call_sub_orchestrator("own_id", None, instance_id="a/b")


@fact(SCHEDULER, refused=TooLarge)
def an_id_beyond_ascii(context: Context) -> Steps:
    """And nothing beyond printable ASCII."""
    yield context.call_sub_orchestrator("own_id", None, instance_id="ä")


@fact("docs:durable-functions-orchestrations", gives="child:1.a-b_c")
def an_id_with_signs(context: Context) -> Steps:
    """Other signs are fine."""
    return (yield context.call_sub_orchestrator("own_id", None, instance_id="child:1.a-b_c"))


@fact(
    "sdk:models/TaskOrchestrationExecutor.py",
    fails=("Orchestrator function 'no_json' failed: Object of type object is not JSON serializable"),
)
def no_json(context: Context) -> object:
    """An output that is no JSON fails the orchestration."""
    return object()
