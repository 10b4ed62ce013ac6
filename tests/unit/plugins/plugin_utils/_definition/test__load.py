# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A mistake in a definition is told with file, line, key and what was expected; all mistakes at once."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from ansible_collections.golden.ami.plugins.plugin_utils._definition import _hooks, _load
from ansible_collections.golden.ami.plugins.plugin_utils._definition._source import DefinitionError

SCHEMA = Path(__file__).parents[5] / "roles" / "image" / "files" / "image.schema.json"
SMALLEST = """\
---
base:
  ssm_parameter: /aws/service/debian/release/12/latest/amd64
provision:
  roles: [web]
"""


@pytest.fixture
def images(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "roles" / "web" / "tasks").mkdir(parents=True)
    (tmp_path / "images").mkdir()
    return tmp_path / "images"


def write(images: Path, text: str, name: str = "web") -> None:
    (images / name).mkdir(exist_ok=True)
    (images / name / "image.yml").write_text(text)


def load(images: Path, name: str = "web", all_hooks: dict[str, list[str]] | None = None) -> _load.Definition:
    def find_role(role: str) -> Path | None:
        if role == "golden.ami.sysprep":
            return images
        path = images.parent / "roles" / role
        return path if path.is_dir() else None

    schema = _load.read_schema(SCHEMA)
    hooks = _hooks.read_all_images_hooks(all_hooks, schema) if all_hooks else None
    return _load.load_definition(name, _load.Around([images], schema, find_role, hooks)).definition


def mistakes(images: Path, text: str) -> list[str]:
    write(images, text)
    with pytest.raises(DefinitionError) as caught:
        load(images)
    return str(caught.value).splitlines()


def test_five_lines_are_enough(images: Path) -> None:
    write(images, SMALLEST)
    definition = load(images)
    assert definition["name"] == "web"
    assert definition["template"] is None
    assert definition["timeout"] == 3600
    assert definition["max_age"] is None
    assert definition["builder"]["instance_types"] == ["t3.small"]
    assert definition["provision"]["roles"] == ["web", "golden.ami.sysprep"]
    assert definition["content"] == {
        "role web": [str(images.parent / "roles" / "web")],
        "role golden.ami.sysprep": [str(images)],
    }


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (SMALLEST + "discription: x\n", "images/web/image.yml:6: discription: unknown key; did you mean description?"),
        (SMALLEST + "colour: x\n", "images/web/image.yml:6: colour: unknown key; expected one of description, base,"),
        ("base: {id: ami-12345678}\n", "images/web/image.yml:1: provision is missing."),
        (
            SMALLEST.replace("ssm_parameter: /aws/service/debian/release/12/latest/amd64", "name: debian-12-*"),
            "images/web/image.yml:2: base: expected exactly one of: ssm_parameter; owners and name; id; image. Found: name",
        ),
        (
            SMALLEST + "builder:\n  instance_types: t3.small\n",
            "images/web/image.yml:7: builder.instance_types: expected a list, found a text ('t3.small').",
        ),
        (SMALLEST + "timeout: soon\n", "images/web/image.yml:6: timeout: 'soon' does not have the expected form."),
        (
            "base: {owners: [self], name: web-*, architecture: sparc}\n",
            "images/web/image.yml:1: base.architecture: expected one of x86_64, arm64",
        ),
        (
            SMALLEST.replace("provision:", "  architecture: arm64\nprovision:"),
            "images/web/image.yml:2: base: expected exactly one of: ssm_parameter; owners and name; id; image. Found: ssm_parameter",
        ),
        (
            SMALLEST + "tags:\n  golden:x: y\n",
            "images/web/image.yml:7: tags.golden:x: 'golden:x' does not have",
        ),
        (SMALLEST + "base: {id: ami-12345678}\n", "images/web/image.yml:6: base: said twice, first in line 2"),
        (SMALLEST + "  roles: [\n", "images/web/image.yml:"),
        (SMALLEST + "template: nowhere.pkr.hcl\n", "images/web/image.yml:4: provision: does not go with template"),
        ("template: nowhere.pkr.hcl\n", "images/web/image.yml:1: template: nowhere.pkr.hcl does not exist"),
        (
            SMALLEST.replace("[web]", "[web, missing]"),
            "images/web/image.yml:5: provision.roles: there is no role missing:",
        ),
        (
            SMALLEST.replace("roles: [web]", "playbook: play.yml"),
            "images/web/image.yml:5: provision.playbook: play.yml does not exist",
        ),
        ("", "images/web/image.yml:1: the file is empty; expected description, base"),
        ("- a\n", "images/web/image.yml:1: expected keys such as description, base"),
    ],
)
def test_mistakes_are_told_with_file_line_and_key(images: Path, text: str, line: str) -> None:
    assert any(mistake.startswith(line) for mistake in mistakes(images, text)), mistakes(images, text)


def test_all_mistakes_are_told_at_once(images: Path) -> None:
    text = "base: {}\nprovision: {role: x}\ntags: []\n"
    assert [mistake.split(":")[1] for mistake in mistakes(images, text)] == ["1", "2", "2", "3"]


def test_an_unknown_image_names_those_that_exist(images: Path) -> None:
    write(images, SMALLEST)
    write(images, SMALLEST, "other")
    with pytest.raises(DefinitionError, match="there is no image 'nope'. Images that exist: other, web."):
        load(images, "nope")


@pytest.mark.parametrize("name", ["../web", "Web", "a b", "", "-x", "x" * 64, "web\n"])
def test_a_name_is_no_path(images: Path, name: str) -> None:
    write(images, SMALLEST)
    with pytest.raises(DefinitionError, match="is no image's name"):
        load(images, name)


@pytest.mark.parametrize(
    ("duration", "seconds"), [("7d", 604800), ("12h", 43200), ("'90'", 90), ("5", 5), ("2w", 1209600)]
)
def test_durations_are_seconds(images: Path, duration: str, seconds: int) -> None:
    write(images, SMALLEST + f"max_age: {duration}\n")
    assert load(images)["max_age"] == seconds


def test_placements_try_each_type_in_each_subnet(images: Path) -> None:
    builder = "builder: {instance_types: [t3.small, t2.small], subnet_ids: [subnet-11111111, subnet-22222222]}\n"
    write(images, SMALLEST + builder)
    assert [tuple(placement.values()) for placement in load(images)["placements"]] == [
        ("t3.small", "subnet-11111111"),
        ("t3.small", "subnet-22222222"),
        ("t2.small", "subnet-11111111"),
        ("t2.small", "subnet-22222222"),
    ]


def test_every_key_of_the_schema_is_described() -> None:
    def walk(schema: dict[str, object], key: str) -> None:
        properties = schema.get("properties", {})
        assert isinstance(properties, dict)
        for name, below in properties.items():
            assert below.get("description"), f"{key}.{name} has no description"
            walk(below, f"{key}.{name}")

    walk(json.loads(SCHEMA.read_text()), "")
