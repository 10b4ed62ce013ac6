# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Molecule turns red for a role or a scenario that is broken, with the reason, and stays green for one that is not.

All run in copies of the collection, through its own configuration, guard and sequence, on machines that the copies share.
"""

from __future__ import annotations

import collections.abc as c
import dataclasses
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from harness.cloud import CHECKOUT, FOREIGN, Run, run

SMALL = Path(__file__).parent / "small"
SCENARIOS = Path("extensions") / "molecule"
# Each uses up a machine: what is generalised cannot be again.
FIRST, SECOND = "debian-12", "debian-13"


def copy_collection(root: Path) -> Path:
    """A copy of the collection with a small role and its scenario, where Ansible finds it below *root*."""
    copy = root / "ansible_collections" / "golden" / "ami"
    told = subprocess.run(["git", "ls-files", "-z"], cwd=CHECKOUT, check=True, capture_output=True, text=True).stdout
    for name in filter(None, told.split("\0")):
        if (CHECKOUT / name).is_file() and not name.startswith("tests/"):
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(CHECKOUT / name, copy / name)
    shutil.copytree(SMALL / "role", copy / "roles" / "small")
    shutil.copytree(SMALL / "scenario", copy / SCENARIOS / "small")
    return copy


@dataclasses.dataclass
class Machines:
    """Two machines that a whole copy launched, for all the runs."""

    base: Path
    state: str

    def molecule(self, copy: Path, *arguments: str, cwd: Path | None = None) -> Run:
        """Molecule, as it is typed in a copy."""
        kept = {key: value for key, value in os.environ.items() if not FOREIGN.match(key)}
        environment = {
            **kept,
            "PATH": f"{Path(sys.executable).parent}:{kept['PATH']}",
            "ANSIBLE_COLLECTIONS_PATH": str(copy.parents[2]),
            "MOLECULE_EPHEMERAL_DIRECTORY": str(self.base / "ephemeral"),
            "XDG_STATE_HOME": str(self.base / "state"),
            "NO_COLOR": "1",
        }
        return run([sys.executable, "-m", "molecule", *arguments], cwd or copy, environment)

    def test(self, copy: Path, scenario: str, *, machine: str = FIRST, cwd: Path | None = None) -> Run:
        """``molecule test`` of one scenario on a machine that is there already."""
        # Each run sees to it that the next one launches new machines.
        (self.base / "ephemeral" / "state.yml").write_text(self.state)
        limit = f"--limit={machine},localhost"
        return self.molecule(copy, "test", "--destroy=never", "--scenario-name", scenario, "--", limit, cwd=cwd)


def words(run: Run) -> str:
    """The output on one line, without colours and the borders that Molecule draws."""
    plain = re.sub(r"\x1b\[[0-9;]*m", "", run.output)
    return " ".join(re.sub(r"^\s*│", "", plain, flags=re.MULTILINE).split())


@pytest.fixture(scope="module")
def machines(tmp_path_factory: pytest.TempPathFactory) -> c.Iterator[Machines]:
    base = tmp_path_factory.mktemp("molecule")
    copy = copy_collection(base / "whole")
    made = Machines(base, "")
    created = made.molecule(copy, "create", "--scenario-name", "default")
    try:
        assert created.rc == 0, created.output
        made.state = (base / "ephemeral" / "state.yml").read_text()
        assert "created: true" in made.state
        yield made
    finally:
        destroyed = made.molecule(copy, "destroy", "--scenario-name", "default")
        left = list((base / "state").rglob("*.json"))
    assert destroyed.rc == 0, destroyed.output
    assert left == []


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    return copy_collection(tmp_path)


def change(file: Path, old: str, new: str) -> None:
    """Break one thing."""
    text = file.read_text()
    assert text.count(old) == 1, f"{old!r} is {text.count(old)} times in {file.name}"
    file.write_text(text.replace(old, new))


def test_an_unbroken_copy_is_green(machines: Machines, copy: Path) -> None:
    run = machines.test(copy, "small")
    assert run.rc == 0, run.output
    for step in ("check", "side_effect", "converge", "idempotence", "verify"):
        assert f"small > {step}: Executed: Successful" in words(run), run.output
    assert str(copy) in run.output


def test_a_role_that_is_not_idempotent_is_red(machines: Machines, copy: Path) -> None:
    with (copy / "roles" / "small" / "tasks" / "main.yml").open("a") as tasks:
        tasks.write("\n- name: Shout\n  ansible.builtin.command:\n    argv: ['true']\n  changed_when: true\n")
    run = machines.test(copy, "small")
    assert run.rc != 0, run.output
    assert "Idempotence test failed because of the following tasks:" in words(run)
    assert "golden.ami.small : Shout" in words(run)


def test_a_role_that_writes_in_check_mode_is_red(machines: Machines, copy: Path) -> None:
    with (copy / "roles" / "small" / "tasks" / "main.yml").open("a") as tasks:
        tasks.write("  check_mode: false\n")
    run = machines.test(copy, "small")
    assert run.rc != 0, run.output
    assert "molecule_there.stdout | length == 0" in words(run)


def test_a_scenario_that_matches_no_host_is_red(machines: Machines, copy: Path) -> None:
    change(copy / SCENARIOS / "small" / "converge.yml", "hosts: machines", "hosts: nobody")
    run = machines.test(copy, "small")
    assert run.rc != 0, run.output
    assert "Could not match supplied host pattern" in words(run)


def test_an_inventory_without_machines_is_red(machines: Machines, copy: Path) -> None:
    change(copy / SCENARIOS / "inventory.yml", "        debian-12:\n        debian-13:\n", "")
    run = machines.test(copy, "small", machine="localhost")
    assert run.rc != 0, run.output
    assert "There are no machines to test" in words(run)


def test_a_run_from_another_directory_is_red(machines: Machines, copy: Path) -> None:
    run = machines.test(copy, "small", machine="localhost", cwd=copy / "extensions")
    assert run.rc != 0, run.output
    assert "There are no machines to test. Run molecule from the root of the collection." in words(run)


def test_what_sysprep_does_not_remove_is_red(machines: Machines, copy: Path) -> None:
    program = copy / "roles" / "sysprep" / "files" / "golden_sysprep.py"
    change(
        program, 'Topic("mail", paths("/var/mail/*"), remove)', 'Topic("mail", paths("/var/mail/*"), lambda _: None)'
    )
    run = machines.test(copy, "sysprep", machine=FIRST)
    assert run.rc != 0, run.output
    assert "things on this machine must not be in an image: mail: /var/mail/root" in words(run)


def test_what_sysprep_neither_removes_nor_looks_for_is_red(machines: Machines, copy: Path) -> None:
    program = copy / "roles" / "sysprep" / "files" / "golden_sysprep.py"
    change(program, 'paths("/var/mail/*")', 'paths("/var/mail/nobody")')
    run = machines.test(copy, "sysprep", machine=SECOND)
    assert run.rc != 0, run.output
    assert "Assert that none is left" in words(run)
    assert "These are left: /var/mail/root" in words(run)


def without_guard(scenarios: Path) -> list[str]:
    """Playbooks of scenarios that could be green without a machine."""
    books = [book for name in ("converge", "side_effect", "verify") for book in sorted(scenarios.glob(f"*/{name}.yml"))]
    guard = re.compile(r"\A---\n(#.*\n)+\n- name: .*\n  ansible\.builtin\.import_playbook: \.\./guard\.yml\n")
    return [f"{book.parent.name}/{book.name}" for book in books if not guard.match(book.read_text())]


def test_every_playbook_begins_with_the_guard(copy: Path) -> None:
    scenarios = copy / SCENARIOS
    assert without_guard(scenarios) == []
    change(scenarios / "common" / "verify.yml", "import_playbook: ../guard.yml", "import_playbook: ../restart.yml")
    assert without_guard(scenarios) == ["common/verify.yml"]
