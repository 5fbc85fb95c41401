"""The local Resource Manager's templates: expressions, ids, order, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest
from engines.azure_account.expressions import Later, TemplateError, evaluate
from engines.azure_account.names import SUBSCRIPTION, TENANT
from engines.azure_account.resources import Resources, above_of, delta, type_of
from engines.azure_account.templates import Context, Template, values

ROOT = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/g"
THERE = f"{ROOT}/providers/Microsoft.Web/sites/there"


def context(**variables: Any) -> Context:
    def look(id_: str, full: bool) -> Any:
        found = {"properties": {"host": "here"}, "location": "x"}
        return None if id_ != THERE else found if full else found["properties"]

    return Context(SUBSCRIPTION, "g", "westeurope", TENANT, {"location": "westeurope"}, variables, look)


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("plain", "plain"),
        ("[[escaped]", "[escaped]"),
        ("[parameters('location')]", "westeurope"),
        ("[variables('name')]", "shop-1"),
        ("[format('{0}/default/{1}', variables('name'), 'it''s')]", "shop-1/default/it's"),
        ("[concat('a', string(1), toUpper('b'))]", "a1B"),
        ("[if(equals(parameters('location'), 'x'), 'yes', 'no')]", "no"),
        ("[resourceId('Microsoft.Web/sites', 'there')]", THERE),
        ("[resourceId('other', 'A.B/c/d', 'x', 'y')]", f"{ROOT[:-1]}other/providers/A.B/c/x/d/y"),
        (f"[extensionResourceId('{THERE}', 'A.B/c', 'x')]", f"{THERE}/providers/A.B/c/x"),
        ("[reference(resourceId('Microsoft.Web/sites', 'there'), '2024-01-01').host]", "here"),
        ("[reference(resourceId('Microsoft.Web/sites', 'there'), '2024-01-01', 'Full').location]", "x"),
        (f"[reference('{ROOT}/providers/A.B/c/gone', 'v').host]", Later(f"{ROOT}/providers/A.B/c/gone")),
        ("[resourceGroup().location]", "westeurope"),
    ],
)
def test_expressions(expression: str, value: Any) -> None:
    assert evaluate(expression, context(name="[concat('shop', '-', '1')]")) == value


def test_names_that_are_made_are_always_the_same() -> None:
    for function in ("guid", "uniqueString"):
        one, again, other = (evaluate(f"[{function}('a', '{text}')]", context()) for text in "bbc")
        assert one == again != other


@pytest.mark.parametrize(
    ("expression", "says"),
    [
        ("[nothing('x')]", "'nothing' is not valid"),
        ("[parameters('none')]", "'none' is not found"),
        ("[variables('none')]", "'none' is not found"),
        ("[concat('a'", "plain"),
        ("[concat('a']", "ends too early"),
        ("[concat('a') 'b']", "goes on where it should end"),
        ("[concat('a' 'b')]", "where , is expected"),
        ("[reference(resourceId('Microsoft.Web/sites', 'there'), 'v').none]", "'none' does not exist"),
        ("[resourceId('A.B/c/d', 'x')]", "different lengths"),
    ],
)
def test_expressions_that_are_refused(expression: str, says: str) -> None:
    if says == "plain":
        assert evaluate(expression, context()) == expression
        return
    with pytest.raises(TemplateError, match=says):
        evaluate(expression, context())


def resource(name: str, type_: str = "A.B/c", **more: Any) -> dict[str, Any]:
    return {"type": type_, "apiVersion": "v", "name": name, **more}


def template(*resources: dict[str, Any], **sections: Any) -> Template:
    document = {"$schema": "s", "contentVersion": "1.0.0.0", "resources": list(resources), **sections}
    return Template(document, context())


def names(made: Template) -> list[str]:
    return [one.name for one in made.in_order()]


def test_resources_wait_for_what_they_name_and_refer_to() -> None:
    refers = resource("one", properties={"of": "[reference(resourceId('A.B/c', 'two'), 'v').x]"})
    assert names(template(refers, resource("two"))) == ["two", "one"]
    says = resource("one", dependsOn=["[resourceId('A.B/c', 'two')]"])
    assert names(template(says, resource("two"))) == ["two", "one"]
    # What an id stands for is not waited for: Azure does not do that either.
    names_only = resource("one", properties={"of": "[resourceId('A.B/c', 'two')]"})
    assert names(template(names_only, resource("two"))) == ["one", "two"]


@pytest.mark.parametrize(
    ("resources", "says"),
    [
        ([resource("one"), resource("ONE")], "defined multiple times"),
        ([resource("a/b")], "incorrect segment lengths"),
        ([resource("one", dependsOn=["[resourceId('A.B/c', 'none')]"])], "is not defined in the template"),
        ([resource("one", colour="red")], "not valid"),
        ([{"type": "A.B/c", "name": "one"}], "has no 'apiVersion'"),
        ([resource("[reference(resourceId('A.B/c', 'two'), 'v').x]")], "not expected at this location"),
    ],
)
def test_templates_that_are_refused(resources: list[dict[str, Any]], says: str) -> None:
    with pytest.raises(TemplateError, match=says):
        template(*resources)


def test_a_circle_is_refused() -> None:
    made = template(
        resource("one", dependsOn=["[resourceId('A.B/c', 'two')]"]),
        resource("two", dependsOn=["[resourceId('A.B/c', 'one')]"]),
    )
    with pytest.raises(TemplateError, match="circular dependency"):
        made.in_order()


def test_parameters_have_values_or_are_refused() -> None:
    document = {"parameters": {"a": {"type": "string"}, "b": {"type": "string", "defaultValue": "[toLower('B')]"}}}
    assert values(document, {"a": 1}, context()) == {"a": 1, "b": "b"}
    for given, says in (({}, "is not provided"), ({"a": 1, "c": 2}, "are not valid")):
        with pytest.raises(TemplateError, match=says):
            values(document, given, context())


def test_ids_tell_types_and_what_they_lie_in() -> None:
    role = f"{THERE}/providers/Microsoft.Authorization/roleAssignments/r"
    assert type_of(role) == "Microsoft.Authorization/roleAssignments" and above_of(role) == THERE
    assert type_of(f"{THERE}/config/web") == "Microsoft.Web/sites/config" and above_of(f"{THERE}/config/web") == THERE
    assert above_of(THERE) is None


def test_what_lies_in_a_resource_goes_with_it() -> None:
    there = Resources()
    there.put(THERE, {"properties": {}})
    there.put(f"{THERE}/config/web", {"properties": {}})
    assert there.delete(THERE)
    assert there.all() == [] and not there.delete(THERE)


def test_differences_name_what_changes() -> None:
    before = {"properties": {"a": 1, "b": [{"n": 1}, {"n": 2}], "c": 3}}
    after = {"properties": {"a": 2, "b": [{"n": 1}, {"n": 3}], "d": Later("x")}}
    assert delta(before, after) == [
        {"path": "properties.a", "propertyChangeType": "Modify", "before": 1, "after": 2},
        {
            "path": "properties.b",
            "propertyChangeType": "Array",
            "children": [{"path": "1.n", "propertyChangeType": "Modify", "before": 2, "after": 3}],
        },
        {"path": "properties.c", "propertyChangeType": "Delete", "before": 3, "after": None},
    ]
