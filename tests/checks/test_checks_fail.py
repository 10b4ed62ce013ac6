# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Each check of ./taskw lint finds what is broken on purpose. What is not broken passes in ./taskw lint itself."""

from __future__ import annotations

import collections.abc as c
import os
import subprocess
from pathlib import Path

import actionlint
import documentation
import galaxy_import
import pytest
import sanity
from collection_copy import CHECKOUT
from golden_toolchain.errors import NotAvailable

Replace = c.Callable[[str, str, str], None]

MODULE = "plugins/modules/image_lineage_info.py"


def output_of(command: list[str], directory: Path) -> str:
    """What a check says that must fail."""
    finished = subprocess.run(
        command, cwd=directory, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    assert finished.returncode, finished.stdout
    return finished.stdout


def test_sanity_finds_an_undocumented_option(
    collection: Path, replace: Replace, capfd: pytest.CaptureFixture[str]
) -> None:
    home = sanity.home_of_its_own()
    sanity.prepare(home, Path.home())
    environment = {**os.environ, "HOME": str(home)}
    replace(MODULE, "ARGUMENT_SPEC = {", 'ARGUMENT_SPEC = {"undocumented": {"type": "str"}, ')
    assert sanity.make_environments(collection, environment, ["validate-modules"], home) == 0
    assert sanity.run(collection, environment, ["validate-modules"], [MODULE]) == 1
    assert "undocumented-parameter" in capfd.readouterr().out


def test_the_extra_checks_find_each_thing(collection: Path, replace: Replace) -> None:
    replace("meta/runtime.yml", "    - image_lineage_info\n", "")
    (collection / "plugins" / "modules" / "notes.txt").write_text("not a module\n")
    (collection / "README.md").write_text("trailing \n\n\tindented\n\n```\nno language\n```\n")
    (collection / "roles" / "image" / "tasks" / "hidden.yml").write_text(
        "---\n# a fixed\u00a0space\n", encoding="utf-8"
    )
    said = output_of(["nox", "--no-venv", "-e", "extra-checks"], collection)
    for expected in (
        "module 'image_lineage_info' is not part of 'aws' action group",
        "plugins/modules/notes.txt",
        "found trailing whitespace",
        "found tab",
        "found code block that names no language",
        "hidden.yml",
    ):
        assert expected in said


def test_reuse_finds_a_file_without_licence(collection: Path) -> None:
    (collection / "plugins" / "module_utils" / "_ami" / "unlicensed.py").write_text("GIVEN = 1\n")
    said = output_of(["reuse", "--root", str(collection), "lint", "--lines"], collection)
    assert "unlicensed.py: no license identifier" in said


@pytest.mark.usefixtures("as_galaxy")
def test_documentation_that_refers_to_nothing(
    collection: Path, replace: Replace, capfd: pytest.CaptureFixture[str]
) -> None:
    replace(MODULE, "description:\n  - ", "description:\n  - See M(golden.ami.image_nowhere_info). ")
    assert documentation.check(collection) != 0
    assert "image_nowhere_info" in capfd.readouterr().out


@pytest.mark.usefixtures("as_galaxy")
def test_galaxy_refuses_a_collection_that_needs_no_ansible(
    collection: Path, replace: Replace, capfd: pytest.CaptureFixture[str]
) -> None:
    replace("meta/runtime.yml", 'requires_ansible: ">=2.19.0"', 'requires_ansible: "whatever"')
    assert galaxy_import.check(collection) != 0
    assert "requires_ansible" in capfd.readouterr().out


BROKEN = [
    ("ruff", ["ruff", "check"], "broken.py", "import os\n", "F401"),
    ("form", ["ruff", "format", "--diff"], "broken.py", "x = {  'a':1 }\n", "would be reformatted"),
    ("types", ["mypy"], "broken.py", "def untyped(given):\n    return given\n", "no-untyped-def"),
    ("yaml", ["yamllint", "--strict"], "broken.yml", "---\nmode: 0644\n", "octal"),
    ("shell", ["shellcheck"], "broken.sh", "#!/bin/sh\nrm $1\n", "SC2086"),
    (
        "ansible",
        ["ansible-lint", "--offline", "-q"],
        "playbooks/broken.yml",
        "---\n- name: Break\n  hosts: localhost\n  tasks:\n    - name: Change something\n"
        "      ansible.builtin.command: touch /tmp/x\n",
        "no-changed-when",
    ),
]


@pytest.mark.parametrize(
    ("command", "name", "text", "expected"), [case[1:] for case in BROKEN], ids=[c[0] for c in BROKEN]
)
def test_the_tools_are_strict(collection: Path, command: list[str], name: str, text: str, expected: str) -> None:
    (collection / name).write_text(text)
    assert expected in output_of([*command, name], collection)


def test_a_workflow_that_waits_for_nobody(
    collection: Path, replace: Replace, capfd: pytest.CaptureFixture[str]
) -> None:
    try:
        actionlint.program()
    except NotAvailable as error:
        pytest.skip(str(error))
    assert actionlint.main([str(collection)]) == 0
    replace(".github/workflows/report.yml", "  issue:\n", "  issue:\n    needs: nobody\n")
    assert actionlint.main([str(collection)]) == 1
    assert 'job "issue" needs job "nobody" which does not exist' in capfd.readouterr().out


def test_a_fragment_of_an_unknown_section(collection: Path) -> None:
    (collection / "changelogs" / "fragments" / "broken.yml").write_text("---\nimprovements:\n  - One.\n")
    assert "broken.yml" in output_of(["antsibull-changelog", "lint"], collection)


def test_no_file_of_exceptions() -> None:
    assert not list((CHECKOUT / "tests" / "sanity").glob("ignore*"))
