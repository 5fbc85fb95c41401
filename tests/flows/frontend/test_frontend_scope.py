"""Tables that are copied at once, and what is known where paths meet: compared with plain dicts and with all paths."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from skyloom.flows.expr.types import BOOL, FLOAT, INT, NULL, STR, Type, members, union
from skyloom.flows.frontend.scope import Meeting, Ownership, Scope, agree, changes, join
from skyloom.flows.frontend.tables import Table

KEYS = st.integers(0, 200)
TYPES: list[Type] = [INT, FLOAT, STR, BOOL, NULL]
NAMES = ["a", "b", "c", "d"]


@given(st.lists(st.tuples(st.sampled_from(["set", "set many", "discard", "copy"]), st.integers(0, 3), KEYS, KEYS)))
def test_a_table_is_a_dict(steps: list[tuple[str, int, int, int]]) -> None:
    tables: list[Table[int, int]] = [Table()]
    dicts: list[dict[int, int]] = [{}]
    for step, which, key, value in steps:
        index = which % len(tables)
        match step:
            case "set":
                tables[index][key] = value
                dicts[index][key] = value
            case "set many":
                for number in range(key):
                    tables[index][number] = value
                    dicts[index][number] = value
            case "discard":
                tables[index].discard(key)
                dicts[index].pop(key, None)
            case _:
                tables.append(tables[index].copy())
                dicts.append(dict(dicts[index]))
    for table, entries in zip(tables, dicts, strict=True):
        assert dict(table.items()) == entries
        assert all((key in table, table.get(key)) == (key in entries, entries.get(key)) for key in range(201))


def change(scope: Scope, step: tuple[int, str, Type, int]) -> None:
    kind, name, of, owner = step
    match kind:
        case 0:
            scope.assign(name, of, Ownership(owner))
        case 1 if name in scope:
            scope.learn({(name,): of, (name, "field"): STR})
        case 2 if name in scope:
            scope.retype(name, union(scope.declared_type(name), of))
        case 3 if name in scope:
            scope.forget_at((name,), itself=owner > 0)
        case 4:
            scope.share(name, Ownership(owner))
        case 5:
            scope.unassign(name)
        case 6:
            scope.poison(name)
        case _:
            return


STEPS = st.lists(
    st.tuples(st.integers(0, 6), st.sampled_from(NAMES), st.sampled_from(TYPES), st.integers(0, 2)), max_size=6
)


@given(STEPS, st.lists(st.tuples(STEPS, st.booleans()), min_size=2, max_size=5))
def test_paths_meet(
    before: list[tuple[int, str, Type, int]], paths: list[tuple[list[tuple[int, str, Type, int]], bool]]
) -> None:
    entry = Scope()
    for step in before:
        change(entry, step)
    ends = []
    for steps, alive in paths:
        end = entry.copy()
        for step in steps:
            change(end, step)
        end.alive = alive
        ends.append(end)
    met = join(*ends)
    living = [end for end in ends if end.alive]
    assert met.alive is bool(living)
    for name in NAMES:
        ways = [end.variable(name) for end in living]
        known = met.variable(name)
        if not living or len(living) == 1:
            assert known == (living or ends)[0].variable(name)
            continue
        types = [way.type for way in ways if way.type is not None]
        assert (known.type is None) is (not types)
        assert known.type is None or parts(known.type) == parts(union(*types))
        assert known.sure is all(way.sure for way in ways)
        assert known.poisoned is any(way.poisoned for way in ways)
        assert known.owner == max(way.owner for way in ways)
        # What is known is no less than what holds on each path on which there is a value.
        for way in (way for way in ways if way.type is not None):
            for place, of in (known.facts or {}).items():
                told = (way.facts or {}).get(place) or (way.type if place == (name,) else None)
                assert told is not None and parts(union(told, of)) == parts(of)
    assert all(met.variable(name) == entry.variable(name) for name in set(NAMES) - changes(entry, met))
    assert agree(met, met.copy())


def parts(of: Type) -> set[Type]:
    """Its alternatives."""
    return set(members(of))


def test_the_way_of_a_path_does_not_matter() -> None:
    entry = Scope()
    entry.assign("a", INT, Ownership.FRESH)
    meeting, inner = Meeting(entry), entry.copy()
    inner.assign("b", STR, Ownership.SHALLOW)
    meeting.add(inner)
    inner.assign("a", STR, Ownership.SHARED)
    meeting.add(inner)
    known = meeting.known
    assert changes(entry, known) == {"a", "b"}
    assert known.declared_type("a") == union(INT, STR)
    assert (known.owner("a"), known.variable("b").sure) == (Ownership.SHARED, False)
    meeting.add(entry)
    assert agree(meeting.known, known)
