# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The fingerprint changes with all that goes into an image, names what changed, and with nothing else."""

from __future__ import annotations

import tempfile
import typing as t
from pathlib import Path

from ansible_collections.golden.ami.plugins.module_utils._packer import fingerprint as fp
from hypothesis import assume, given
from hypothesis import strategies as st

# A file: what it says, and whether it can be run.
File = tuple[bytes, bool]
Tree = dict[str, File]

FILES = st.tuples(st.binary(max_size=6), st.booleans())
# Few and short names, so that those of two trees meet.
NAMES = st.text("ab.", min_size=1, max_size=2).filter(lambda name: name.strip("."))
PATHS = st.one_of(NAMES, st.tuples(st.sampled_from(["x", "y"]), NAMES).map("/".join))
TREES = st.dictionaries(PATHS, FILES, min_size=1, max_size=6)
VALUES: st.SearchStrategy[t.Any] = st.recursive(
    st.none() | st.booleans() | st.integers(-99, 99) | st.text("ab1", max_size=3),
    lambda below: st.lists(below, max_size=3) | st.dictionaries(st.text("ab", max_size=2), below, max_size=3),
    max_leaves=6,
)
ITEMS = st.dictionaries(st.text("abc", max_size=3), st.text("abc", max_size=3), max_size=4)
PARTS = st.dictionaries(
    st.sampled_from(["template", "base", "tools", "variables", "role a", "role b.c.d", "hook before x.yml"]),
    ITEMS,
    min_size=1,
)


def part_of_tree(tree: Tree) -> fp.Part:
    with tempfile.TemporaryDirectory() as directory:
        for name, (content, executable) in tree.items():
            path = Path(directory, name)
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(content)
            path.chmod(0o755 if executable else 0o644)
        return fp.part_of_files([directory])


def as_parts(content: dict[str, dict[str, str]]) -> fp.Parts:
    return {name: fp.part_of(items) for name, items in content.items()}


@given(TREES, st.randoms(use_true_random=False))
def test_the_order_of_files_does_not_matter(tree: Tree, random: t.Any) -> None:
    names = list(tree)
    random.shuffle(names)
    assert part_of_tree({name: tree[name] for name in names}) == part_of_tree(tree)


@given(TREES, TREES)
def test_two_trees_agree_only_when_they_are_the_same(one: Tree, other: Tree) -> None:
    assert (part_of_tree(one).digest == part_of_tree(other).digest) == (one == other)


@given(TREES, FILES, st.data())
def test_a_change_of_one_file_names_that_file(tree: Tree, changed: File, data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(sorted(tree)))
    assume(tree[name] != changed)
    before, after = part_of_tree(tree), part_of_tree({**tree, name: changed})
    assert fp.changed_items(before.items, after.items) == [name]
    assert before.digest != after.digest


@given(TREES, PATHS, st.data())
def test_another_name_is_one_that_came_and_one_that_went(tree: Tree, new: str, data: st.DataObject) -> None:
    old = data.draw(st.sampled_from(sorted(tree)))
    assume(new not in tree)
    renamed = {new if name == old else name: content for name, content in tree.items()}
    before, after = part_of_tree(tree), part_of_tree(renamed)
    assert fp.changed_items(before.items, after.items) == sorted([old, new])


@given(ITEMS, ITEMS)
def test_nothing_runs_together_within_a_part(one: dict[str, str], other: dict[str, str]) -> None:
    """C(ab) with C(c) is not C(a) with C(bc)."""
    assert (fp.part_of(one).digest == fp.part_of(other).digest) == (one == other)


@given(PARTS, PARTS)
def test_nothing_runs_together_between_parts(one: dict[str, dict[str, str]], other: dict[str, dict[str, str]]) -> None:
    assert (fp.fingerprint(as_parts(one)) == fp.fingerprint(as_parts(other))) == (one == other)


@given(PARTS, ITEMS, st.data())
def test_a_change_of_one_part_is_told_as_just_that(
    content: dict[str, dict[str, str]], items: dict[str, str], data: st.DataObject
) -> None:
    name = data.draw(st.sampled_from(sorted(content)))
    assume(items != content[name])
    before, after = as_parts(content), as_parts({**content, name: items})
    assert fp.fingerprint(before) != fp.fingerprint(after)
    assert fp.changed_parts(fp.parts_tag(before), after) == [name]
    assert fp.changed_parts(fp.parts_tag(before), before) == []


@given(st.lists(st.text("ab.-/é漢", min_size=1, max_size=60), min_size=1, max_size=25, unique=True))
def test_the_tag_fits_whatever_parts_are_called(names: list[str]) -> None:
    parts = as_parts({f"role {name}": {"a": "b"} for name in names})
    tag = fp.parts_tag(parts)
    assert len(tag) <= fp.TAG_LENGTH
    assert fp.changed_parts(tag, parts) == []


@given(st.dictionaries(st.text("abc", min_size=1, max_size=2), VALUES, max_size=4), st.randoms(use_true_random=False))
def test_the_order_of_variables_does_not_matter_and_their_types_do(values: dict[str, t.Any], random: t.Any) -> None:
    names = list(values)
    random.shuffle(names)
    assert fp.part_of_values({name: values[name] for name in names}) == fp.part_of_values(values)
    texts = {name: str(value) for name, value in values.items()}
    same = all(isinstance(value, str) for value in values.values())
    assert (fp.part_of_values(texts) == fp.part_of_values(values)) == same


@given(VALUES, VALUES)
def test_two_values_agree_only_when_they_are_the_same(one: t.Any, other: t.Any) -> None:
    same = fp.part_of_values({"a": one}) == fp.part_of_values({"a": other})
    assert same == (repr(_sorted(one)) == repr(_sorted(other)))


def _sorted(value: t.Any) -> t.Any:
    if isinstance(value, dict):
        return tuple(sorted((name, _sorted(item)) for name, item in value.items()))
    return [_sorted(item) for item in value] if isinstance(value, list) else value


@given(st.text(max_size=9), st.dictionaries(st.text("abc", min_size=1, max_size=2), VALUES, max_size=3))
def test_secrets_count_by_name_only(name: str, values: dict[str, t.Any]) -> None:
    part = fp.part_of_values(values, [name])
    assert part.items[name] == "secret"
    assert part == fp.part_of_values({**values, name: "whatever it is"}, [name])
