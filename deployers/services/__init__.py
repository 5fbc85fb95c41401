"""What every cloud's services have in common: the code that is deployed beside a user's functions, as far as it knows
no cloud.

| module | what lives there |
|---|---|
| `waiting`, `delivery` | what runs wait for, and how an answer reaches them, once |
| `objects`, `records` | what runs wait for, where the cloud keeps it as objects |
| `opening`, `telling`, `links`, `posting` | a wait begins; people are told, with a signed link |
| `closing` | a run gives up waiting |
| `deciding`, `decision_page`, `question`, `form`, `page`, `operating` | decisions, on a page or by an operator |
| `arrival` | events for the runs that wait for them |
| `starting`, `starting_once`, `api` | runs are started, once under a name, and looked at |
| `exchange`, `schema`, `keywords`, `payloads`, `strict_json`, `log` | requests, JSON that fits its schema, the log |

A cloud brings the rest, each behind a `Protocol` of the module that needs it: `waiting.Waits` (the records),
`delivery.WaitingRuns` (hands an answer to a run), `links.Keys` (keys that sign), `telling.Publishing` (notifications),
`starting.Runs` (starts runs), and the entry points that read the environment and the platform's own form of requests.

Python's standard library, nothing else: these modules are put into packages as they are (`services_package.py`).
"""
