"""The functions of an app that are no step of a flow: they stand in its `function_app.py` beside the user's.

| module | called by | does |
|---|---|---|
| `waits` | orchestrators, as the activity `skyloom_waits` | writes down what a run waits for, and has people told |
| `emit` | orchestrators, as the activity `skyloom_emit` | publishes an event to the app's topic |
| `api` | HTTP | starts runs, tells how they stand |
| `decide` | HTTP | the page on which a person decides |
| `operate` | HTTP, with the app's key | what operators do: lists and decides approvals, starts runs, sends events |
| `events` | the queue of events | hands an event to the runs that wait for it |
| `start` | queues | starts a run for each message, event or new object |
| `schedules` | timers | starts runs by the clock |
| `notices` | the queue of notices | sends mails, and posts to web addresses |

Whatever comes from elsewhere than HTTP and the clock comes through a queue of Service Bus: it tries again, and keeps
what failed; what cannot be dealt with yet comes back later (`later`). Blocking work is done in threads
(`instances.in_thread`), so that one request does not hold up others.
"""
