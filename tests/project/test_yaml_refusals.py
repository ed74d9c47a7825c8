from __future__ import annotations

import pytest

from pipeline.errors import InputError
from pipeline.project.yaml_tree import Items, Keys, Scalar, read_tree
from tests.project.conftest import Problems

CASES = {
    "colon in a title": (
        "title: The Ledger: A Story\n",
        (
            "1:18: is not YAML: mapping values are not allowed in this context; "
            "a value that holds a colon and a space must stand in quotes"
        ),
    ),
    "tab as indent": (
        "pauses:\n\tscene_ms: 1\n",
        (
            "2:1: is not YAML: while scanning for the next token found character that cannot start any token; "
            "indent with spaces, not tabs"
        ),
    ),
    "at sign": (
        "title: @home\n",
        (
            "1:8: is not YAML: while scanning for the next token found character that cannot start any token; "
            "put the value in quotes"
        ),
    ),
    "open bracket": ("a: [1, 2\n", "2:1: is not YAML: while parsing a flow sequence did not find expected ',' or ']'"),
    "open quote": ("a: 'x\n", "2:1: is not YAML: while scanning a quoted scalar found unexpected end of stream"),
    "alias": (
        "a: &x [1]\nb: *x\n",
        "2:4: got the alias '*x'; aliases are not read here: write the value out",
    ),
    "merge": (
        "a: &x {b: 1}\nc:\n  <<: *x\n",
        "3:7: got the alias '*x'; aliases are not read here: write the value out",
    ),
    "tag": (
        "a: !!python/object/apply:os.system [ls]\n",
        "1:4: got the tag 'tag:yaml.org,2002:python/object/apply:os.system'; tags are not read here: leave it out",
    ),
    "two documents": ("a: 1\n---\nb: 2\n", "2:1: a second document begins; expected one document in the file"),
    "key of a list": ("a: 1\n? [b]\n: 2\n", "2:3: a key must be a plain word"),
    "control character": ("a: 1\nb: x\x07y\n", "2:5: the character U+0007 cannot stand in YAML; delete it"),
    "line separator": ("a: 1\nb: x\u2028y\n", "2:5: the character U+2028 cannot stand in YAML; delete it"),
    "deep": (
        "a: " + "[" * 40 + "]" * 40 + "\n",
        "1:19: nested more than 16 deep; a manifest needs no such nesting",
    ),
}


@pytest.mark.parametrize(("text", "problem"), CASES.values(), ids=CASES.keys())
def test_what_is_no_yaml_for_a_manifest_is_one_line_with_its_place(
    problems_of: Problems, text: str, problem: str
) -> None:
    assert problems_of(text) == [f"project.yaml:{problem}"]


@pytest.mark.timeout(20)
def test_a_bomb_of_aliases_is_refused_at_once() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 12)]
    with pytest.raises(InputError, match=r"p\.yaml:2:10: got the alias"):
        read_tree("\n".join(lines), shown="p.yaml")


def test_an_alias_of_itself_is_refused() -> None:
    with pytest.raises(InputError, match="alias"):
        read_tree("a: &a [*a]\n", shown="p.yaml")


@pytest.mark.timeout(20)
def test_a_wall_of_brackets_is_refused_at_once() -> None:
    with pytest.raises(InputError, match="nested more than 16 deep"):
        read_tree("[" * 200_000, shown="p.yaml")


def test_keys_written_twice_at_any_depth_are_all_reported() -> None:
    _, problems = read_tree("a: {b: 1, b: 2}\nc:\n  - d: 1\n    d: 2\na: 3\n", shown="p.yaml")
    assert [str(problem).split(";")[0] for problem in problems] == [
        "p.yaml:1:11: b: written twice (first in line 1)",
        "p.yaml:4:5: d: written twice (first in line 3)",
        "p.yaml:5:1: a: written twice (first in line 1)",
    ]


def test_the_tree_keeps_scalars_as_written_and_their_places() -> None:
    root, problems = read_tree("# comment\nno: 0x10\n'q': \"007\"\nlist:\n  - ~\n  - {k: 1_000}\n", shown="p.yaml")
    assert problems == []
    assert isinstance(root, Keys)
    assert root.values["no"] == Scalar(2, 5, "0x10", plain=True)
    assert root.values["q"] == Scalar(3, 6, "007", plain=False)
    items = root.values["list"]
    assert isinstance(items, Items)
    assert isinstance(items.items[0], Scalar)
    assert items.items[0].null
    inner = items.items[1]
    assert isinstance(inner, Keys)
    assert inner.keys["k"] == Scalar(6, 6, "k", plain=True)
    assert (inner.line, inner.column) == (6, 5)
