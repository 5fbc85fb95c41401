"""What every page has: its frame, its style and its headers. Plain HTML that needs no script and loads nothing.

The one style sheet stands in the page and is named by its digest in the Content-Security-Policy; whatever else could be
loaded or run is forbidden there.
"""

from __future__ import annotations

import base64
import hashlib
from datetime import UTC, datetime
from html import escape

STYLE = """
:root{color-scheme:light dark;--line:#8a8f98;--soft:#f3f4f6;--ink:#16181d;--paper:#fff;--yes:#17643a;--no:#a3211b}
@media (prefers-color-scheme:dark){:root{--line:#7d838e;--soft:#23262d;--ink:#eceef1;--paper:#16181d;--yes:#1d7a48;
--no:#b8322b}}
*{box-sizing:border-box}
body{margin:0;background:var(--paper);color:var(--ink);font:1rem/1.5 system-ui,sans-serif}
main{max-width:44rem;margin:0 auto;padding:2rem 1rem 4rem}
h1{font-size:1.6rem;line-height:1.25;margin:.25rem 0 1rem;overflow-wrap:anywhere;white-space:pre-wrap}
h2{font-size:1.1rem;margin:2rem 0 .5rem}
p{margin:.5rem 0}
.quiet{font-size:.9rem}
table{border-collapse:collapse;width:100%}
th,td{border-bottom:1px solid var(--line);padding:.4rem .6rem .4rem 0;text-align:left;vertical-align:top;
overflow-wrap:anywhere}
th{width:30%;font-weight:600}
.text,pre{white-space:pre-wrap;overflow-wrap:anywhere;margin:0}
pre{background:var(--soft);padding:.6rem;font:.9rem/1.4 ui-monospace,monospace}
label,legend{display:block;font-weight:600;padding:0}
fieldset{border:0;margin:0;padding:0}
.field{margin:1.1rem 0}
.hint{font-size:.9rem;margin:.1rem 0}
input[type=text],input[type=date],select,textarea{width:100%;padding:.5rem;font:inherit;color:inherit;
background:var(--paper);border:1px solid var(--line);border-radius:.25rem}
fieldset label{display:inline-flex;gap:.4rem;align-items:center;font-weight:400;margin-right:1.5rem}
main [aria-invalid=true]{border:2px solid var(--no)}
.problem{color:var(--no);font-weight:600;margin:.2rem 0}
@media (prefers-color-scheme:dark){.problem{color:#ff9d96}}
.summary{border:2px solid var(--no);border-radius:.25rem;padding:.5rem 1rem;margin:1rem 0}
.buttons{display:flex;gap:1rem;margin-top:2rem;flex-wrap:wrap}
button{font:inherit;font-weight:600;padding:.6rem 1.8rem;border:0;border-radius:.25rem;color:#fff;cursor:pointer}
.yes{background:var(--yes)}.no{background:var(--no)}
:focus-visible{outline:3px solid #4c8dff;outline-offset:2px}
""".replace("\n", "")

POLICY = "; ".join(
    (
        "default-src 'none'",
        f"style-src 'sha256-{base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()}'",
        "form-action 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
    )
)
HEADERS = {
    "Content-Type": "text/html; charset=utf-8",
    "Content-Security-Policy": POLICY,
    "Cache-Control": "no-store",
    # The address is a key: it is not told to other sites, and not kept by proxies.
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "X-Robots-Tag": "noindex",
    "Strict-Transport-Security": "max-age=63072000",
}


def message(title: str, *paragraphs: str) -> str:
    """A page that says one thing."""
    return framed(title, f"<h1>{escape(title)}</h1>" + "".join(f"<p>{escape(text)}</p>" for text in paragraphs))


def framed(title: str, body: str) -> str:
    """A whole page. `body` is HTML."""
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{escape(' '.join(title.split()))}</title><style>{STYLE}</style></head>"
        f"<body><main>{body}</main></body></html>"
    )


def moment(at: float) -> str:
    """A moment for people, in seconds since 1970."""
    return datetime.fromtimestamp(at, UTC).strftime("%d %B %Y, %H:%M UTC")
