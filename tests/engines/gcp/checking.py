"""What is refused when a workflow is deployed."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from engines.gcp.connectors import CONNECTORS
from engines.gcp.errors import ExpressionRefused, Undocumented, WorkflowRefused
from engines.gcp.expressions.syntax import Call as Called
from engines.gcp.expressions.syntax import Expression, Member, dotted, walk
from engines.gcp.library.function import count, named
from engines.gcp.library.table import FUNCTIONS, LEFT_OUT, MODULES, POLICIES, PREDICATES
from engines.gcp.limits import ENVIRONMENT_BYTES, ENVIRONMENT_VARIABLES
from engines.gcp.model import Call, Jump, Returned, Routine, Source, Step, Switch, blocks, every_step
from engines.gcp.naming import check_names
from engines.gcp.reading import read_source
from engines.gcp.reading_expressions import reads_of
from engines.gcp.yaml_source import load


@lru_cache(4)
def checked(text: str) -> Source:
    """The model of a source text that can be deployed.

    Raises:
        WorkflowRefused: It cannot.
        Undocumented: It depends on what no page says.
    """
    source = read_source(load(text))
    for name, routine in source.routines.items():
        if name in FUNCTIONS or name.split(".")[0] in MODULES:
            raise Undocumented(f"the subworkflow {name} is called like a function of the library")
        unique(routine)
        check_jumps(routine.steps, (), ())
        for step in every_step(routine.steps):
            check_calls(step, f"{name}.{step.name}", source.routines)
        check_names(routine, frozenset(source.routines))
    return source


def unique(routine: Routine) -> None:
    """Refuses names of steps that stand twice in a routine."""
    seen = set()
    for step in every_step(routine.steps):
        if step.bare:
            continue
        if step.name in seen:
            raise WorkflowRefused(f"the step {step.name} stands twice", routine.name)
        seen.add(step.name)


def check_jumps(
    steps: tuple[Step, ...], around: tuple[tuple[str, frozenset[str]], ...], kinds: tuple[str, ...]
) -> None:
    """Refuses jumps to steps that are not in the list of the step, or in a list around it."""
    here = (*around, (kinds[-1] if kinds else "routine", frozenset(step.name for step in steps)))
    for step in steps:
        if step.next is not None:
            check_jump(step.next, here, step.name)
        if isinstance(step.does, Switch):
            for case in step.does.cases:
                if case.next is not None:
                    check_jump(case.next, here, step.name)
                if isinstance(case.does, Returned):
                    check_return(kinds, step.name)
        if isinstance(step.does, Returned):
            check_return(kinds, step.name)
        if isinstance(step.does, Jump) and step.next is None:
            raise WorkflowRefused("a step that does nothing", step.name)
        for kind, inner in blocks(step.does):
            check_jumps(inner, here, (*kinds, kind))


def check_return(kinds: tuple[str, ...], place: str) -> None:
    """What `return` does in a branch is documented nowhere."""
    if "branch" in kinds:
        raise Undocumented(f"{place}: return in a branch or a parallel loop")


def check_jump(to: str, lists: tuple[tuple[str, frozenset[str]], ...], place: str) -> None:
    """One jump, from inside out: over blocks, but not out of loops and branches."""
    for kind, names in reversed(lists):
        if to in names:
            return
        if kind == "loop" and to in ("break", "continue"):
            return
        if kind == "branch":
            raise Undocumented(f"{place}: next: {to} out of a branch or a parallel loop")
        if kind == "loop" and to != "end":
            raise WorkflowRefused(f"next: {to} leads out of a loop, or nowhere", place)
    if to != "end":
        raise WorkflowRefused(f"there is no step {to} to jump to", place)


def check_calls(step: Step, place: str, routines: Mapping[str, Routine]) -> None:
    """Refuses unknown functions and wrong arguments, in steps and in expressions."""
    try:
        for action in (
            (step.does, *(case.does for case in step.does.cases)) if isinstance(step.does, Switch) else (step.does,)
        ):
            if isinstance(action, Call):
                check_call(action, routines)
        for expression in reads_of(step.does, place):
            for node in walk(expression):
                check_called(node, routines)
            check_library(expression)
    except WorkflowRefused as problem:
        raise type(problem)(problem.problem, problem.place or place) from None


def check_call(step: Call, routines: Mapping[str, Routine]) -> None:
    """The function and the arguments of a step."""
    name = step.function
    if name in LEFT_OUT:
        raise Undocumented(f"{name}: experimental, left out")
    if name in routines:
        wanted = routines[name]
        if unknown := set(step.arguments) - set(wanted.parameters):
            raise WorkflowRefused(f"the subworkflow {name} has no parameter {sorted(unknown)[0]}")
        if missing := [one for one in wanted.parameters if one not in step.arguments and one not in wanted.defaults]:
            raise WorkflowRefused(f"the subworkflow {name} needs {missing[0]}")
    elif name in FUNCTIONS:
        named(name, FUNCTIONS[name], step.arguments)
    elif name in CONNECTORS:
        if unknown := set(step.arguments) - CONNECTORS[name]:
            raise WorkflowRefused(f"{name} has no argument {sorted(unknown)[0]}")
    else:
        raise WorkflowRefused(f"there is no function {name}")


def check_called(node: Expression, routines: Mapping[str, Routine]) -> None:
    """A call in an expression."""
    if not isinstance(node, Called):
        return
    name = node.function
    if name in routines:
        wanted = routines[name]
        many = len(node.arguments)
        if not len(wanted.parameters) - len(wanted.defaults) <= many <= len(wanted.parameters):
            raise ExpressionRefused(f"the subworkflow {name} takes {len(wanted.parameters)} arguments, not {many}")
        return
    function = FUNCTIONS.get(name)
    if function is None:
        blocking = name in CONNECTORS or name in LEFT_OUT
        raise ExpressionRefused(f"{name} is a blocking call" if blocking else f"there is no function {name}")
    if function.blocking:
        raise ExpressionRefused(f"{name} is a blocking call, which an expression cannot make")
    if function.body is None:
        raise Undocumented(f"{name} in an expression")
    count(name, function, len(node.arguments))


def check_library(node: Expression) -> None:
    """Refuses names of the library that are no values, wherever they stand in an expression."""
    if isinstance(node, Member) and (name := dotted(node)) and name.split(".")[0] in MODULES:
        if name not in PREDICATES and name not in POLICIES:
            raise ExpressionRefused(f"{name} is no value")
        return
    for child in walk(node):
        if child is not node:
            check_library(child)
            return


def check_environment(variables: Mapping[str, str]) -> None:
    """Refuses environment variables that cannot be set (docs/use-environment-variables)."""
    if len(variables) > ENVIRONMENT_VARIABLES:
        raise WorkflowRefused(f"{len(variables)} environment variables, {ENVIRONMENT_VARIABLES} are allowed")
    for name, value in variables.items():
        if name.startswith(("GOOGLE", "WORKFLOWS")):
            raise WorkflowRefused(f"the environment variable {name}: the prefix is reserved")
        if len(value.encode()) > ENVIRONMENT_BYTES:
            raise WorkflowRefused(f"the environment variable {name} has more than {ENVIRONMENT_BYTES} bytes")
