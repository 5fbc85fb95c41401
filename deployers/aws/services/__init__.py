"""The Lambda code that is deployed beside a user's functions: what an app needs that is no step of a flow.

| service | invoked by | does |
|---|---|---|
| `waits` | state machines (`.waitForTaskToken`) | writes down what a run waits for, and tells people |
| `decide` | HTTP API, operators | the page on which a person decides |
| `events` | a rule on the app's bus | hands an event to the runs that wait for it |
| `api` | HTTP API | starts runs, tells how they stand |
| `queue` | an SQS queue | starts a run for each message |
| `webhook` | the notification topic | posts a notification to a web address |
| `rotate` | Secrets Manager | renews the key that signs links |

What knows no cloud stands in `skyloom.deployers.services`. Python's standard library and the runtime's boto3, nothing
else: these modules are zipped as they are. Their settings come in environment variables, named `SKYLOOM_...`; a
module's docstring is its protocol.
"""
