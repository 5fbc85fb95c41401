"""The machine of `aws_by_hand/order_saga.asl.json` as an AWS CDK app, in the way its guide writes one.

`cdk synth` runs it, with Python's `aws-cdk-lib`. `FUNCTIONS` names a folder with the code of the functions.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from aws_cdk import App, Duration, RemovalPolicy, Stack
from aws_cdk import aws_events as events
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from aws_cdk import aws_stepfunctions as sfn
from aws_cdk import aws_stepfunctions_tasks as tasks

AT_LAMBDA = [
    "Lambda.ServiceException",
    "Lambda.AWSLambdaException",
    "Lambda.SdkClientException",
    "Lambda.TooManyRequestsException",
]
NULL = "{% null %}"
"""CDK leaves out a null of Python's."""
MESSAGE = "$parse($parse($states.errorOutput.Cause).errorMessage).message"
CODE = {"reserve": "tasks", "release": "tasks", "refund": "tasks", "charge": "tasks-20s", "ship": "tasks-20s"}


class OrderSaga(Stack):
    """The functions, the bus and the machine."""

    def __init__(self, app: App) -> None:
        super().__init__(app, "order-saga")
        self._functions = {folder: self._function(folder) for folder in sorted(set(CODE.values()))}
        self._bus = events.EventBus(self, "Bus")
        sfn.StateMachine(
            self,
            "PlaceOrder",
            comment="An order as a saga, written by hand",
            query_language=sfn.QueryLanguage.JSONATA,
            definition_body=sfn.DefinitionBody.from_chainable(self._machine()),
            tracing_enabled=True,
            logs=sfn.LogOptions(
                destination=logs.LogGroup(self, "MachineLog", removal_policy=RemovalPolicy.DESTROY),
                level=sfn.LogLevel.ERROR,
            ),
        )

    def _function(self, folder: str) -> lambda_.Function:
        log = logs.LogGroup(self, f"{folder}-log", retention=logs.RetentionDays.ONE_MONTH)
        return lambda_.Function(
            self,
            folder,
            runtime=lambda_.Runtime.PYTHON_3_11,
            architecture=lambda_.Architecture.ARM_64,
            handler="handler.handler",
            code=lambda_.Code.from_asset(str(Path(os.environ["FUNCTIONS"], folder))),
            timeout=Duration.seconds(30 if folder == "tasks-20s" else 310),
            memory_size=256,
            log_group=log,
        )

    # --- states -------------------------------------------------------------------------------------------------

    def _machine(self) -> sfn.IChainable:
        cancelled = self._cancelled()
        more_to_release = sfn.Choice.jsonata(self, "more to release?")
        release = self._release()
        release.next(more_to_release)
        left = sfn.Condition.jsonata("{% $count($reservations) > 0 %}")
        more_to_release.when(left, release).otherwise(cancelled)
        refund = self._call(
            "refund", {"payment": "{% $payment %}"}, {"undone": ["payment"]}, seconds=315, repeat={"States.ALL": 4}
        )
        refund.next(more_to_release)
        paid = sfn.Choice.jsonata(self, "paid?")
        paid.when(sfn.Condition.jsonata("{% $payment != null %}"), refund).when(left, release).otherwise(cancelled)
        told = self._tell("tell of failure", "{% $reason %}")
        told.next(paid)
        failed = self._tell("tell of error", "")
        failed.next(sfn.Fail.jsonata(self, "failed", error="OrderFailed", cause="see the step before"))
        return self._order(told, failed)

    def _order(self, told: sfn.State, failed: sfn.State) -> sfn.IChainable:
        shipped = self._tell("tell of success", "", self._receipt("shipped", "{% $tracking %}", "", []))
        ship = self._ship()
        ship.next(shipped)
        charge = self._charge()
        charge.next(ship)
        reserve = self._reserve()
        more_lines = sfn.Choice.jsonata(self, "more lines?")
        reserve.next(more_lines)
        enough = sfn.Condition.jsonata("{% $count($reservations) < $count($order.lines) %}")
        more_lines.when(enough, reserve).otherwise(charge)
        for step in (reserve, charge, ship):
            self._catch(step, told, failed)
        return self._begin(reserve, charge)

    def _begin(self, reserve: sfn.IChainable, charge: sfn.IChainable) -> sfn.Choice:
        empty = {"reservations": [], "payment": NULL, "undone": []}
        order = {"order": "{% $states.input.order %}"}
        total = {"total": "{% $sum($states.input.order.lines.(price * quantity)) %}"}
        begin = sfn.Choice.jsonata(self, "begin", assign={**order, "total": 0, **empty})
        some = sfn.Condition.jsonata("{% $count($states.input.order.lines) > 0 %}")
        begin.when(some, reserve, assign={**order, **total, **empty})
        begin.otherwise(charge)
        return begin

    def _reserve(self) -> tasks.LambdaInvoke:
        line = "$order.lines[$count($reservations)]"
        return self._call(
            "reserve",
            {
                "order": "{% $order.id %}",
                "sku": f"{{% {line}.sku %}}",
                "quantity": f"{{% {line}.quantity %}}",
            },
            {"reservations": "{% $append($reservations, [$states.result.Payload]) %}"},
            seconds=315,
            repeat={},
            step="{% 'reserve#' & ($count($reservations) + 1) %}",
        )

    def _charge(self) -> tasks.LambdaInvoke:
        return self._call(
            "charge",
            {"order": "{% $order.id %}", "card": "{% $order.card %}", "amount": "{% $total %}"},
            {"payment": "{% $states.result.Payload %}"},
            seconds=35,
            repeat={"CardDeclined": 0, "States.ALL": 2},
        )

    def _ship(self) -> tasks.LambdaInvoke:
        return self._call(
            "ship",
            {"order": "{% $order.id %}", "customer": "{% $order.customer %}"},
            {"tracking": "{% $states.result.Payload %}"},
            seconds=35,
            repeat={"CarrierDown": 2},
        )

    def _release(self) -> tasks.LambdaInvoke:
        return self._call(
            "release",
            {"reservation": "{% $reservations[-1] %}"},
            {
                "undone": "{% $append($undone, [$reservations[-1]]) %}",
                "reservations": "{% [$reservations[[0..$count($reservations)-2]]] %}",
            },
            seconds=315,
            repeat={"States.ALL": 4},
            step="{% 'release#' & $count($reservations) %}",
        )

    def _cancelled(self) -> sfn.Succeed:
        receipt = self._receipt("cancelled", NULL, "{% $reason %}", "{% $undone %}")
        return sfn.Succeed.jsonata(self, "cancelled", outputs=receipt)

    # --- parts of states ----------------------------------------------------------------------------------------

    def _call(
        self,
        name: str,
        arguments: dict[str, Any],
        assign: dict[str, Any],
        *,
        seconds: int,
        repeat: dict[str, int],
        step: str = "",
    ) -> tasks.LambdaInvoke:
        """The call of a task, repeated so many times after each of these errors."""
        payload = {
            "task": name,
            "arguments": arguments,
            "context": {
                "run": "{% $states.context.Execution.Name %}",
                "step": step or name,
                "attempt": "{% $states.context.State.RetryCount + 1 %}",
            },
        }
        call = tasks.LambdaInvoke.jsonata(
            self,
            name,
            lambda_function=self._functions[CODE[name]],
            payload=sfn.TaskInput.from_object(payload),
            assign=assign,
            task_timeout=sfn.Timeout.duration(Duration.seconds(seconds)),
            retry_on_service_exceptions=False,
        )
        for error, times in repeat.items():
            self._repeat(call, error, times)
        service = {"interval": Duration.seconds(2), "backoff_rate": 2, "jitter_strategy": sfn.JitterType.FULL}
        call.add_retry(errors=AT_LAMBDA, max_attempts=5, **service)
        return call

    def _repeat(self, call: sfn.TaskStateBase, error: str, times: int) -> None:
        if times == 0:
            call.add_retry(errors=[error], max_attempts=0)
            return
        call.add_retry(
            errors=[error],
            interval=Duration.seconds(1),
            max_attempts=times,
            backoff_rate=2,
            max_delay=Duration.seconds(60),
            jitter_strategy=sfn.JitterType.FULL,
        )

    def _catch(self, step: tasks.LambdaInvoke, told: sfn.State, failed: sfn.State) -> None:
        refused = ["OutOfStock", "PaymentError", "CardDeclined"]
        step.add_catch(told, errors=refused, assign={"reason": f"{{% {MESSAGE} %}}"})
        late = ["CarrierDown", "TaskTimedOut", "States.Timeout"]
        step.add_catch(told, errors=late, assign={"reason": f"{{% 'shipping failed: ' & {MESSAGE} %}}"})
        step.add_catch(failed, errors=["States.ALL"])

    def _tell(self, name: str, reason: str, outputs: dict[str, Any] | None = None) -> tasks.EventBridgePutEvents:
        detail = {
            "payload": {"order": "{% $order.id %}", "reason": reason},
            "key": NULL,
            "run": "{% $states.context.Execution.Name %}",
        }
        entry = tasks.EventBridgePutEventsEntry(
            source="skyloom.order-saga",
            detail_type="order-processed",
            event_bus=self._bus,
            detail=sfn.TaskInput.from_object(detail),
        )
        told = tasks.EventBridgePutEvents.jsonata(
            self,
            name,
            entries=[entry],
            outputs=outputs,
            task_timeout=sfn.Timeout.duration(Duration.seconds(60)),
        )
        self._repeat(told, "States.ALL", 5)
        return told

    def _receipt(self, status: str, tracking: str, reason: str, undone: Any) -> dict[str, Any]:
        return {
            "order": "{% $order.id %}",
            "status": status,
            "total": "{% $total %}",
            "tracking": tracking,
            "reason": reason,
            "undone": undone,
        }


app = App()
OrderSaga(app)
app.synth()
