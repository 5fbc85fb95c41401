"""Orchestrated workflow: draft, check side by side, revise, translate, publish; what was published is taken back when a
later step fails."""

from typing import Literal

from pydantic import BaseModel, Field

from skyloom.flows import App, Http, Retry, each, emit, flow, minutes, parallel, prompt, task


class Brief(BaseModel):
    product: str
    facts: list[str]
    languages: list[str]


class Review(BaseModel):
    verdict: Literal["fine", "revise"]
    remark: str = Field(description="what has to change, in one sentence")


class Page(BaseModel):
    language: str
    text: str


class Text(BaseModel):
    text: str
    revisions: int
    remarks: list[str]
    """All that checks wanted, of every revision."""
    unsettled: list[str]
    """What they still want of this one."""


class Launch(BaseModel):
    product: str
    revisions: int
    pages: list[str]
    remarks: list[str]


class NotPublished(Exception):
    """The text did not pass, or the site did not take every page: it has none of them, or the message names those."""


class SiteRefused(Exception):
    """The site does not take a page."""


@prompt(
    "Write two sentences that announce {product}.\n\nFacts:\n{facts}{remarks}", model="smart", retry=Retry(attempts=3)
)
def draft(product: str, facts: str, remarks: str) -> str: ...


@prompt(
    "Does every claim of the text stand in the facts?\n\nFacts:\n{facts}\n\nText:\n{text}",
    model="fast",
    system="You check claims. A claim that no fact supports has to be revised.",
    retry=Retry(attempts=3),
)
def check_claims(text: str, facts: str) -> Review: ...


@prompt("Is the text friendly and free of superlatives?\n\n{text}", model="fast", retry=Retry(attempts=3))
def check_tone(text: str) -> Review: ...


@task
def check_length(text: str, most: int) -> Review:
    """Whether the text is short enough for the page."""
    long = len(text) > most
    return Review(verdict="revise" if long else "fine", remark=f"at most {most} characters" if long else "")


@prompt("Translate into {language}, sentence by sentence:\n\n{text}", model="smart", timeout=minutes(2))
def translate(text: str, language: str) -> str: ...


@task(retry=Retry(attempts=3, delay=0.1, never=SiteRefused))
def publish(address: str, page: Page) -> str:
    """Puts a page on the site; a repeated attempt finds it there. This site knows no Klingon."""
    if page.language == "tlh":
        raise SiteRefused(f"no pages in {page.language}")
    return address


@task(retry=Retry(attempts=5, delay=0.1))
def take_down(address: str) -> str:
    """Takes a page from the site, if it is there."""
    return address


@flow
def write_text(brief: Brief, rounds: int) -> Text:
    """A text that passes all checks, or, after so many revisions, the last one with what is still wrong with it."""
    facts = "\n".join(f"- {fact}" for fact in brief.facts)
    remarks: list[str] = []
    text = draft(brief.product, facts, "")
    for revision in range(rounds + 1):
        claims, tone, length = parallel(check_claims(text, facts), check_tone(text), check_length(text, 600))
        wanted = [review.remark for review in [claims, tone, length] if review.verdict == "revise"]
        if not wanted or revision == rounds:
            return Text(text=text, revisions=revision, remarks=remarks, unsettled=wanted)
        remarks.extend(wanted)
        text = draft(brief.product, facts, "\n\nMind:\n" + "\n".join(f"- {remark}" for remark in wanted))
    raise ValueError(f"{rounds} rounds are less than none")


@flow
def take_all_down(addresses: list[str]) -> list[str]:
    """Takes pages down, the last one first; those that could not be. One that stays does not keep the others up."""
    left: list[str] = []
    for address in reversed(addresses):
        try:
            take_down(address)
        except Exception:
            left.append(address)
    return left


@flow
def launch(brief: Brief, rounds: int = 2) -> Launch:
    """Announces a product in every language of the brief, or in none."""
    written = write_text(brief, rounds)
    if written.unsettled:
        raise NotPublished(f"{brief.product}: {'; '.join(written.unsettled)}")
    others = [language for language in brief.languages if language != "en"]
    translated = [translate(written.text, language) for language in each(others, limit=4)]
    pages = [Page(language="en", text=written.text)] if "en" in brief.languages else []
    for language, translation in zip(others, translated, strict=True):
        pages.append(Page(language=language, text=translation))
    slug = brief.product.lower().replace(" ", "-")
    begun: list[str] = []
    try:
        for page in pages:
            address = f"/{page.language}/{slug}"
            # Before the call: a page may be there though the answer that says so was lost.
            begun.append(address)
            publish(address, page)
    except Exception as problem:
        left = take_all_down(begun)
        still = f"; still there: {', '.join(left)}" if left else ""
        raise NotPublished(f"{brief.product}: {problem}{still}") from problem
    emit("launched", {"product": brief.product, "pages": len(begun)})
    return Launch(product=brief.product, revisions=written.revisions, pages=begun, remarks=written.remarks)


app = App("product-launch", flows=[launch], triggers=[Http(launch, "/launches")])
