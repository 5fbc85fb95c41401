"""The function code that is deployed beside a user's functions: what an app needs that is no step of a flow.

One package, one entry, `main.handler`; the variable SKYLOOM_SERVICE says what a function is:

| service | called by | does |
|---|---|---|
| `waits` | workflows, before they await a callback | writes down what a run waits for, and tells people |
| `decide` | API Gateway | the page on which a person decides |
| `events` | a push subscription of the app's topic | hands an event to the runs that wait for it |
| `api` | API Gateway | starts runs, tells how they stand |
| `start` | a push subscription | starts a run for each message, event or new object |
| `webhook` | a push subscription of the notification topic | posts a notification to a web address |

Python's standard library and what `skyloom.deployers.services` holds, nothing else. Their settings come in environment
variables, named `SKYLOOM_...`; a module's docstring is its protocol.
"""
