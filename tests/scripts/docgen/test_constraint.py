from __future__ import annotations

import pytest

from docgen.constraint import ConstraintError, Field, fields, parse


@pytest.mark.parametrize(
    ("text", "short"),
    [
        ("string", "string"),
        ("set( number )", "set(number)"),
        ("map(list(bool))", "map(list(bool))"),
        ("object({})", "object"),
        ("map(object({ name = string }))", "map(object)"),
        ("tuple([string, number])", "tuple(string, number)"),
    ],
)
def test_short_form_leaves_attributes_out(text: str, short: str) -> None:
    assert parse(text).short() == short


def test_attributes_at_every_depth_are_listed_with_their_defaults() -> None:
    constraint = parse(
        "map(object({name = string, note = optional(string), tries = optional(number, 3), "
        'names = optional(set(string), ["a)", "b\\"}"]), '
        "indexes = optional(map(object({key = string, sizes = optional(list(number), [1, 2])})), {})}))"
    )
    assert [(field.path, field.type.short(), field.default) for field in fields(constraint)] == [
        ("name", "string", None),
        ("note", "string", "null"),
        ("tries", "number", "3"),
        ("names", "set(string)", '["a)", "b\\"}"]'),
        ("indexes", "map(object)", "{}"),
        ("indexes[*].key", "string", None),
        ("indexes[*].sizes", "list(number)", "[1, 2]"),
    ]


def test_a_primitive_has_no_attributes() -> None:
    assert fields(parse("string")) == []


def test_an_attribute_may_be_called_optional() -> None:
    assert fields(parse("object({optional = bool, set = string})")) == [
        Field("optional", parse("bool"), None),
        Field("set", parse("string"), None),
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("strin", "a type, not 'strin'"),
        ("", "a name"),
        ("list(string", r"'\)'"),
        ("string string", "the end of the type"),
        ("object({a string})", "'='"),
        ("object({a = optional(string, [1", "a closing parenthesis"),
    ],
)
def test_what_is_no_type_is_refused_with_the_place(text: str, expected: str) -> None:
    with pytest.raises(ConstraintError, match=f"expected {expected}"):
        parse(text)
