"""Apps: what they hold, how a file's app is found, and every mistake with its place."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from skyloom.errors import ConfigError, UserError
from skyloom.flows import App, Environment, Http, Secret, flow, task
from skyloom.flows.app import DEFAULT_ENVIRONMENT
from skyloom.flows.cron import Cron, NotCron
from skyloom.flows.frontend import check_file, load_file
from skyloom.flows.frontend.apps import pick_app

PRELUDE = """
from skyloom.flows import *


@task
def work(a: int) -> int:
    return a


@task
def idle(a: int) -> int:
    return a


@flow
def f(a: int) -> int:
    return work(a)


@flow
def g(o: StoredObject, b: int = 1) -> int:
    return work(b)


inbox = Bucket("inbox", readers=[work])
"""


def file_with(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "desk.py"
    path.write_text(PRELUDE + text, encoding="utf-8")
    return path


def found(tmp_path: Path, arguments: str, name: str = '"desk"') -> list[str]:
    """The diagnostics of `app = App(name, arguments)`: code, what is marked, message."""
    path = file_with(tmp_path, f"\napp = App({name}, {arguments})\n")
    lines = []
    for diagnostic in check_file(path).diagnostics:
        assert diagnostic.span is not None
        assert diagnostic.source is not None
        marked = diagnostic.source[diagnostic.span.column - 1 : diagnostic.span.end_column - 1]
        lines.append(f"{diagnostic.code} {marked} | {diagnostic.message}")
    return lines


@flow
def own(a: int) -> int:
    return a


@task
def charge() -> str:
    return "x"


def test_an_app_knows_where_it_was_written() -> None:
    app = App("a", flows=[own])
    assert app.written is not None
    assert Path(app.written.file) == Path(__file__)


def test_environments_and_tags() -> None:
    prod = Environment(log_days=90, tags={"cost": "2"})
    app = App("a", flows=[own], environments={"prod": prod}, tags={"team": "x", "cost": "1"})
    assert app.environment("prod") is prod
    assert app.environment("dev") is DEFAULT_ENVIRONMENT
    assert app.tags_in("prod") == {"team": "x", "cost": "2"}
    assert app.tags_in("dev") == {"team": "x", "cost": "1"}


def test_the_language_loads_no_apps_and_no_pydantic() -> None:
    code = (
        "import sys; from skyloom.flows import task, flow, Retry;"
        "print([m for m in ('pydantic', 'skyloom.flows.app', 'asyncio') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_every_name_of_the_language_is_there() -> None:
    import skyloom.flows as language

    for name in language.__all__:
        assert getattr(language, name) is not None
    assert set(language.__all__) == set(language.HOMES)
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = language.nothing


# --- finding ----------------------------------------------------------------------------------------------------


def test_a_file_without_an_app_stands_for_one(tmp_path: Path) -> None:
    module = load_file(file_with(tmp_path, ""))
    app = pick_app(module, None)
    assert (app.name, [flow.name for flow in app.flows], app.triggers) == ("desk", ["f", "g"], ())
    assert [flow.name for flow in pick_app(module, "g").flows] == ["g"]


def test_one_app_is_found_and_of_several_one_is_named(tmp_path: Path) -> None:
    module = load_file(file_with(tmp_path, 'one = App("one", flows=[f])\nsame = one\n'))
    assert pick_app(module, None).name == "one"
    module = load_file(file_with(tmp_path, 'one = App("one", flows=[f])\ntwo = App("two", flows=[g])\n'))
    assert pick_app(module, "two").name == "two"
    with pytest.raises(UserError, match="SKY521 the file has several apps: one, two"):
        pick_app(module, None)
    with pytest.raises(UserError, match=r"SKY520 .*`tow`\nhint: did you mean `two`"):
        pick_app(module, "tow")


def test_a_file_without_flows_has_no_app(tmp_path: Path) -> None:
    path = tmp_path / "empty.py"
    path.write_text("x = 1\n")
    with pytest.raises(UserError, match="SKY520 the file has no app and no flow"):
        pick_app(load_file(path), None)


# --- input from outside ------------------------------------------------------------------------------------------

MODELS = """
import uuid
from dataclasses import dataclass, field as entry
from pydantic import AfterValidator, BaseModel, Field, StringConstraints, field_validator
from typing import Annotated


class Plain(BaseModel):
    name: str = Field(min_length=1, pattern="^[a-z]+$", alias="n")
    tags: list[str] = Field(default_factory=list)


class Checked(BaseModel):
    name: str

    @field_validator("name")
    @classmethod
    def known(cls, value: str) -> str:
        return value


class Made(BaseModel):
    id: str = Field(default_factory=lambda: uuid.uuid4().hex)


class TwoNames(BaseModel, populate_by_name=True):
    name: str = Field(alias="n")


@dataclass
class Posted:
    name: str

    def __post_init__(self) -> None:
        self.name = self.name.strip()


class Stripped(BaseModel, str_strip_whitespace=True):
    name: str


@flow
def taking(a: {annotation}) -> int:
    return work(1)
"""


@pytest.mark.parametrize(
    ("annotation", "what"),
    [
        ("Plain", None),
        ("list[Plain] | None", None),
        ("Annotated[int, Field(gt=0)]", None),
        ("dict[str, Checked]", "`Checked` has the validator `known`"),
        ("Made", "`Made` has a default that a function makes"),
        ("TwoNames", "`TwoNames` takes fields under two names"),
        ("list[Posted]", "`Posted` has its own code for making one"),
        ("Stripped", "`Stripped` changes texts (str_strip_whitespace)"),
        ("Annotated[str, StringConstraints(to_lower=True)]", "the value changes texts (to_lower)"),
        ("Annotated[int, AfterValidator(abs)]", "the value has the validator `abs`"),
    ],
)
@pytest.mark.parametrize(
    "trigger",
    ['Http(taking, "/x")', 'Http(taking, "/x", parameter="a")', 'OnEvent(taking, "e")', "QueueMessage(taking, jobs)"],
)
def test_input_from_outside_needs_no_python(tmp_path: Path, annotation: str, what: str | None, trigger: str) -> None:
    app = f'jobs = Queue("jobs")\napp = App("desk", flows=[taking], resources=[jobs], triggers=[{trigger}])\n'
    path = file_with(tmp_path, MODELS.replace("{annotation}", annotation) + app)
    told = [f"{found.code} {found.message}" for found in check_file(path).diagnostics]
    assert told == ([] if what is None else [f"SKY532 `taking` is started from outside, and of its `a` {what}"])


# --- mistakes ---------------------------------------------------------------------------------------------------


def test_a_good_app_has_none(tmp_path: Path) -> None:
    arguments = (
        'flows=[f, g], resources=[inbox, Queue("q"), Secret("hook")], '
        'triggers=[Http(f, "/f"), Schedule(f, "*/5 * * * *", input={"a": 1}), Schedule(g, every=60, '
        'input={"o": {"bucket": "b", "key": "k", "size": 1}}), ObjectCreated(g, inbox), OnEvent(f, "paid"), '
        'QueueMessage(f, Queue("q"), parameter="a")], notify=[EmailNotifier(address="a@b.org")], '
        'environments={"prod": Environment(python="3.13")}, tags={"a": "b"}'
    )
    assert found(tmp_path, arguments) == []


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ("flows=[]", "SKY523 [] | the app has no flow"),
        ("flows=[f, work]", "SKY523 work | `work` is no flow"),
        ("flows=[f, f]", "SKY523 f | the flow `f` is named twice"),
        ("flows=[f], short=[3]", "SKY523 3 | 3 is not among the app's flows, so it cannot be one of the short ones"),
        (
            "flows=[f], short=[g]",
            "SKY523 g | the flow `g` is not among the app's flows, so it cannot be one of the short ones",
        ),
        ("flows=[f], triggers=[3]", "SKY524 3 | 3 is no trigger"),
        ('flows=[f], triggers=[Http(g, "/g")]', "SKY524 g | the app has no flow `g`"),
        ('flows=[f], triggers=[Http(f, "f")]', "SKY524 \"f\" | `path` must be a path such as /tickets, not 'f'"),
        (
            'flows=[f], triggers=[Http(f, path="/runs/x")]',
            'SKY524 "/runs/x" | paths below /runs belong to the app\'s own service',
        ),
        (
            'flows=[f], triggers=[Http(f, "/a"), Http(f, "/a")]',
            'SKY524 "/a" | two flows are started at `/a`',
        ),
        (
            'flows=[f], triggers=[OnEvent(f, "e"), OnEvent(f, "e")]',
            'SKY524 OnEvent(f, "e") | `f` is started in the same way twice',
        ),
        (
            'flows=[f], triggers=[Http(f, "/a", Public(" "))]',
            'SKY524 Public(" ") | an address that everybody may call needs a reason',
        ),
        (
            'flows=[f], triggers=[Http(f, "/a", Jwt(issuer="http://x", audience=["y"]))]',
            'SKY524 Jwt(issuer="http://x", audience=["y"]) | the issuer must be an https address, not \'http://x\'',
        ),
        (
            'flows=[f], triggers=[Http(f, "/a", parameter="z")]',
            'SKY524 "z" | `f` has no parameter `z`',
        ),
        (
            "flows=[f], resources=[inbox], triggers=[ObjectCreated(f, inbox)]",
            "SKY524 f | `f` cannot take an object: a: Input should be a valid integer",
        ),
        (
            "flows=[f, g], triggers=[ObjectCreated(g, inbox)]",
            "SKY524 inbox | the bucket `inbox` is not among the app's resources",
        ),
        ('flows=[f], triggers=[OnEvent(f, " ")]', "SKY524 \" \" | `event` must be the name of an event, not ' '"),
        (
            'flows=[f], triggers=[Schedule(f, input={"a": 1})]',
            'SKY525 Schedule(f, input={"a": 1}) | a schedule has either `cron` or `every`',
        ),
        (
            'flows=[f], triggers=[Schedule(f, every=90, input={"a": 1})]',
            "SKY525 90 | `every` must be whole minutes, at least one and at most a year, not 90 s",
        ),
        (
            'flows=[f], triggers=[Schedule(f, "61 * * * *", input={"a": 1})]',
            'SKY525 "61 * * * *" | `61` is no minute: it is 0 to 59',
        ),
        (
            'flows=[f], triggers=[Schedule(f, every=60, timezone="Mars", input={"a": 1})]',
            "SKY525 \"Mars\" | there is no time zone 'Mars'",
        ),
        (
            "flows=[f], triggers=[Schedule(f, every=60)]",
            "SKY525 Schedule(f, every=60) | the input of `f`: `a` is missing",
        ),
        ("flows=[f], resources=[3]", "SKY526 3 | 3 is no resource"),
        (
            'flows=[f], resources=[Bucket("In")]',
            "SKY526 \"In\" | bucket: the name 'In' must be lower-case letters, digits and single hyphens, "
            "beginning with a letter",
        ),
        (
            'flows=[f], resources=[Secret("a-b"), Secret("a-b", readers=[work])]',
            'SKY526 "a-b" | two resources share the variable SKYLOOM_SECRET_A_B',
        ),
        (
            'flows=[f], resources=[Secret("s", readers=[idle])]',
            "SKY526 [idle] | secret `s`: no flow of the app calls the task `idle`",
        ),
        ('flows=[f], notify=[EmailNotifier(address="x")]', "SKY527 \"x\" | 'x' is no mail address"),
        (
            'flows=[f], notify=[WebhookNotifier(url="https://x")]',
            'SKY527 "https://x" | the address of a webhook is a secret: who knows it can post there',
        ),
        (
            'flows=[f], environments={"prod": Environment(log_days=0)}',
            "SKY528 0 | environment `prod`: `log_days` must be a whole number, at least 1, not 0",
        ),
        (
            "flows=[f], tags={'a': 3}",
            "SKY528 3 | the tag 'a': 3 must be a text of up to 128 characters, and one of up to 256",
        ),
        (
            "flows=[f], tags={'skyloom:app': 'x'}",
            "SKY528 'x' | the tag 'skyloom:app': keys that begin with `aws:` are AWS's own, with `skyloom:` Skyloom's",
        ),
    ],
)
def test_a_mistake_is_marked(tmp_path: Path, arguments: str, expected: str) -> None:
    assert found(tmp_path, arguments) == [expected]


def test_a_wrong_name_is_marked(tmp_path: Path) -> None:
    (line,) = found(tmp_path, "flows=[f]", '"My App"')
    assert line.startswith('SKY522 "My App" | app: the name')
    (line,) = found(tmp_path, "flows=[f]", f'"{"a" * 33}"')
    assert line.endswith("has 33 characters, more than 32")


# --- secrets ----------------------------------------------------------------------------------------------------


def test_a_secret_is_a_variable_on_ones_own_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    secret = Secret("mail-key", readers=[charge])
    monkeypatch.setenv("MAIL_KEY", "xyz")
    assert secret.read() == "xyz"
    monkeypatch.delenv("MAIL_KEY")
    with pytest.raises(ConfigError, match=r"SKY605 the secret mail-key cannot be read: \$MAIL_KEY is not set"):
        secret.read()
    monkeypatch.setenv(secret.variable, "elsewhere://x")
    with pytest.raises(ConfigError, match="no reference that this version of Skyloom knows"):
        secret.read()


# --- cron -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("* * * * *", Cron(None, None, None, None, None)),
        ("*/15 8-10 * * MON-FRI", Cron((0, 15, 30, 45), (8, 9, 10), None, None, (1, 2, 3, 4, 5))),
        ("0 0 1,15 jan,7 *", Cron((0,), (0,), (1, 15), (1, 7), None)),
        ("5/20 0 * * 7", Cron((5, 25, 45), (0,), None, None, (0,))),
    ],
)
def test_cron_expressions(text: str, expected: Cron) -> None:
    assert Cron.parse(text) == expected


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("* * * *", "has 4 fields"),
        ("60 * * * *", "`60` is no minute"),
        ("0 0 1 * MON", "together mean different things"),
        ("0 0 31 FEB *", "never happens"),
        ("*/0 * * * *", "a number above 0"),
        ("9-3 * * * *", "ends before it begins"),
        ("0 0 * * FOO", "SUN to SAT"),
    ],
)
def test_what_is_no_cron_expression(text: str, told: str) -> None:
    with pytest.raises(NotCron, match=told):
        Cron.parse(text)


def test_triggers_are_compared_by_value() -> None:
    assert Http(own, "/a") == Http(own, "/a")
