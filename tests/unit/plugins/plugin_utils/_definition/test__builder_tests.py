# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The suites of a definition that run on the builder: which can, and which of their files decide about a build."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.golden.ami.plugins.plugin_utils._definition import _builder_tests, _load
from ansible_collections.golden.ami.plugins.plugin_utils._definition._source import DefinitionError

SCHEMA = _load.read_schema(Path(__file__).parents[5] / "roles" / "image" / "files" / "image.schema.json")
BASE = "base: {id: ami-12345678}\n"
ROLES = f"{BASE}provision: {{roles: [web]}}\n"
SUITES = """\
tests:
  suites:
  - {engine: goss, path: tests/goss.yaml, run_on: [builder, instance]}
  - {engine: testinfra, path: tests/test_web.py}
"""


@pytest.fixture
def image(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The directory of an image with tests, and a role."""
    monkeypatch.chdir(tmp_path)
    directory = tmp_path / "images" / "web"
    (directory / "tests").mkdir(parents=True)
    for name in ("goss.yaml", "more.yaml", "test_web.py"):
        (directory / "tests" / name).touch()
    (tmp_path / "roles" / "web" / "tasks").mkdir(parents=True)
    return directory


def load(image: Path, text: str) -> _load.Definition:
    (image / "image.yml").write_text(text)
    roles = image.parents[1] / "roles"

    def find_role(name: str) -> Path | None:
        return roles / "web" if name in ("web", "golden.ami.sysprep") else None

    return _load.load_definition("web", _load.Around([image.parent], SCHEMA, find_role)).definition


def mistake(image: Path, text: str) -> str:
    with pytest.raises(DefinitionError) as caught:
        load(image, text)
    return str(caught.value)


def test_those_that_run_there(image: Path) -> None:
    tests = load(image, ROLES + SUITES)["tests"]
    assert [suite["name"] for suite in _builder_tests.of_builder(tests)] == ["goss"]


def test_without_tests_there_are_no_suites(image: Path) -> None:
    definition = load(image, ROLES)
    assert definition["tests"]["suites"] == []
    assert not [part for part in definition["content"] if part.startswith("test ")]


def test_what_is_at_hand_for_a_suite_of_the_builder_counts_and_other_suites_do_not(image: Path) -> None:
    """A test that gates a build is a reason to build; one that is for instances is a reason to test."""
    content = load(image, ROLES + SUITES)["content"]
    assert content["test goss"] == [str(image / "tests" / name) for name in ("goss.yaml", "more.yaml")]
    assert [part for part in content if part.startswith("test ")] == ["test goss"]


def test_a_directory_counts_as_a_whole(image: Path) -> None:
    content = load(image, f"{ROLES}tests: {{suites: [{{engine: goss, path: tests, run_on: [builder]}}]}}\n")["content"]
    assert content["test tests"] == [str(image / "tests")]


@pytest.mark.parametrize("where", ["instance", "builder"])
def test_beside_a_playbook_a_suite_is_no_part_of_it(image: Path, where: str) -> None:
    for name in ("playbook.yml", "goss.yaml", "motd"):
        (image / name).write_text("- roles: [golden.ami.sysprep]\n")
    suites = f"tests: {{suites: [{{engine: goss, path: goss.yaml, run_on: [{where}]}}]}}\n"
    content = load(image, f"{BASE}provision: {{playbook: playbook.yml}}\n{suites}")["content"]
    assert content["playbook"] == [str(image / "motd"), str(image / "playbook.yml")]
    assert ("test goss" in content) == (where == "builder")


def test_beside_a_template_of_ones_own_a_suite_for_instances_does_not_count(image: Path) -> None:
    (image / "web.pkr.hcl").touch()
    (image / "script.sh").touch()
    (image / "goss.yaml").touch()
    suites = "tests: {suites: [{engine: goss, path: goss.yaml}]}\n"
    assert load(image, f"template: web.pkr.hcl\n{suites}")["content"] == {"files": [str(image / "script.sh")]}


@pytest.mark.parametrize(
    ("provision", "told"),
    [
        ("template: web.pkr.hcl\n", "tests.suites[0].run_on: does not go with template: call the module"),
        (
            f"{BASE}provision: {{playbook: playbook.yml}}\n",
            "tests.suites[0].run_on: suites on the builder run at the start of the role golden.ami.sysprep, which this playbook",
        ),
        (ROLES, "tests.suites[0].run_on: inspec does not run on the builder: goss, testinfra, ansible do"),
    ],
)
def test_what_would_not_run_on_the_builder_is_refused(image: Path, provision: str, told: str) -> None:
    (image / "web.pkr.hcl").touch()
    (image / "playbook.yml").write_text("- roles: [web]\n")
    suites = SUITES.replace("goss,", "inspec,") if provision == ROLES else SUITES
    assert told in mistake(image, provision + suites)
