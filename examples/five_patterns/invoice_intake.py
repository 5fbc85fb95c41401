"""Function + LLM: one typed prompt reads an invoice, plain code checks what it read."""

import re
from typing import Literal

from pydantic import BaseModel, Field

from skyloom.flows import Retry, flow, minutes, prompt, task


class Invoice(BaseModel):
    """What a letter says, as the model read it."""

    supplier: str = Field(max_length=80, description="who sends the invoice")
    number: str = Field(pattern=r"^[A-Z0-9][A-Z0-9/-]*[0-9]$", description="the invoice number")
    currency: Literal["EUR", "USD", "GBP"]
    net: float = Field(ge=0, description="net amount")
    tax: float = Field(ge=0, description="tax amount")
    total: float = Field(ge=0, description="total amount")


class Intake(BaseModel):
    status: Literal["accepted", "unclear"]
    invoice: Invoice
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


@task
def problems_of(invoice: Invoice, text: str) -> list[str]:
    """What cannot be right: a sum that does not add up, a number or a name that the letter does not have."""
    found = []
    if abs(invoice.net + invoice.tax - invoice.total) > 0.005:
        found.append(f"net {invoice.net:.2f} and tax {invoice.tax:.2f} do not make {invoice.total:.2f}")
    if invoice.number not in re.findall(r"[A-Z0-9/-]+", text):
        found.append(f"the letter has no number {invoice.number}")
    if invoice.supplier not in text:
        found.append(f"the letter names no {invoice.supplier}")
    return found


@flow
def take_in(text: str, readings: int = 2) -> Intake:
    """Reads a letter, at most so many times: what was wrong with a reading goes into the next one."""
    remarks = ""
    invoice = read_invoice(text, remarks)
    problems = problems_of(invoice, text)
    done = 1
    while problems and done < readings:
        remarks = " An earlier reading was wrong: " + "; ".join(problems) + "."
        invoice = read_invoice(text, remarks)
        problems = problems_of(invoice, text)
        done += 1
    return Intake(status="unclear" if problems else "accepted", invoice=invoice, problems=problems, readings=done)
