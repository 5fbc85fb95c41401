"""Definitions of flows, tasks and prompts, read and checked: the parts of a program."""

from __future__ import annotations

import ast
import builtins
import contextlib
import inspect
from collections import ChainMap
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, TypeVar

from skyloom.errors import CheckFailed, SkyloomError, Span
from skyloom.flows.definitions import Definition, Flow, Prompt, Task
from skyloom.flows.expr.nodes import Expr, Literal
from skyloom.flows.expr.types import ANY, NULL, STR
from skyloom.flows.frontend import construction, nesting, options, placement
from skyloom.flows.frontend.annotations import TypeTable, Unsupported
from skyloom.flows.frontend.decorators import Decorators
from skyloom.flows.frontend.literals import LiteralText
from skyloom.flows.frontend.signature import Signature, SignatureReader, Subject
from skyloom.flows.frontend.source import Report, SourceFile, source_of
from skyloom.flows.frontend.templates import TemplateReader
from skyloom.flows.ir import structure
from skyloom.flows.ir.program import FlowDefinition, Program, PromptDefinition, RetryPolicy, TaskDefinition

D = TypeVar("D", TaskDefinition, PromptDefinition, FlowDefinition)

_NOWHERE = Span(1, 1, 1, 1)
_UNKNOWN = Signature((), ANY, {}, Any)
_UNCHECKED = "check it in the task that makes it, or take it out of the annotation"


class ProgramBuilder:
    """Collects everything that flows need. Reads each definition once; problems go to `report`, and a definition with
    problems is there all the same, so that whoever uses it is checked too."""

    def __init__(self) -> None:
        self.report = Report()
        self.types = TypeTable()
        self._tasks: dict[Task[..., Any], TaskDefinition] = {}
        self._prompts: dict[Prompt[..., Any], PromptDefinition] = {}
        self._flows: dict[Flow[..., Any], FlowDefinition] = {}
        self._open: dict[Flow[..., Any], FlowDefinition] = {}
        self._taken: dict[tuple[str, str], Subject] = {}
        self._unreadable: set[Definition[..., Any]] = set()

    def task(self, task: Task[..., Any]) -> TaskDefinition:
        """What the program says about `task`."""
        if task not in self._tasks:
            with self.report.heard():
                self._tasks[task] = self._read_task(task)
        return self._tasks[task]

    def prompt(self, prompt: Prompt[..., Any]) -> PromptDefinition:
        """What the program says about `prompt`."""
        if prompt not in self._prompts:
            with self.report.heard():
                self._prompts[prompt] = self._read_prompt(prompt)
        return self._prompts[prompt]

    def flow(self, flow: Flow[..., Any], at: tuple[SourceFile, ast.AST] | None = None) -> FlowDefinition:
        """What the program says about `flow`; compiles its body. A flow that reaches itself is a problem, at the call
        `at` where that is known; its definition has no body then."""
        if flow in self._flows:
            return self._flows[flow]
        if flow in self._open:
            self._recursion(flow, at)
            return self._open[flow]
        with self.report.heard():
            self._flows[flow] = self._read_flow(flow)
        return self._flows[flow]

    def _read_flow(self, flow: Flow[..., Any]) -> FlowDefinition:
        subject = self._subject(flow)
        signature = self._signature(flow, subject)
        definition = FlowDefinition(
            **self._common(flow, subject, signature),
            body=(),
            input_schema=signature.input_schema(flow.name),
            output_schema=signature.output_schema(),
            timeout=flow.timeout,
        )
        self._check_result(subject, signature, _UNCHECKED)
        self._open[flow] = definition
        if subject is not None and isinstance(subject.node, ast.FunctionDef):
            definition = self._compiled(subject, subject.node, definition)
        del self._open[flow]
        return definition

    def readable(self, definition: Definition[..., Any]) -> bool:
        """Whether the type of the definition's result is known; otherwise the report says why not."""
        return definition not in self._unreadable

    def build(self, main: Flow[..., Any]) -> Program:
        """The program of the flow `main`. Raises CheckFailed with every diagnostic."""
        definition = self.flow(main)
        self.report.raise_if_any()
        program = Program(
            main=definition.name,
            flows=_by_name(self._flows.values()),
            tasks=_by_name(self._tasks.values()),
            prompts=_by_name(self._prompts.values()),
            models=dict(self.types.models),
            errors=dict(self.types.errors.definitions),
        )
        if broken := structure.problems(program):
            rules = "; ".join(broken)
            raise SkyloomError(f"flow `{main.name}` was compiled wrongly, which is a fault of Skyloom: {rules}")
        return program

    def _read_task(self, task: Task[..., Any]) -> TaskDefinition:
        subject = self._subject(task)
        if subject is not None:
            self._check_requires(task, subject)
        return TaskDefinition(
            **self._common(task, subject, self._signature(task, subject)),
            timeout=task.timeout,
            retry=self._retry(task, subject),
            requires=task.requires,
            memory=task.memory,
            fuse=task.fuse,
        )

    def _read_prompt(self, prompt: Prompt[..., Any]) -> PromptDefinition:
        subject = self._subject(prompt)
        signature = self._signature(prompt, subject)
        if subject is not None and signature.returns == NULL:
            where = subject.node.returns or subject.name_span
            hint = "name what the model answers: str, or a model"
            self.report.add("SKY502", f"{subject.title} returns nothing", subject.source, where, hint)
        if signature.returns == STR:
            self._check_result(subject, signature, "return a model with such a field: its answers are checked")
        return PromptDefinition(
            **self._common(prompt, subject, signature),
            template=self._template(prompt.template, None, subject, signature),
            system=None if prompt.system is None else self._template(prompt.system, "system", subject, signature),
            model=prompt.model,
            output_schema=signature.output_schema(),
            timeout=prompt.timeout,
            retry=self._retry(prompt, subject),
            temperature=prompt.temperature,
            max_tokens=prompt.max_tokens,
            repairs=prompt.repairs,
        )

    def _compiled(self, subject: Subject, node: ast.FunctionDef, definition: FlowDefinition) -> FlowDefinition:
        from skyloom.flows.frontend.statements import compile_body

        if too_deep := list(nesting.problems(node.body)):
            for where, message, hint in too_deep:
                self.report.add("SKY127", message, subject.source, where, hint)
            return definition
        names = _namespace(subject)
        body = compile_body(node, subject.source, names, self, definition.parameters, definition.returns)
        return replace(definition, body=body)

    def _recursion(self, flow: Flow[..., Any], at: tuple[SourceFile, ast.AST] | None) -> None:
        names = [open_flow.name for open_flow in self._open]
        way = " -> ".join([*names[list(self._open).index(flow) :], flow.name])
        hint = "use a loop; a flow that starts itself anew has no end that an engine could check"
        if at is None:
            subject = self._subject(flow)
            at = (subject.source, subject.node) if subject is not None else None
        if at is not None:
            self.report.add("SKY505", f"flow `{flow.name}` calls itself: {way}", *at, hint)

    # --- parts of a definition ----------------------------------------------------------------------------------

    def _subject(self, definition: Definition[..., Any]) -> Subject | None:
        """Where `definition` stands; None, and a problem in the report, where its source cannot be read."""
        word = type(definition).__name__.lower()
        title = f"{word} `{definition.name}`"
        try:
            source = source_of(definition.function)
        except CheckFailed as error:
            self.report.include(*error.diagnostics)
            return None
        try:
            return Subject(definition.function, source, source.function(definition.function), title)
        except LookupError:
            line = inspect.unwrap(definition.function).__code__.co_firstlineno
            span = Span(line, 1, line, len(source.line(line)) + 1)
            self.report.add("SKY503", f"{title} is no function of its own", source, span, "write it with `def`")
            return None

    def _signature(self, definition: Definition[..., Any], subject: Subject | None) -> Signature:
        """The signature; checks the name, the place and the options on the way."""
        if subject is None:
            return _UNKNOWN
        self._check_name(definition, subject)
        placement.check(definition, subject, self.report)
        self._check_options(definition, subject)
        signature = SignatureReader(subject, self.types, self.report).read()
        if not signature.readable:
            self._unreadable.add(definition)
        return signature

    def _common(
        self, definition: Definition[..., Any], subject: Subject | None, signature: Signature
    ) -> dict[str, Any]:
        function = definition.function
        return {
            "name": definition.name,
            "module": function.__module__,
            "qualname": function.__qualname__,
            "file": subject.source.name if subject is not None else "<unknown>",
            "span": subject.name_span if subject is not None else _NOWHERE,
            "parameters": signature.parameters,
            "returns": signature.returns,
            "description": inspect.getdoc(function) or "",
        }

    def _retry(self, definition: Task[..., Any] | Prompt[..., Any], subject: Subject | None) -> RetryPolicy:
        if subject is None or options.problems(definition):
            return RetryPolicy()
        retry = definition.retry
        return RetryPolicy(
            attempts=retry.attempts,
            delay=float(retry.delay),
            backoff=float(retry.backoff),
            max_delay=float(retry.max_delay),
            jitter=float(retry.jitter),
            on=self._error_names(retry.on, "on", subject),
            never=self._error_names(retry.never, "never", subject),
        )

    def _error_names(self, classes: Any, part: str, subject: Subject) -> tuple[str, ...]:
        names = []
        for cls in options.error_classes(classes):
            try:
                names.append(self.types.errors.add(cls).name)
            except Unsupported as problem:
                where = Decorators(subject).option("retry", part) or subject.name_span
                self.report.add("SKY516", problem.message, subject.source, where, problem.hint)
        return tuple(names)

    def _template(self, text: Any, option: str | None, subject: Subject | None, signature: Signature) -> Expr:
        empty = Literal(span=_NOWHERE, type=STR, value="")
        if subject is None:
            return empty
        decorators = Decorators(subject)
        node = decorators.template if option is None else decorators.option(option)
        if not isinstance(text, str):
            word = option or "template"
            message = f"the {word} of {subject.title} must be a text, not {text!r}"
            self.report.add("SKY508", message, subject.source, node or subject.name_span)
            return empty
        parameters = {parameter.name: parameter.type for parameter in signature.parameters}
        reader = TemplateReader(parameters, self.types.models, subject.source, self.report)
        return reader.read(text, LiteralText(subject.source, node, subject.name_span))

    # --- checks -------------------------------------------------------------------------------------------------

    def _check_name(self, definition: Definition[..., Any], subject: Subject) -> None:
        key = (type(definition).__name__, definition.name)
        other = self._taken.setdefault(key, subject)
        if other.function is not definition.function:
            place = f"{other.source.name}:{other.node.lineno}"
            message = f"{subject.title} has the name of another one, at {place}"
            hint = "rename one: steps and functions are called by these names on every engine"
            self.report.add("SKY510", message, subject.source, subject.name_span, hint)

    def _check_options(self, definition: Definition[..., Any], subject: Subject) -> None:
        assert isinstance(definition, (Task, Prompt, Flow))
        for option, part, message in options.problems(definition):
            where = Decorators(subject).option(option, part) or subject.name_span
            hint = options.hint(option, part, definition)
            self.report.add("SKY508", f"{subject.title}: {message}", subject.source, where, hint)

    def _check_result(self, subject: Subject | None, signature: Signature, hint: str) -> None:
        """The result of a flow, and the text of a prompt, is looked at by its type only."""
        problem = construction.annotation_obstacle(signature.result)
        if problem is not None and subject is not None:
            message = f"the result of {subject.title} {problem}, which not every engine checks"
            self.report.add("SKY518", message, subject.source, subject.node.returns or subject.name_span, hint)

    def _check_requires(self, task: Task[..., Any], subject: Subject) -> None:
        for index, text in enumerate(task.requires):
            problem = options.requirement_problem(text)
            if problem is not None:
                where = Decorators(subject).element("requires", index) or subject.name_span
                self.report.add("SKY509", f"{subject.title}: {problem}", subject.source, where, "such as `httpx>=0.28`")


def _namespace(subject: Subject) -> Mapping[str, Any]:
    """What the names in the function's body stand for: closure, globals, builtins."""
    function: Any = subject.function
    cells = zip(function.__code__.co_freevars, function.__closure__ or (), strict=True)
    closure: dict[str, Any] = {}
    for name, cell in cells:
        # A cell is empty as long as its variable has no value.
        with contextlib.suppress(ValueError):
            closure[name] = cell.cell_contents
    return ChainMap(closure, function.__globals__, vars(builtins))


def _by_name(definitions: Iterable[D]) -> dict[str, D]:
    return {definition.name: definition for definition in definitions}
