"""Word lists of the offline model: which words say nothing, which deny, and which speak for an option."""

from __future__ import annotations

from functools import lru_cache


def word_set(text: str) -> frozenset[str]:
    """The words of a list written as a text."""
    return frozenset(text.split())


STOP_WORDS = word_set(
    """
    a about above after again against all also always am an and any are aren't as at be because been before being below
    between both but by came can can't come could did do does doesn't doing don't down during each ever every few for
    from further get give go got had has have having he her here hers herself him himself his how however i if in into
    is isn't it its itself just know let like made make many may me might more most much must my myself near never no
    nor not now of off on once one only or other ought our ours out over own please quite rather said same say see shall
    she should since so some still such take than that the their theirs them themselves then there these they this
    those though through thus to too two under until up upon us very was we well were what when where whether which
    while who whom whose why will with within without would yet you your yours yourself hello hi dear thanks thank
    """
)

NEGATIONS = word_set(
    """
    not no never none nothing neither nor without hardly isn't aren't wasn't weren't don't doesn't didn't won't wouldn't
    can't cannot couldn't shouldn't haven't hasn't hadn't isnt dont doesnt didnt cant wont
    """
)

NEGATION_REACH = 3
"""How many words behind a negation it denies."""

_CUES = {
    "high": "urgent urgently immediately asap emergency critical severe serious outage blocked hurry today priority "
    "important lost stolen danger deadline",
    "low": "minor whenever eventually someday curious wondering small slight cosmetic typo suggestion patient trivial",
    "medium": "moderate soon normal average",
    "urgent": "high immediately asap emergency critical hurry today deadline outage",
    "critical": "urgent emergency severe outage down danger fatal",
    "normal": "usual ordinary regular standard soon",
    "positive": "good great excellent love loved like happy pleased perfect wonderful thank thanks best nice glad "
    "recommend fantastic enjoy helpful",
    "negative": "bad terrible awful hate angry unhappy poor worst disappointed broken useless horrible annoyed sad "
    "rude slow complaint fail",
    "neutral": "okay fine average ordinary mixed",
    "yes": "agree correct right true sure confirm accept",
    "no": "disagree wrong false deny refuse decline",
    "approve": "accept agree good fine pass allow approved",
    "reject": "refuse decline deny bad wrong fail missing rejected",
    "accept": "agree approve fine good",
    "spam": "free winner prize click offer lottery cash viagra casino",
    "bug": "error crash broken fail failure exception wrong defect fault",
    "feature": "wish add support request idea improve would suggestion",
    "question": "how what why when where wonder ask explain",
    "billing": "bill invoice charge payment pay paid refund money price fee card bank cost subscription",
    "payment": "pay paid charge card bank money invoice refund",
    "refund": "money back return reimburse charge",
    "delivery": "deliver parcel package shipping ship shipment arrive late carrier courier tracking warehouse transit",
    "shipping": "ship parcel package deliver delivery carrier tracking arrive warehouse",
    "account": "login password sign locked profile email username register access user",
    "security": "password hacked breach phishing stolen attack vulnerability",
    "product": "item quality broken defect feature size colour color part material battery",
    "technical": "error crash software install update bug server login code browser",
    "sales": "buy purchase price offer quote order discount",
    "complaint": "angry disappointed terrible bad unacceptable broken wrong",
    "praise": "great thank thanks love excellent good",
    "fraud": "stolen fake suspicious scam unauthorised unauthorized",
    "legal": "law lawyer court contract liability clause",
    "price": "eur euro usd dollar pound each",
    "cost": "eur euro usd dollar pound price",
    "total": "sum altogether overall",
    "age": "year old aged",
    "human": "person people someone agent call",
}

SHORT_FIELDS = word_set(
    "title topic subject name category label tag keyword heading headline theme area product team key word term"
)
"""Field names whose text is a few words."""

LONG_FIELDS = word_set("body reply answer draft text message content article letter story paragraph")
"""Field names whose text is several sentences."""

SUMMARY_FIELDS = word_set("summary abstract overview synopsis digest")
"""Field names whose text is the two most central sentences."""

COUNT_FIELDS = word_set("quantity count number amount unit piece copy")
"""Field names whose number is the first integer of the text, where none stands near the name."""


@lru_cache(maxsize=65536)
def stem(word: str) -> str:
    """A crude stem of a lower-case word: `charged`, `charges` and `charging` give one."""
    for ending in ("ings", "ing", "edly", "ed", "ies", "es", "ly", "s"):
        if word.endswith(ending) and len(word) - len(ending) >= 3 and not word.endswith("ss"):
            word = word[: -len(ending)] + ("y" if ending == "ies" else "")
            break
    if len(word) > 3 and word[-1] == word[-2] and word[-1] not in "aeiouls":
        word = word[:-1]
    return word[:-1] if len(word) > 4 and word[-1] == "e" else word


CUES = {stem(name): tuple(dict.fromkeys(stem(word) for word in words.split())) for name, words in _CUES.items()}
"""By the stem of an option's name: stems of words that speak for it."""
