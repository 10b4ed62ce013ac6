# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A mistake in a definition is told with file, line, key and what was expected; all mistakes at once."""

from __future__ import annotations

import json
import typing as t
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
        ("base: {channel: prod}\n", "images/web/image.yml:1: base: expected exactly one of:"),
        ("base: {image: base, id: ami-12345678}\n", "images/web/image.yml:1: base: expected exactly one of:"),
        ("base: {image: base, channel: versions}\n", "images/web/image.yml:1: base.channel: 'versions' does not have"),
        (SMALLEST + "only: [x]\n", "images/web/image.yml:6: only: goes with template only"),
        ("template: x\nhooks: {after: [x]}\n", "images/web/image.yml:2: hooks: does not go with template"),
        (SMALLEST + "  content: [x]\n", "images/web/image.yml:6: provision.content: unknown key"),
        (SMALLEST + "content:\n- missing\n", "images/web/image.yml:7: content[0]: missing does not exist"),
        (SMALLEST + "requirements: r.yml\n", "images/web/image.yml:6: requirements: r.yml does not exist"),
        (SMALLEST + "requirements: image.yml\n", "images/web/image.yml:6: requirements: /"),
        (SMALLEST + "hooks: {befor: [x]}\n", "images/web/image.yml:6: hooks.befor: unknown key; did you mean before?"),
        (
            SMALLEST + "hooks:\n  after:\n  - web\n  - gone\n",
            "images/web/image.yml:9: hooks.after[1]: there is no role gone: not in roles/ beside the definition",
        ),
        (
            SMALLEST + "hooks:\n  before: [gone.yml]\n",
            "images/web/image.yml:7: hooks.before[0]: there is no task file gone.yml (looked for /",
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


OWN = """\
template: template.json
var_files: [vars.json]
only: [web]
except: [slow]
"""


def make_files(directory: Path, *names: str) -> None:
    for name in names:
        (directory / name).parent.mkdir(parents=True, exist_ok=True)
        (directory / name).write_text("{}")


def test_all_that_is_beside_a_template_counts_once(images: Path) -> None:
    names = ("template.json", "vars.json", "play.yml", "roles/a/tasks/main.yml", "files/x", "files/more/y", "files/z")
    write(images, OWN + "content: [files/more, ../shared]\n")
    make_files(images / "web", *names, "requirements.yml", "README.md", "tests/test.py")
    make_files(images, "shared/s")
    definition = load(images)
    web = images / "web"
    assert definition["content"] == {
        "content": [str(web / "files" / "more"), str(images / "shared")],
        "files": [str(web / name) for name in ("files/x", "files/z", "play.yml", "roles")],
    }
    assert definition["template"] == str(web / "template.json")
    assert definition["requirements"] == str(web / "requirements.yml")
    assert (definition["only"], definition["placements"]) == (["web"], [])
    assert t.cast(dict[str, object], definition)["except"] == ["slow"]


@pytest.mark.parametrize(
    ("template", "files"), [("packer", ["play.yml"]), (".", None), ("packer/deep", ["packer/x", "play.yml"])]
)
def test_a_template_directory_is_no_part_of_the_files(images: Path, template: str, files: list[str] | None) -> None:
    write(images, f"template: {template}\n")
    make_files(images / "web", "packer/x", "packer/deep/a.pkr.hcl", "play.yml")
    found = load(images)["content"].get("files")
    assert found == (files and [str(images / "web" / name) for name in files])


def test_the_content_of_a_definition_with_roles(images: Path) -> None:
    write(images, SMALLEST + "content: [more]\n")
    make_files(images / "web", "more/x")
    assert load(images)["content"]["content"] == [str(images / "web" / "more")]


def test_a_base_that_is_another_image(images: Path) -> None:
    write(images, "base: {image: base, channel: prod}\nprovision: {roles: [web]}\n")
    definition = load(images)
    assert definition["base"] == {"image": "base", "channel": "prod"}
    assert definition["parent"] == "base"
    write(images, SMALLEST)
    assert load(images)["parent"] is None


def test_requirements_bring_roles_and_are_told_when_they_float(images: Path) -> None:
    write(images, SMALLEST.replace("[web]", "[web, galaxy.role, some.collection.role]") + "requirements: r.yml\n")
    text = "roles: [galaxy.role]\ncollections: [{name: some.collection, version: 1.0.0}]\n"
    (images / "web" / "r.yml").write_text(text)
    definition = load(images)
    assert definition["requirements"] == str(images / "web" / "r.yml")
    assert set(definition["content"]) == {"role web", "role golden.ami.sysprep"}
    assert definition["notes"] == [
        "images/web/r.yml: galaxy.role has no pinned version, so a new release of it is no reason to build."
        " Say version: X.Y.Z"
    ]


HOOKED = (
    SMALLEST
    + """\
hooks:
  before: [hooks/mark.yml, web]
  after: [agent]
  after_sysprep: [hooks/mark.yml]
"""
)


def make_hooks(images: Path) -> None:
    make_files(images / "web", "hooks/files/motd")
    (images / "web" / "hooks" / "mark.yml").write_text("- include_role: {name: agent}\n- include_tasks: more.yml\n")
    make_files(images / "web", "hooks/more.yml")
    make_files(images.parent / "roles", "agent/tasks/main.yml")


def test_hooks_are_content_and_known_by_name_and_place(images: Path) -> None:
    write(images, HOOKED)
    make_hooks(images)
    definition = load(images)
    mark = str(images / "web" / "hooks" / "mark.yml")
    assert definition["hook_names"] == {
        "before": ["hooks/mark.yml", "web"],
        "after": ["agent"],
        "after_sysprep": ["hooks/mark.yml"],
    }
    assert definition["hooks"]["before"] == [{"name": "hooks/mark.yml", "run": mark}, {"name": "web", "run": "web"}]
    content = definition["content"]
    own = [str(images / "web" / "hooks")]
    assert content["hook before hooks/mark.yml"] == content["hook after_sysprep hooks/mark.yml"] == own
    assert content["hook after agent"] == content["role agent"] == [str(images.parent / "roles" / "agent")]


def test_what_the_apache_template_tests_with_counts(images: Path) -> None:
    apache = SCHEMA.parents[3] / "playbooks" / "images" / "apache"
    assert "/tests/verify.yml" in (apache / "apache.pkr.hcl").read_text()
    around = _load.Around([apache.parent], _load.read_schema(SCHEMA), lambda _role: None)
    content = _load.load_definition("apache", around).definition["content"]
    assert str(apache / "tests") in content["content"]


BESIDE_THE_DEFINITION = """\
- block:
    - copy: {src: seal.conf, dest: /etc/seal.conf}
    - copy: src=seal.key dest=/etc/seal.key
- copy: {src: files/motd, dest: /etc/motd}
- copy: {src: "{{ which }}", dest: /etc/x}
- copy: {src: /etc/hostname, dest: /etc/x, remote_src: true}
- copy: {src: gone, dest: /etc/x}
- copy: {src: ../web/, dest: /srv}
"""


def test_a_hook_beside_the_definition_counts_with_what_it_names(images: Path) -> None:
    write(images, SMALLEST + "hooks: {after: [seal.yml]}\n")
    make_files(images / "web", "seal.conf", "seal.key", "files/motd", "other.conf")
    (images / "web" / "seal.yml").write_text(BESIDE_THE_DEFINITION)
    files = [str(images / "web" / name) for name in ("seal.yml", "files", "seal.conf", "seal.key")]
    assert load(images)["content"]["hook after seal.yml"] == files


def test_what_is_above_the_definition_does_not_count_with_a_hook(images: Path) -> None:
    write(images, SMALLEST + "hooks: {after: [../seal.yml]}\n")
    make_files(images, "seal.conf", "other.conf")
    (images / "seal.yml").write_text("- copy: {src: seal.conf, dest: /etc/seal.conf}\n")
    files = [str(images / name) for name in ("seal.yml", "seal.conf")]
    assert load(images)["content"]["hook after ../seal.yml"] == files


def test_hooks_of_all_images_come_first_and_last(images: Path) -> None:
    write(images, HOOKED)
    make_hooks(images)
    definition = load(images, all_hooks={"before": ["agent"], "after": ["web", str(images / "web/hooks/more.yml")]})
    assert definition["hook_names"]["before"] == ["agent", "hooks/mark.yml", "web"]
    assert definition["hook_names"]["after"] == ["agent", "web", "more.yml"]


def test_mistakes_in_hooks_of_all_images(images: Path) -> None:
    write(images, SMALLEST)
    for hooks, message in (
        ({"befor": ["x"]}, "golden_hooks: befor: unknown key; did you mean before?"),
        ({"before": "x"}, "golden_hooks: before: expected a list, found a text"),
        ({"before": ["gone"]}, "golden_hooks: before[0]: there is no role gone"),
    ):
        with pytest.raises(DefinitionError) as caught:
            load(images, all_hooks=t.cast(t.Any, hooks))
        assert str(caught.value).startswith(message)
    write(images, "template: packer\n")
    make_files(images / "web", "packer/a.pkr.hcl")
    with pytest.raises(DefinitionError, match="golden_hooks: web has a template of its own, where they cannot run"):
        load(images, all_hooks={"before": ["web"]})


def test_late_hooks_need_sysprep(images: Path) -> None:
    text = SMALLEST.replace("roles: [web]", "playbook: play.yml") + "hooks: {after: [web]}\n"
    write(images, text)
    (images / "web" / "play.yml").write_text("- hosts: all\n  roles: [web]\n")
    with pytest.raises(DefinitionError) as caught:
        load(images)
    assert str(caught.value).startswith(
        "images/web/image.yml:5: provision.playbook: hooks.after (web) runs in the role"
    )
    (images / "web" / "play.yml").write_text("- hosts: all\n  roles: [web, golden.ami.sysprep]\n")
    assert load(images)["hook_names"] == {"after": ["web"]}
