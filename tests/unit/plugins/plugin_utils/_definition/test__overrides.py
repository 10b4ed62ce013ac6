# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Values for one build reach the images that declare them; a wrong name or type is told with what was expected, and where."""

from __future__ import annotations

import typing as t
from pathlib import Path

import pytest
from ansible_collections.golden.ami.plugins.plugin_utils._definition._load import Loaded
from ansible_collections.golden.ami.plugins.plugin_utils._definition._overrides import override, read_variables
from ansible_collections.golden.ami.plugins.plugin_utils._definition._source import DefinitionError, read_source

SHARED = Path(__file__).parents[5] / "roles" / "image" / "files" / "packer"
PROVISION = """\
provision:
  roles: [x]
  variables:
    release: "1"
    size: 1
    ratio: 0.5
    loud: true
    names: [a]
    labels: {a: b}
    late: "{{ x }}"
    open:
"""


def loaded(name: str = "web", text: str = PROVISION, template: Path | None = None) -> Loaded:
    source = read_source(text, f"images/{name}/image.yml")
    data: t.Any = {
        **(source.data or {}),
        "name": name,
        "variables": {},
        "template": str(template) if template else None,
    }
    return Loaded(data, source)


@pytest.fixture
def own(tmp_path: Path) -> Path:
    (tmp_path / "own.pkr.hcl").write_text('variable "release" {}\nvariable "colour" {}\n')
    return tmp_path / "own.pkr.hcl"


def mistakes(images: list[Loaded], values: dict[str, t.Any]) -> str:
    with pytest.raises(DefinitionError) as caught:
        override(images, values, str(SHARED))
    return str(caught.value)


def test_a_name_of_the_definition_is_for_ansible_and_another_for_packer() -> None:
    image = loaded()
    override([image], {"release": "2", "ratio": 1, "late": 3, "open": [1], "ssh_username": "admin"}, str(SHARED))
    variables = image.definition["provision"]["variables"]
    assert (variables["release"], variables["ratio"], variables["late"], variables["open"]) == ("2", 1, 3, [1])
    assert image.definition["variables"] == {"ssh_username": "admin"}


def test_what_ansible_has_read_is_of_the_same_type() -> None:
    class Tagged(str):
        __slots__ = ()

    image = loaded()
    override([image], {"release": Tagged("2")}, str(SHARED))
    assert image.definition["provision"]["variables"]["release"] == "2"


def test_each_image_takes_what_it_declares(own: Path) -> None:
    first, second = loaded(), loaded("own", "template: own.pkr.hcl\n", own)
    override([first, second], {"release": "2", "colour": "red", "size": 3}, str(SHARED))
    assert first.definition["provision"]["variables"]["size"] == 3
    assert first.definition["variables"] == {}
    assert second.definition["variables"] == {"release": "2", "colour": "red"}


@pytest.mark.parametrize(
    ("name", "value", "expected", "found", "line"),
    [
        ("release", 2, "a text", "a whole number (2)", 4),
        ("size", "2", "a whole number", "a text ('2')", 5),
        ("size", True, "a whole number", "true or false (True)", 5),
        ("size", 1.5, "a whole number", "a number (1.5)", 5),
        ("ratio", True, "a number", "true or false (True)", 6),
        ("loud", 1, "true or false", "a whole number (1)", 7),
        ("names", {}, "a list", "a mapping", 8),
        ("labels", [], "a mapping", "a list", 9),
    ],
)
def test_another_type_is_refused(name: str, value: t.Any, expected: str, found: str, line: int) -> None:
    assert mistakes([loaded()], {name: value}) == (
        f"golden_variables: {name}: expected {expected} (declared in images/web/image.yml:{line}), found {found}"
    )


def test_a_name_that_none_declares_is_told_with_those_that_are(own: Path) -> None:
    images = [loaded(), loaded("own", "template: own.pkr.hcl\n", own)]
    message = mistakes(images, {"relaese": "2"})
    assert message.startswith(
        "golden_variables: relaese: web, own declares no such variable. Declared are: release, size, "
    )
    assert "(images/web/image.yml:3); description, " in message
    assert "colour, release (the template of own). Correct the name, or declare it" in message


@pytest.mark.parametrize("name", ["source_ami", "golden_tags", "ansible_variables", "playbook"])
def test_what_a_build_itself_tells_the_shared_template_is_not_open(name: str) -> None:
    assert f"golden_variables: {name}: web declares no such variable" in mistakes([loaded()], {name: "x"})


def test_all_mistakes_at_once() -> None:
    assert len(mistakes([loaded()], {"release": 2, "size": "2", "nope": 1}).splitlines()) == 3


@pytest.mark.parametrize(
    ("given", "value"), [(None, {}), ("", {}), ({}, {}), ({"a": 1}, {"a": 1}), (' {"a": [1]}', {"a": [1]})]
)
def test_a_mapping_or_a_json_object(given: t.Any, value: dict[str, t.Any]) -> None:
    assert read_variables(given) == value


@pytest.mark.parametrize("given", ["a=1", "[1]", "{", "1", ["a"], 1])
def test_all_else_is_refused(given: t.Any) -> None:
    with pytest.raises(DefinitionError, match="^golden_variables: expected a JSON object such as"):
        read_variables(given)
