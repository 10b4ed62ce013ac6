# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Each good definition passes and comes back whole; each mistake is told with file, line and key."""

from __future__ import annotations

import copy
import typing as t
from pathlib import Path

import yaml
from ansible_collections.golden.ami.plugins.plugin_utils._definition._load import read_schema
from ansible_collections.golden.ami.plugins.plugin_utils._definition._schema import find_problems, with_defaults
from ansible_collections.golden.ami.plugins.plugin_utils._definition._source import dotted, read_source
from hypothesis import assume, given
from hypothesis import strategies as st

SCHEMA = read_schema(Path(__file__).parents[5] / "roles" / "image" / "files" / "image.schema.json")
FILE = "images/web/image.yml"
Key = tuple[str | int, ...]

# Without what YAML takes for the end of a line, and an editor does not.
TEXT = st.text(st.characters(min_codepoint=32, max_codepoint=0x17F, exclude_categories=["Cc"]), min_size=1, max_size=12)
TEXTS = st.lists(TEXT, max_size=3)
SOME_TEXTS = st.lists(TEXT, min_size=1, max_size=3)
DIGITS = st.text("0123456789abcdef", min_size=8, max_size=17)
IMAGE = st.from_regex(r"[a-z0-9][a-z0-9-]{0,62}", fullmatch=True)
RESERVED = ("versions", "locks", "revoked", "contents")
CHANNEL = st.from_regex(r"[a-z0-9][a-z0-9_.-]{0,8}", fullmatch=True).filter(lambda name: name not in RESERVED)
DURATION = st.integers(1, 10**6) | st.from_regex(r"[1-9][0-9]{0,3}[smhdw]?", fullmatch=True)
ANYTHING: st.SearchStrategy[t.Any] = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text("ab1", max_size=3),
    lambda below: (
        st.lists(below, max_size=2) | st.dictionaries(st.text("ab", min_size=1, max_size=2), below, max_size=2)
    ),
    max_leaves=4,
)
VARIABLES = st.dictionaries(st.from_regex(r"[a-z_]{1,6}", fullmatch=True), ANYTHING, max_size=3)
BASES: st.SearchStrategy[dict[str, t.Any]] = st.one_of(
    st.fixed_dictionaries({"ssm_parameter": st.from_regex(r"/?[A-Za-z0-9_.:/-]{1,20}", fullmatch=True)}),
    st.fixed_dictionaries(
        {"owners": st.lists(st.sampled_from(["136693071363", "self", "amazon"]), min_size=1, max_size=2)}
        | {"name": st.text("debian-12*", min_size=3, max_size=9)},
        optional={"architecture": st.sampled_from(["x86_64", "arm64"])},
    ),
    st.fixed_dictionaries({"id": DIGITS.map("ami-{}".format)}),
    st.fixed_dictionaries({"image": IMAGE}, optional={"channel": CHANNEL}),
)
BUILDERS = st.fixed_dictionaries(
    {},
    optional={
        "instance_types": st.lists(st.sampled_from(["t3.small", "m6g.large", "u-6tb1.metal"]), min_size=1, max_size=2),
        "subnet_ids": st.lists(DIGITS.map("subnet-{}".format), max_size=2),
        "security_group_ids": st.lists(DIGITS.map("sg-{}".format), max_size=2),
        "public_ip": st.none() | st.booleans(),
        "ssh_username": TEXT,
        "ssh_interface": st.sampled_from(["public_ip", "private_ip", "session_manager"]),
        "instance_profile": TEXT,
        "volume": st.fixed_dictionaries(
            {"size": st.integers(1, 65536)},
            optional={"type": st.sampled_from(["gp2", "io2"]), "device": st.just("/dev/sda1")},
        ),
        "kms_key_id": TEXT,
    },
)
SUITES = st.fixed_dictionaries(
    {"engine": st.sampled_from(["goss", "testinfra", "inspec", "ansible"]), "path": TEXT},
    optional={
        "run_on": st.lists(st.sampled_from(["instance", "builder"]), min_size=1, max_size=2),
        "name": st.from_regex(r"[A-Z][a-z.-]{1,9}", fullmatch=True),
    },
)
TESTS = st.fixed_dictionaries(
    {},
    optional={
        "suites": st.lists(SUITES, max_size=3),
        "instance_types": st.lists(st.sampled_from(["t3.small", "m6g.large"]), min_size=1, max_size=2),
        "subnet_ids": st.lists(DIGITS.map("subnet-{}".format), max_size=2),
        "user_data": TEXTS,
        "ports": st.lists(st.integers(1, 65535), max_size=2),
        "reboot": st.booleans(),
        "check_mode": st.booleans(),
        "timeout": DURATION,
        "ssh_username": TEXT,
    },
)
COMMON: dict[str, st.SearchStrategy[t.Any]] = {
    "description": TEXT,
    "content": TEXTS,
    "requirements": TEXT,
    "variables": VARIABLES,
    "var_files": TEXTS,
    "max_age": DURATION,
    "timeout": DURATION,
    "tests": TESTS,
    "tags": st.dictionaries(st.from_regex(r"[A-Z][a-z]{1,9}", fullmatch=True), TEXT, max_size=3),
}
HOOKS = st.fixed_dictionaries({}, optional=dict.fromkeys(["before", "after", "after_sysprep"], TEXTS))
PROVISION = st.fixed_dictionaries({"playbook": TEXT}, optional={"variables": VARIABLES}) | st.fixed_dictionaries(
    {"roles": SOME_TEXTS}, optional={"variables": VARIABLES}
)
SHARED = st.fixed_dictionaries(
    {"base": BASES, "provision": PROVISION}, optional={**COMMON, "builder": BUILDERS, "hooks": HOOKS}
)
OWN = st.fixed_dictionaries({"template": TEXT}, optional={**COMMON, "base": BASES, "only": TEXTS, "except": TEXTS})
DEFINITIONS: st.SearchStrategy[dict[str, t.Any]] = SHARED | OWN

WRONG: dict[type, t.Any] = {str: ["a list"], list: "a text", dict: "a text", int: 1.5, bool: "perhaps", type(None): []}


def problems_of(definition: t.Any) -> list[str]:
    text = yaml.safe_dump(definition, sort_keys=False, allow_unicode=True)
    return [str(problem) for problem in find_problems(read_source(text, FILE), SCHEMA)]


def objects(value: t.Any, schema: t.Any, path: Key = ()) -> t.Iterator[tuple[Key, dict[str, t.Any]]]:
    """The mappings of a definition whose keys the schema knows."""
    if isinstance(value, dict) and schema.get("additionalProperties") is False:
        yield path, value
        for name, below in value.items():
            yield from objects(below, schema["properties"][name], (*path, name))


def defaults_missing(value: t.Any, schema: t.Any, path: Key = ()) -> list[str]:
    if not isinstance(value, dict):
        return []
    missing = []
    for name, below in schema.get("properties", {}).items():
        if name in value:
            missing += defaults_missing(value[name], below, (*path, name))
        elif "default" in below:
            missing.append(dotted((*path, name)))
    return missing


@given(DEFINITIONS)
def test_a_good_one_passes(definition: dict[str, t.Any]) -> None:
    assert problems_of(definition) == []


@given(DEFINITIONS)
def test_it_comes_back_whole_with_all_defaults(definition: dict[str, t.Any]) -> None:
    before = copy.deepcopy(definition)
    complete = with_defaults(definition, SCHEMA)
    assert definition == before, "what was read stays as it is"
    assert defaults_missing(complete, SCHEMA) == []
    for path, said in objects(definition, SCHEMA):
        there = complete
        for key in path:
            there = there[key]
        assert {name: there[name] for name in said if not isinstance(said[name], dict)} == {
            name: value for name, value in said.items() if not isinstance(value, dict)
        }


@given(DEFINITIONS, st.data())
def test_an_unknown_key_is_told_with_its_place(definition: dict[str, t.Any], data: st.DataObject) -> None:
    path, inside = data.draw(st.sampled_from(list(objects(definition, SCHEMA))))
    key = data.draw(st.from_regex(r"z[a-z]{3,8}", fullmatch=True))
    inside[key] = data.draw(ANYTHING)
    line = line_of(definition, (*path, key))
    assert any(
        told.startswith(f"{FILE}:{line}: {dotted((*path, key))}: unknown key; ") for told in problems_of(definition)
    )


@given(DEFINITIONS, st.data())
def test_a_wrong_type_is_told_with_its_place(definition: dict[str, t.Any], data: st.DataObject) -> None:
    path, inside = data.draw(st.sampled_from(list(objects(definition, SCHEMA))))
    assume(inside)
    key = data.draw(st.sampled_from(sorted(inside)))
    inside[key] = WRONG[type(inside[key])]
    place = f"{FILE}:{line_of(definition, (*path, key))}: {dotted((*path, key))}"
    told = problems_of(definition)
    assert any(one.startswith((f"{place}: ", f"{place}[")) for one in told), told


@given(ANYTHING)
def test_whatever_a_file_holds_is_good_or_told(value: t.Any) -> None:
    assert all(told.startswith(f"{FILE}:") for told in problems_of(value))


def line_of(definition: t.Any, path: Key) -> int:
    """By another way than the code: put a word there that nothing else has, and look for it in the text."""
    marked = copy.deepcopy(definition)
    inside = marked
    for key in path[:-1]:
        inside = inside[key]
    names = {name: (f"{name}-MARK" if name == path[-1] else name) for name in inside}
    renamed = {names[name]: value for name, value in inside.items()}
    inside.clear()
    inside.update(renamed)
    text = yaml.safe_dump(marked, sort_keys=False, allow_unicode=True)
    return next(number for number, line in enumerate(text.split("\n"), start=1) if f"{path[-1]}-MARK" in line)
