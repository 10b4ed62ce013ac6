# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The role itself, by ansible-playbook, on an empty home and a release site on loopback."""

from __future__ import annotations

import hashlib
import json
import os
import platform
import subprocess
import sys
import typing as t
from pathlib import Path

import pytest
from toolchain_fakes import FILES, Key, Site

pytestmark = pytest.mark.skipif(platform.machine() != "x86_64", reason="the site on loopback serves linux_amd64 only")

PLAY = """\
- name: Bring Packer
  hosts: localhost
  connection: local
  gather_facts: false
  roles:
    - role: golden.ami.packer
  post_tasks:
    - name: Write the facts down
      ansible.builtin.copy:
        content: "{{ dict(packer_executable=packer_executable, path=packer_plugin_path, versions=packer_versions) }}"
        dest: "{{ facts }}"
        mode: "0600"
      check_mode: false
      changed_when: false
"""

GOSS = """\
- name: Bring goss
  hosts: localhost
  connection: local
  gather_facts: false
  tasks:
    - name: Bring it
      ansible.builtin.include_role:
        name: golden.ami.packer
        tasks_from: goss

    - name: Write the fact down
      ansible.builtin.copy:
        content: "{{ {'goss': packer_goss} }}"
        dest: "{{ facts }}"
        mode: "0600"
      check_mode: false
      changed_when: false
"""


class Run(t.NamedTuple):
    code: int
    output: str
    facts: dict[str, t.Any]

    @property
    def changed(self) -> bool:
        return "changed=0" not in self.output


@pytest.fixture
def play(tmp_path: Path, site: Site, keys: tuple[Key, Key]) -> t.Callable[..., Run]:
    lock = json.loads((FILES / "packer.lock.json").read_text(encoding="utf-8"))
    lock["release"] |= {"key_file": str(keys[0].public), "key_fingerprint": keys[0].fingerprint}
    (tmp_path / "lock.json").write_text(json.dumps(lock), encoding="utf-8")
    (tmp_path / "play.yml").write_text(PLAY, encoding="utf-8")
    (tmp_path / "goss.yml").write_text(GOSS, encoding="utf-8")
    home = tmp_path / "home"
    home.mkdir()

    def run(*arguments: str, playbook: str = "play.yml", **variables: str) -> Run:
        given = {
            "__packer_lock_file": str(tmp_path / "lock.json"),
            "packer_release_url": site.url,
            "ansible_python_interpreter": sys.executable,
            "facts": str(tmp_path / "facts.json"),
            **variables,
        }
        env = {key: value for key, value in os.environ.items() if not key.startswith(("XDG_", "ANSIBLE_", "PACKER_"))}
        env |= {key: value for key, value in os.environ.items() if key == "ANSIBLE_COLLECTIONS_PATH"}
        answer = subprocess.run(
            [sys.executable, "-m", "ansible", "playbook", "-i", "localhost,", playbook, "-e", json.dumps(given)]
            + list(arguments),
            cwd=tmp_path,
            env={**env, "HOME": str(home), "PATH": "/usr/bin:/bin", "ANSIBLE_NOCOLOR": "1"},
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        facts = tmp_path / "facts.json"
        return Run(
            answer.returncode, answer.stdout + answer.stderr, json.loads(facts.read_text()) if facts.exists() else {}
        )

    return run


def test_first_check_then_install_then_nothing_to_do(play: t.Callable[..., Run], tmp_path: Path) -> None:
    cache = tmp_path / "home" / ".cache" / "golden.ami" / "packer"

    check = play("--check")
    assert check.code == 0, check.output
    assert check.changed
    assert "would be installed from HashiCorp's release" in check.output
    assert not cache.exists()

    first = play()
    assert first.code == 0, first.output
    assert first.changed
    assert "  Downloading the amazon plugin 1.8.2: done in" in first.output
    assert first.facts == check.facts
    assert Path(first.facts["packer_executable"]).is_relative_to(cache)
    assert first.facts["versions"] == {"packer": "1.16.0", "amazon": "1.8.2", "ansible": "1.0.3"}

    for arguments in ((), ("--check",)):
        again = play(*arguments)
        assert (again.code, again.changed, again.facts) == (0, False, first.facts), again.output

    Path(first.facts["packer_executable"]).unlink()
    assert play().changed


def test_what_cannot_be_is_told(play: t.Callable[..., Run]) -> None:
    run = play(packer_method="system")
    assert run.code != 0
    assert "Packer 1.16.0 cannot be brought here:" in run.output
    assert "Traceback" not in run.output


def test_a_wrong_method_is_refused_before_anything(play: t.Callable[..., Run]) -> None:
    run = play(packer_method="magic")
    assert run.code != 0
    assert "value of packer_method must be one of: auto, release, source, system" in run.output


def test_goss_comes_alone_and_for_the_architecture_that_is_tested(
    play: t.Callable[..., Run], site: Site, tmp_path: Path
) -> None:
    binary = site.root / "v0.4.9" / "goss-linux-arm64"
    binary.parent.mkdir()
    binary.write_text("runs elsewhere")
    lock = json.loads((FILES / "goss.lock.json").read_text(encoding="utf-8"))
    lock["release"]["sha256"] = {"linux_arm64": hashlib.sha256(binary.read_bytes()).hexdigest()}
    (tmp_path / "goss.json").write_text(json.dumps(lock), encoding="utf-8")
    given = {
        "__packer_goss_lock_file": str(tmp_path / "goss.json"),
        "packer_goss_release_url": site.url,
        "packer_goss_architecture": "arm64",
    }
    cache = tmp_path / "home" / ".cache" / "golden.ami" / "packer"

    check = play("--check", playbook="goss.yml", **given)
    assert check.code == 0, check.output
    assert (check.changed, cache.exists()) == (True, False)
    first = play(playbook="goss.yml", **given)
    assert first.code == 0, first.output
    assert "goss 0.4.9: installed from its release" in first.output
    assert Path(first.facts["goss"]).read_text() == "runs elsewhere"
    assert first.facts == check.facts
    again = play(playbook="goss.yml", **given)
    assert (again.code, again.changed, again.facts) == (0, False, first.facts), again.output
    assert "Install goss" not in again.output
    assert [path.name for path in cache.iterdir() if path.name != ".lock"] == [Path(first.facts["goss"]).parts[-3]]
