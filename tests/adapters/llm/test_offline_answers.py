"""The offline model's JSON: valid for every schema that pydantic writes, dependent on the text, always the same."""

from __future__ import annotations

import asyncio
import enum
import json
import os
import subprocess
import sys
import time
from datetime import date, datetime, timedelta
from decimal import Decimal
from ipaddress import IPv4Address, IPv6Address
from typing import Annotated, Any, Literal, Optional, Union
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from pydantic import BaseModel, ConfigDict, Field, HttpUrl, TypeAdapter, create_model

from skyloom.adapters.llm.base import CompletionRequest, Message
from skyloom.adapters.llm.offline import NAME, OfflineModel
from skyloom.adapters.llm.typed import complete_typed

TICKET = (
    "Classify this support ticket.\n\nSubject: charged twice\n\nMy bank account was charged twice for the same payment "
    "of 42.50 euros. I need the money back today. Order 5531 is the wrong one, and ada@example.org is my address."
)


def answer(annotation: Any, text: str = TICKET, system: str | None = None) -> Any:
    """The offline model's answer as JSON, through the same door that prompts use."""
    adapter: TypeAdapter[Any] = TypeAdapter(annotation)
    messages = (*((Message("system", system),) if system else ()), Message("user", text))
    request = CompletionRequest(model="", messages=messages, output_schema=adapter.json_schema())
    return asyncio.run(complete_typed(OfflineModel(), request, lambda value: value, 0)).value


# --- always valid -----------------------------------------------------------------------------------------------


class Colour(enum.Enum):
    RED = "red"
    DEEP_BLUE = "deep blue"


class Tree(BaseModel):
    name: str
    children: list[Tree]


class Chain(BaseModel):
    value: int
    next: Chain | None = None


class Leaf(BaseModel):
    kind: Literal["leaf"]
    value: float


class Node(BaseModel):
    kind: Literal["node"]
    left: Expression
    right: Expression


Expression = Annotated[Leaf | Node, Field(discriminator="kind")]
Node.model_rebuild()


class Closed(BaseModel):
    model_config = ConfigDict(extra="forbid")

    label: str = Field(alias="theLabel", description="a short label")
    when: date


def bounded_ints() -> st.SearchStrategy[Any]:
    def build(low: int, span: int, step: int | None, open_: bool) -> Any:
        if step is not None:
            return Annotated[int, Field(ge=low, le=low + span + step, multiple_of=step)]
        return Annotated[int, Field(gt=low - 1, lt=low + span + 1) if open_ else Field(ge=low, le=low + span)]

    return st.builds(build, st.integers(-1000, 1000), st.integers(0, 50), st.none() | st.integers(1, 40), st.booleans())


def bounded_floats() -> st.SearchStrategy[Any]:
    def build(low: float, span: float, open_: bool) -> Any:
        return Annotated[float, Field(gt=low, lt=low + span) if open_ else Field(ge=low, le=low + span)]

    return st.builds(build, st.floats(-1e6, 1e6), st.floats(0.01, 1e6), st.booleans())


def bounded_strings() -> st.SearchStrategy[Any]:
    def build(least: int, span: int | None) -> Any:
        return Annotated[str, Field(min_length=least, max_length=None if span is None else least + span)]

    return st.builds(build, st.integers(0, 300), st.none() | st.integers(0, 20))


PATTERNS = (
    r"^ORD-\d{4}$", r"^[A-Z]{2,3}_[a-z0-9]+$", r"^(yes|no)$", r"\d+", r"^[^\s@]+@[^\s@]+\.[a-z]{2,}$",
    r"^(?:[01]\d|2[0-3]):[0-5]\d$", r"^#(?:[0-9a-fA-F]{3}){1,2}$", r"^.{3,5}$", r"^(\w+\s?)+$", r"^v\d+(\.\d+){2}$",
)  # fmt: skip

LEAVES: st.SearchStrategy[Any] = st.one_of(
    st.sampled_from([str, int, float, bool, type(None), Any, dict, list, bytes, Decimal]),
    st.sampled_from([date, datetime, timedelta, UUID, HttpUrl, IPv4Address, IPv6Address]),
    st.sampled_from([Colour, Tree, Chain, Expression, Closed, Literal["low", "high"], Literal[1, 2, "x"]]),
    st.sampled_from([Annotated[int, Field(ge=5)], Annotated[int, Field(lt=-5)], Annotated[float, Field(le=-3)]]),
    st.sampled_from([Annotated[float, Field(ge=1e300)], Annotated[float, Field(gt=0, multiple_of=0.5)]]),
    bounded_ints(),
    bounded_floats(),
    bounded_strings(),
    st.sampled_from(PATTERNS).map(lambda pattern: Annotated[str, Field(pattern=pattern)]),
)


def compounds(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    def model(fields: dict[str, tuple[Any, bool, str]]) -> Any:
        made: dict[str, Any] = {
            name: (kind, Field(description=words) if required else Field(default=None, description=words))
            for name, (kind, required, words) in fields.items()
        }
        return create_model("Made", **made)

    names = st.sampled_from(["topic", "summary", "amount", "is_urgent", "keywords", "date", "reason", "email", "items"])
    words = st.sampled_from(["", "how urgent it is", "the total in euros"])
    return st.one_of(
        st.builds(lambda t, n, m: Annotated[list[t], Field(min_length=n, max_length=n + m)],  # type: ignore[valid-type]
                  inner, st.integers(0, 4), st.integers(0, 3)),
        inner.map(lambda t: list[t]),  # type: ignore[valid-type]
        inner.map(lambda t: dict[str, t]),  # type: ignore[valid-type]
        inner.map(lambda t: dict[Literal["a", "b"], t]),  # type: ignore[valid-type]
        inner.map(lambda t: Optional[t]),  # noqa: UP045
        st.tuples(inner, inner).map(lambda pair: Union[pair]),  # noqa: UP007
        st.tuples(inner, inner).map(lambda pair: tuple[pair]),  # type: ignore[valid-type]
        st.dictionaries(names, st.tuples(inner, st.booleans(), words), max_size=5).map(model),
    )  # fmt: skip


TEXTS = st.one_of(
    st.just(TICKET), st.text(max_size=200), st.sampled_from(["", "\n\n", "{", "[1, 2", "a: b\n\n- c\n- d"])
)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.recursive(LEAVES, compounds, max_leaves=8), TEXTS)
def test_every_answer_fits_its_schema(annotation: Any, text: str) -> None:
    adapter: TypeAdapter[Any] = TypeAdapter(annotation)
    value = answer(annotation, text)
    Draft202012Validator(adapter.json_schema()).validate(value)
    adapter.validate_json(json.dumps(value))


@pytest.mark.parametrize(
    "annotation",
    [
        set[Literal["a", "b", "c"]],
        Annotated[set[bool], Field(min_length=2)],
        Annotated[set[int], Field(min_length=8)],
        Annotated[set[str], Field(min_length=40)],
        Annotated[list[Annotated[str, Field(max_length=1)]], Field(min_length=12)],
        Annotated[dict[str, int], Field(min_length=7, max_length=7)],
        dict[Annotated[str, Field(pattern=r"^k\d+$")], int],
        Annotated[list[UUID], Field(min_length=30)],
    ],
)
def test_sizes_and_distinct_elements(annotation: Any) -> None:
    value = answer(annotation)
    TypeAdapter(annotation).validate_json(json.dumps(value))
    Draft202012Validator(TypeAdapter(annotation).json_schema()).validate(value)


def test_recursive_types_end() -> None:
    tree = Tree.model_validate(answer(Tree))
    assert 1 <= len(json.dumps(tree.model_dump())) < 5000
    assert TypeAdapter(Expression).validate_python(answer(Expression))
    assert Chain.model_validate(answer(Chain))


# --- dependent on the text --------------------------------------------------------------------------------------


class Triage(BaseModel):
    urgency: Literal["low", "high"]
    topic: Literal["billing", "delivery", "account", "product"]


def test_options_follow_the_words_that_speak_for_them() -> None:
    late = "Classify this support ticket.\n\nMy parcel has not arrived. Can you ask the carrier? There is no hurry."
    assert answer(Triage) == {"urgency": "high", "topic": "billing"}
    assert answer(Triage, late) == {"urgency": "low", "topic": "delivery"}


def test_options_follow_their_explanation_in_the_instruction() -> None:
    rules = "Say red for apples and cherries; say deep blue for plums and berries."
    assert answer(Colour, f"{rules}\n\nA basket of plums stood there.") == "deep blue"
    assert answer(Colour, f"{rules}\n\nA basket of cherries stood there.") == "red"
    assert answer(Colour, "Sort.\n\nA basket of plums.", system=rules) == "deep blue"


def test_an_array_holds_the_options_that_the_text_speaks_for() -> None:
    text = 'Pick some.\n\n[{"a": "a red apple and a blue plum"}, {"a": "no green"}]'
    for name in ("", "x", "y", "z"):
        assert sorted(answer(list[Literal["red", "blue", "green"]], text + name)) == ["blue", "red"]


def test_options_named_in_the_instruction_only_do_not_count() -> None:
    text = "Is this positive or negative? Positive means praise.\n\nThe food was terrible and the waiter rude."
    assert answer(Literal["positive", "negative"], text) == "negative"


def test_booleans_follow_mentions_and_denials() -> None:
    class Flags(BaseModel):
        is_urgent: bool

    assert answer(Flags, "Read this.\n\nThis is urgent, the house burns.") == {"is_urgent": True}
    assert answer(Flags, "Read this.\n\nThis is not urgent at all.") == {"is_urgent": False}


class Line(BaseModel):
    product: str
    quantity: int = Field(ge=1)
    price: float


class Order(BaseModel):
    customer: str
    email: str
    order_date: date
    lines: list[Line]
    total: float
    reference: Annotated[str, Field(pattern=r"^ORD-\d{4}$")]


def test_fields_are_extracted() -> None:
    text = (
        "Extract the order.\n\n"
        "Customer: Ada Lovelace\nEmail: ada@example.org\nDate: 2024-05-17\nReference: ORD-1842\n\n"
        "Please send 3 brass gears for 12.50 each. I need 2 copper pipes, price 7 euros. The total is 51.50 euros."
    )
    found = answer(Order, text)
    assert found["customer"] == "Ada Lovelace"
    assert found["email"] == "ada@example.org"
    assert found["order_date"] == "2024-05-17"
    assert found["reference"] == "ORD-1842"
    assert found["total"] == 51.5
    assert {"product": "brass gears", "quantity": 3, "price": 12.5} in found["lines"]
    assert {"product": "copper pipes", "quantity": 2, "price": 7.0} in found["lines"]


def test_values_of_json_in_the_prompt_are_read() -> None:
    class Customer(BaseModel):
        city: str
        age: int

    text = 'Describe the customer.\n\n{"customer": {"city": "Turin", "age": 41, "tags": ["loyal", "loud"]}}'
    assert answer(Customer, text) == {"city": "Turin", "age": 41}


def test_a_number_out_of_bounds_is_not_taken() -> None:
    class Rating(BaseModel):
        stars: int = Field(ge=1, le=5)

    assert answer(Rating, "Rate it.\n\nI give 4 stars.") == {"stars": 4}
    assert 1 <= answer(Rating, "Rate it.\n\nI give 17 stars.")["stars"] <= 5


def test_length_limits_cut_at_a_word() -> None:
    class Short(BaseModel):
        reason: str = Field(max_length=30)

    reason = answer(Short)["reason"]
    assert len(reason) <= 30
    assert reason in " ".join(TICKET.split())
    assert reason.split()[-1] in TICKET.split()


def test_other_texts_give_other_answers() -> None:
    texts = [f"Rate this.\n\nText number {word}." for word in ("one", "two", "three", "four", "five", "six", "seven")]
    assert len({answer(Annotated[int, Field(ge=0, le=1000)], text) for text in texts}) > 3


# --- text answers -----------------------------------------------------------------------------------------------


def text_answer(text: str, max_tokens: int | None = None) -> str:
    request = CompletionRequest(model="", messages=(Message("user", text),), max_tokens=max_tokens)
    return asyncio.run(OfflineModel().complete(request)).text


PROSE = (
    "The whale is the largest animal. Many people fear the whale. A whale breathes air like people do. "
    "Some ships are old. Mr. Brown likes tea. The air was cold."
)


def test_a_text_is_made_of_central_sentences_in_their_order() -> None:
    found = text_answer(f"Summarise this.\n\n{PROSE}")
    assert found == "The whale is the largest animal. Many people fear the whale. A whale breathes air like people do."


def test_the_instruction_says_how_long() -> None:
    assert text_answer(f"Summarise this in one sentence.\n\n{PROSE}") == "A whale breathes air like people do."
    assert text_answer(f"Summarise this in two sentences.\n\n{PROSE}").count(".") == 2
    assert len(text_answer(f"Say it in 20 characters.\n\n{PROSE}")) <= 20


def test_max_tokens_bound_the_text() -> None:
    assert len(text_answer(f"Summarise this.\n\n{PROSE}", max_tokens=5)) <= 20


def test_an_empty_prompt_gets_an_answer() -> None:
    assert text_answer("") == "nothing was given"


# --- honest, the same everywhere, fast --------------------------------------------------------------------------


def test_it_says_what_it_is() -> None:
    request = CompletionRequest(model="gpt-5", messages=(Message("user", "Hello there."),))
    completion = asyncio.run(OfflineModel().complete(request))
    assert completion.model == NAME == "offline stand-in"
    assert completion.usage.estimated
    assert completion.usage.input_tokens == 3


PROBE = """
import asyncio, json, sys
from skyloom.adapters.llm.base import CompletionRequest, Message
from skyloom.adapters.llm.offline import OfflineModel
text, schema = json.load(sys.stdin)
request = CompletionRequest(model="", messages=(Message("user", text),), output_schema=schema)
print(asyncio.run(OfflineModel().complete(request)).text)
"""


def test_the_answer_does_not_depend_on_the_hash_seed() -> None:
    class Everything(BaseModel):
        triage: Triage
        tags: list[str]
        lines: list[Line]
        score: float
        flag: bool
        id: UUID
        choice: Literal["a", "b", "c", "d", "e", "f"]
        code: Annotated[str, Field(pattern=r"^[A-Z]{3}-\d{5}$")]

    given_ = json.dumps([TICKET, Everything.model_json_schema()])
    answers = {
        subprocess.run(
            [sys.executable, "-c", PROBE],
            input=given_,
            capture_output=True,
            text=True,
            check=True,
            env={**os.environ, "PYTHONHASHSEED": str(seed)},
        ).stdout
        for seed in (0, 1, 4711)
    }
    assert len(answers) == 1


@pytest.mark.parametrize("unit", ["word. ", ".", "\n", " ", "a", "[", "{", "((", "a:b\n", '"', "1", "Mr. ", "-", "3,1"])
def test_the_time_grows_with_the_length_alone(unit: str) -> None:
    class Two(BaseModel):
        title: str
        email: str
        amount: int
        urgency: Literal["low", "high"]

    def seconds(length: int) -> float:
        text = "Read this.\n\nSubject: x\n\n" + (unit * length)[:length]
        best = float("inf")
        for _ in range(3):
            started = time.process_time()
            answer(Two, text)
            best = min(best, time.process_time() - started)
        return best

    seconds(100)
    assert seconds(160_000) < 30 * seconds(20_000) + 0.2
