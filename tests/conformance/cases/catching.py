"""try, except, else, finally and raise."""

from __future__ import annotations

from skyloom.conformance.case import call, case
from skyloom.flows import flow, task


class ShopError(Exception):
    """The base of this module's errors."""


class OutOfStock(ShopError):
    pass


class CardDeclined(ShopError, ValueError):
    pass


@task
def log(what: str) -> str:
    return what


@task
def fail(kind: str, message: str) -> str:
    match kind:
        case "none":
            return message
        case "stock":
            raise OutOfStock(message)
        case "card":
            raise CardDeclined(message)
        case "shop":
            raise ShopError(message)
        case "value":
            raise ValueError(message)
        case "key":
            raise KeyError(message)
        case "index":
            raise IndexError(message)
        case "os":
            raise FileNotFoundError(2, "No such file or directory", message)
        case "bare":
            raise RuntimeError
    raise TypeError(f"unknown kind {kind}")


@flow
def catch_exact(kind: str) -> str:
    try:
        return fail(kind, "m")
    except OutOfStock:
        return "caught"


@flow
def catch_base(kind: str) -> str:
    try:
        fail(kind, "sold out")
    except ShopError as error:
        return f"{type(error).__name__}: {error}"
    return "fine"


@flow
def catch_builtin_base(kind: str) -> str:
    try:
        fail(kind, "x")
    except LookupError as error:
        return "lookup " + str(error)
    except OSError as error:
        return "os " + str(error)
    except Exception as error:
        return f"other {type(error).__name__} [{error}]"
    return "fine"


@flow
def several_handlers(kind: str) -> str:
    try:
        found = fail(kind, "m")
    except CardDeclined:
        found = "card"
    except (OutOfStock, KeyError):
        found = "stock or key"
    except ValueError:
        found = "value"
    else:
        found = "else " + found
    return log(found)


@flow
def first_fitting_handler_wins() -> str:
    try:
        fail("card", "m")
    except ValueError:
        return "value"
    except CardDeclined:
        return "card"
    return "none"


@flow
def uncaught(kind: str) -> str:
    log("before")
    found = fail(kind, "it broke")
    return log(found)


@flow
def finally_runs(kind: str) -> str:
    result = "start"
    try:
        result = fail(kind, "m")
    except ValueError:
        result = "handled"
    finally:
        log("cleanup")
    return result


@flow
def finally_order(kind: str) -> list[str]:
    seen = []
    try:
        seen.append("try")
        fail(kind, "m")
        seen.append("after")
    except ValueError:
        seen.append("except")
    else:
        seen.append("else")
    finally:
        seen.append("finally")
    seen.append("end")
    return seen


@flow
def error_in_else() -> str:
    try:
        log("try")
    except ValueError:
        return "not this one"
    else:
        fail("value", "from else")
    finally:
        log("finally")
    return "never"


@flow
def reraise(kind: str) -> str:
    try:
        return fail(kind, "again")
    except ShopError:
        log("seen")
        raise


@flow
def reraise_by_name() -> str:
    try:
        return fail("key", "k")
    except KeyError as error:
        log(str(error))
        raise error


@flow
def reraise_outer_in_nested() -> str:
    try:
        try:
            fail("stock", "first")
        except OutOfStock:
            try:
                fail("value", "second")
            except ValueError:
                log("inner handled")
            raise
    except ShopError as error:
        return f"{type(error).__name__} {error}"
    return "never"


@flow
def raise_in_handler() -> str:
    try:
        fail("value", "first")
    except ValueError as error:
        raise ShopError(f"because of {error}") from error
    return "never"


@flow
def raise_in_handler_skips_siblings() -> str:
    try:
        try:
            fail("value", "first")
        except ValueError:
            raise OutOfStock("second")
        except OutOfStock:
            return "sibling"
    except OutOfStock as error:
        return f"outer {error}"
    return "never"


@flow
def raise_in_finally(kind: str) -> str:
    try:
        fail(kind, "first")
    finally:
        raise CardDeclined("last")


@flow
def return_in_finally(kind: str) -> str:
    try:
        return fail(kind, "from try")
    finally:
        return "from finally"


@flow
def return_value_before_finally() -> str:
    word = "old"
    try:
        return log(word)
    finally:
        word = "new"
        log(word)


@flow
def return_in_try_calls_first() -> str:
    try:
        return log("value")
    finally:
        log("finally")


@flow
def nested_finally(kind: str) -> str:
    try:
        try:
            fail(kind, "m")
        finally:
            log("inner")
    finally:
        log("outer")
    return "done"


@flow
def break_through_finally(stop: int) -> list[str]:
    seen = []
    for i in range(5):
        try:
            if i == stop:
                break
            if i == 1:
                continue
            seen.append(f"body {i}")
        finally:
            seen.append(f"finally {i}")
    return seen


@flow
def continue_in_finally() -> list[int]:
    # `continue` in the finally block drops the pending error.
    seen = []
    for i in range(3):
        try:
            fail("value", "lost")
        finally:
            seen.append(i)
            continue
    return seen


@flow
def break_in_finally_drops_return() -> str:
    for _ in range(3):
        try:
            return log("lost")
        finally:
            break
    return "after the loop"


@flow
def return_inside_loop_through_finally(values: list[int]) -> int:
    for value in values:
        try:
            if value > 1:
                return value
        finally:
            log(f"left {value}")
    return -1


@flow
def break_in_handler() -> list[str]:
    seen = []
    for kind in ["none", "stock", "none"]:
        try:
            seen.append(fail(kind, "ok"))
        except OutOfStock:
            break
    else_seen = len(seen)
    seen.append(str(else_seen))
    return seen


@flow
def continue_in_handler() -> list[str]:
    seen = []
    for kind in ["none", "stock", "none"]:
        try:
            seen.append(fail(kind, kind))
        except OutOfStock as error:
            seen.append(f"skip {error}")
            continue
        seen.append("kept")
    return seen


@flow
def assigned_before_the_error() -> list[int]:
    done = 0
    values = [0]
    try:
        done = 1
        values.append(done)
        fail("value", "m")
        done = 2
    except ValueError:
        values.append(done)
    return values


@flow
def retry_by_hand(limit: int) -> str:
    attempt = 0
    while True:
        attempt += 1
        try:
            return fail("none" if attempt == 3 else "stock", f"attempt {attempt}")
        except OutOfStock as error:
            if attempt >= limit:
                raise ShopError(f"gave up after {error}") from error


@flow
def raise_new(kind: str) -> str:
    if kind == "message":
        raise OutOfStock("none left")
    if kind == "class":
        raise OutOfStock
    if kind == "empty":
        raise OutOfStock()
    if kind == "format":
        raise CardDeclined(f"card {log('number')} of {kind!s}")
    if kind == "builtin":
        raise NotImplementedError("later")
    return "nothing raised"


@flow
def catch_what_the_flow_raised() -> list[str]:
    seen = []
    for kind in ["a", "b", "c"]:
        try:
            if kind == "a":
                raise OutOfStock("A")
            if kind == "b":
                raise IndexError(kind)
            raise RuntimeError
        except ShopError as error:
            seen.append(f"shop {error}")
        except LookupError as error:
            seen.append(f"index {error}")
        except Exception as error:
            seen.append(f"{type(error).__name__}:{error}.")
    return seen


@flow
def try_in_handler_and_finally() -> list[str]:
    seen = []
    try:
        fail("value", "one")
    except ValueError as outer:
        try:
            fail("key", "two")
        except KeyError as inner:
            seen.append(f"{outer} {inner}")
        seen.append(str(outer))
    finally:
        try:
            fail("index", "three")
        except IndexError as error:
            seen.append(str(error))
    return seen


@flow
def error_in_handler_type() -> str:
    try:
        log("a")
        fail("card", "no funds")
        log("b")
    except OutOfStock:
        log("stock")
    finally:
        log("finally")
    return "never"


@flow
def try_around_loop(values: list[str]) -> list[str]:
    seen: list[str] = []
    try:
        for value in values:
            seen.append(fail(value, value))
    except (ShopError, LookupError) as error:
        seen.append(f"stopped by {type(error).__name__}")
    return seen


@flow
def handler_sees_variables() -> str:
    step = "none"
    try:
        step = "reserve"
        log(step)
        step = "charge"
        fail("card", step)
        step = "ship"
        log(step)
    except CardDeclined as error:
        return f"failed at {step}: {error}"
    return step


CASES = [
    case(catch_exact, {"kind": "stock"}, result="caught", name="caught"),
    case(catch_exact, {"kind": "none"}, result="m", name="fine"),
    case(catch_exact, {"kind": "card"}, error=("CardDeclined", "m"), name="other"),
    case(catch_base, {"kind": "stock"}, result="OutOfStock: sold out", name="first"),
    case(catch_base, {"kind": "card"}, result="CardDeclined: sold out", name="second"),
    case(catch_base, {"kind": "shop"}, result="ShopError: sold out", name="itself"),
    case(catch_base, {"kind": "value"}, error=("ValueError", "sold out"), name="not-a-subclass"),
    case(catch_builtin_base, {"kind": "key"}, result="lookup 'x'", name="key"),
    case(catch_builtin_base, {"kind": "index"}, result="lookup x", name="index"),
    case(catch_builtin_base, {"kind": "os"}, result="os [Errno 2] No such file or directory: 'x'", name="os"),
    case(catch_builtin_base, {"kind": "card"}, result="other CardDeclined [x]", name="own"),
    case(catch_builtin_base, {"kind": "bare"}, result="other RuntimeError []", name="bare"),
    case(catch_builtin_base, {"kind": "??"}, result="other TypeError [unknown kind ??]", name="unknown"),
    case(several_handlers, {"kind": "card"}, result="card", name="card"),
    case(several_handlers, {"kind": "key"}, result="stock or key", name="key"),
    case(several_handlers, {"kind": "value"}, result="value", name="value"),
    case(several_handlers, {"kind": "none"}, result="else m", name="none"),
    case(
        several_handlers,
        {"kind": "shop"},
        error=("ShopError", "m"),
        calls=[call("fail", kind="shop", message="m")],
        name="shop",
    ),
    case(first_fitting_handler_wins, result="value"),
    case(
        uncaught,
        {"kind": "stock"},
        error=("OutOfStock", "it broke"),
        calls=[call("log", what="before"), call("fail", kind="stock", message="it broke")],
    ),
    case(uncaught, {"kind": "key"}, error=("KeyError", "'it broke'"), name="key"),
    case(
        uncaught,
        {"kind": "os"},
        error=("FileNotFoundError", "[Errno 2] No such file or directory: 'it broke'"),
        name="os",
    ),
    case(
        finally_runs,
        {"kind": "value"},
        result="handled",
        calls=[call("fail", kind="value", message="m"), call("log", what="cleanup")],
        name="handled",
    ),
    case(
        finally_runs,
        {"kind": "key"},
        error=("KeyError", "'m'"),
        calls=[call("fail", kind="key", message="m"), call("log", what="cleanup")],
        name="unhandled",
    ),
    case(finally_order, {"kind": "none"}, result=["try", "after", "else", "finally", "end"], name="none"),
    case(finally_order, {"kind": "value"}, result=["try", "except", "finally", "end"], name="value"),
    case(finally_order, {"kind": "stock"}, error=("OutOfStock", "m"), name="unhandled"),
    case(
        error_in_else,
        error=("ValueError", "from else"),
        calls=[
            call("log", what="try"),
            call("fail", kind="value", message="from else"),
            call("log", what="finally"),
        ],
    ),
    case(
        reraise,
        {"kind": "card"},
        error=("CardDeclined", "again"),
        calls=[call("fail", kind="card", message="again"), call("log", what="seen")],
    ),
    case(
        reraise_by_name,
        error=("KeyError", "'k'"),
        calls=[call("fail", kind="key", message="k"), call("log", what="'k'")],
    ),
    case(
        reraise_outer_in_nested,
        result="OutOfStock first",
        calls=[
            call("fail", kind="stock", message="first"),
            call("fail", kind="value", message="second"),
            call("log", what="inner handled"),
        ],
    ),
    case(raise_in_handler, error=("ShopError", "because of first")),
    case(raise_in_handler_skips_siblings, result="outer second"),
    case(raise_in_finally, {"kind": "value"}, error=("CardDeclined", "last"), name="over-an-error"),
    case(raise_in_finally, {"kind": "none"}, error=("CardDeclined", "last"), name="over-nothing"),
    case(return_in_finally, {"kind": "value"}, result="from finally", name="over-an-error"),
    case(return_in_finally, {"kind": "none"}, result="from finally", name="over-a-return"),
    case(return_value_before_finally, result="old", calls=[call("log", what="old"), call("log", what="new")]),
    case(return_in_try_calls_first, result="value", calls=[call("log", what="value"), call("log", what="finally")]),
    case(
        nested_finally,
        {"kind": "shop"},
        error=("ShopError", "m"),
        calls=[
            call("fail", kind="shop", message="m"),
            call("log", what="inner"),
            call("log", what="outer"),
        ],
    ),
    case(
        break_through_finally,
        {"stop": 3},
        result=["body 0", "finally 0", "finally 1", "body 2", "finally 2", "finally 3"],
    ),
    case(continue_in_finally, result=[0, 1, 2]),
    case(break_in_finally_drops_return, result="after the loop", calls=[call("log", what="lost")]),
    case(
        return_inside_loop_through_finally,
        {"values": [0, 1, 2, 3]},
        result=2,
        calls=[call("log", what="left 0"), call("log", what="left 1"), call("log", what="left 2")],
    ),
    case(break_in_handler, result=["ok", "1"]),
    case(continue_in_handler, result=["none", "kept", "skip stock", "none", "kept"]),
    case(assigned_before_the_error, result=[0, 1, 1]),
    case(retry_by_hand, {"limit": 5}, result="attempt 3", name="third"),
    case(retry_by_hand, {"limit": 2}, error=("ShopError", "gave up after attempt 2"), name="gives-up"),
    case(raise_new, {"kind": "message"}, error=("OutOfStock", "none left"), name="message"),
    case(raise_new, {"kind": "class"}, error=("OutOfStock", ""), name="class"),
    case(raise_new, {"kind": "empty"}, error=("OutOfStock", ""), name="empty"),
    case(
        raise_new,
        {"kind": "format"},
        error=("CardDeclined", "card number of format"),
        calls=[call("log", what="number")],
        name="format",
    ),
    case(raise_new, {"kind": "builtin"}, error=("NotImplementedError", "later"), name="builtin"),
    case(catch_what_the_flow_raised, result=["shop A", "index b", "RuntimeError:."]),
    case(try_in_handler_and_finally, result=["one 'two'", "one", "three"]),
    case(
        error_in_handler_type,
        error=("CardDeclined", "no funds"),
        calls=[
            call("log", what="a"),
            call("fail", kind="card", message="no funds"),
            call("log", what="finally"),
        ],
    ),
    case(
        try_around_loop,
        {"values": ["none", "none", "index", "none"]},
        result=["none", "none", "stopped by IndexError"],
        calls=[
            call("fail", kind="none", message="none"),
            call("fail", kind="none", message="none"),
            call("fail", kind="index", message="index"),
        ],
    ),
    case(
        handler_sees_variables,
        result="failed at charge: charge",
        calls=[call("log", what="reserve"), call("fail", kind="card", message="charge")],
    ),
]
