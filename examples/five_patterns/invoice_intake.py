"""Function + LLM: one typed prompt reads an invoice, plain code checks what it read."""

import re
from decimal import Decimal
from typing import Literal

from pydantic import BaseModel, Field

from skyloom.flows import App, Http, Retry, flow, minutes, prompt, task


class Invoice(BaseModel):
    """What a letter says, as the model read it."""

    supplier: str = Field(max_length=80, description="who sends the invoice")
    number: str = Field(pattern=r"^[A-Z0-9][A-Z0-9/-]*[0-9]$", description="the invoice number")
    currency: Literal["EUR", "USD", "GBP"]
    net: float = Field(ge=0, description="net amount")
    tax: float = Field(ge=0, description="tax amount")
    total: float = Field(ge=0, description="total amount")


class Cents(BaseModel):
    """The amounts as they are booked: whole cents, of which none is lost."""

    net: int
    tax: int
    total: int


class Checked(BaseModel):
    cents: Cents
    problems: list[str]
    """What cannot be right."""


class Intake(BaseModel):
    status: Literal["accepted", "unclear"]
    supplier: str
    number: str
    currency: str
    cents: Cents
    problems: list[str]
    readings: int


@prompt(
    "Read this invoice.{remarks}\n\n{text}",
    model="fast",
    system="You copy what an invoice says. You compute nothing.",
    temperature=0,
    timeout=minutes(1),
    retry=Retry(attempts=3),
)
def read_invoice(text: str, remarks: str) -> Invoice: ...


def in_cents(amount: float) -> tuple[int, bool]:
    """The amount as it is written, in cents, and whether these are whole."""
    exact = Decimal(str(amount)) * 100
    return int(exact), exact == int(exact)


@task
def check(invoice: Invoice, text: str) -> Checked:
    """The amounts in cents, and what cannot be right: a sum that does not add up, what the letter does not have."""
    found = []
    cents = {}
    for name in ("net", "tax", "total"):
        cents[name], whole = in_cents(getattr(invoice, name))
        if not whole:
            found.append(f"{name} {getattr(invoice, name)} has parts of a cent")
    if cents["net"] + cents["tax"] != cents["total"]:
        found.append(f"net {invoice.net:.2f} and tax {invoice.tax:.2f} do not make {invoice.total:.2f}")
    if invoice.number not in re.findall(r"[A-Z0-9/-]+", text):
        found.append(f"the letter has no number {invoice.number}")
    if invoice.supplier not in text:
        found.append(f"the letter names no {invoice.supplier}")
    return Checked(cents=Cents.model_validate(cents), problems=found)


@flow
def take_in(text: str, readings: int = 2) -> Intake:
    """Reads a letter, at most so many times: what was wrong with a reading goes into the next one."""
    remarks = ""
    invoice = read_invoice(text, remarks)
    checked = check(invoice, text)
    done = 1
    while checked.problems and done < readings:
        remarks = " An earlier reading was wrong: " + "; ".join(checked.problems) + "."
        invoice = read_invoice(text, remarks)
        checked = check(invoice, text)
        done += 1
    return Intake(
        status="unclear" if checked.problems else "accepted",
        supplier=invoice.supplier,
        number=invoice.number,
        currency=invoice.currency,
        cents=checked.cents,
        problems=checked.problems,
        readings=done,
    )


app = App("invoices", flows=[take_in], triggers=[Http(take_in, "/invoices")])
