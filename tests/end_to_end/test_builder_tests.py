# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tests on the builder: what fails there makes no AMI and leaves nothing; a changed one is a reason to build."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from harness.cloud import Cloud, Run

IMAGE = """\
---
base: {ssm_parameter: /aws/service/debian/release/12/latest/amd64}
provision:
  roles: [web]
  variables:
    greeting: hello
hooks:
  after_sysprep: [hooks/nothing-left.yml]
tests:
  suites:
    - {engine: goss, path: tests/goss.yaml, run_on: [builder, instance]}
    - {engine: testinfra, path: tests/test_web.py, run_on: [builder]}
    - {engine: ansible, path: tests/verify.yml, run_on: [builder]}
    - {engine: testinfra, path: tests/test_later.py}
"""
FILES = {
    "images/web/image.yml": IMAGE,
    "images/web/hooks/nothing-left.yml": """\
- name: Look for what the tests brought
  ansible.builtin.find:
    paths: /usr/local/lib
    patterns: ["*golden-test*", "*goss*"]
    file_type: any
    recurse: true
  register: left
- name: Nothing of it is in the image
  ansible.builtin.assert:
    that: left.matched == 0
""",
    "images/web/tests/goss.yaml": "file:\n  /etc/greeting:\n    exists: true\n    contents: ['{{ .Vars.greeting }}']\n",
    "images/web/tests/test_web.py": """\
def test_greeting(host, golden_variables):
    assert host.file("/etc/greeting").content_string == golden_variables["greeting"] + "\\n"
""",
    "images/web/tests/verify.yml": """\
- name: Verify
  hosts: default
  become: true
  gather_facts: false
  tasks:
    - name: Greeting
      ansible.builtin.command: grep -qx {{ greeting }} /etc/greeting
      changed_when: false
""",
    "images/web/tests/test_later.py": "def test_later(host):\n    assert False\n",
    "roles/web/tasks/main.yml": """\
- name: Greet
  ansible.builtin.copy:
    content: "{{ greeting }}\\n"
    dest: /etc/greeting
    mode: "0644"
""",
}


def write(home: Path, name: str, text: str) -> None:
    path = home / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def build(cloud: Cloud, home: Path, *more: str) -> Run:
    return cloud.play("build_ami.yml", "-e", "image=web", *more, cwd=home)


@pytest.mark.night
def test_tests_on_the_builder(cloud: Cloud, tmp_path: Path) -> None:
    for name, text in FILES.items():
        write(tmp_path, name, text)

    # One test of goss and one of testinfra fail: no AMI, and nothing is left.
    before = cloud.inventory()
    write(
        tmp_path,
        "images/web/tests/goss.yaml",
        FILES["images/web/tests/goss.yaml"].replace("greeting }}'", "greeting }}!'"),
    )
    write(tmp_path, "images/web/tests/test_web.py", FILES["images/web/tests/test_web.py"].replace('"\\n"', '"!"'))
    failed = build(cloud, tmp_path)
    assert failed.rc != 0
    assert "2 of 4 tests of builder failed: goss: File: /etc/greeting: contents" in failed.words, failed.output
    assert "test_web: test_greeting" in failed.words, failed.output
    assert cloud.inventory() == before
    results = cloud.home / "golden.ami" / "tests" / "web" / "builder"
    bad = {path.name for path in results.glob("*.xml") if list(ET.parse(path).getroot().iter("failure"))}
    assert bad == {"builder-build-goss.xml", "builder-build-test_web.xml"}

    # They are put right: there is an AMI. What asserts about an instance has not run.
    for name in ("images/web/tests/goss.yaml", "images/web/tests/test_web.py"):
        write(tmp_path, name, FILES[name])
    built = build(cloud, tmp_path)
    assert built.rc == 0, built.output
    assert cloud.inventory()["images"] == before["images"] | {built.ami()}
    assert sorted(path.name for path in results.glob("*.xml")) == [
        f"builder-build-{name}.xml" for name in ("goss", "test_web", "verify")
    ]

    # A test for instances is none of the build's business; one for the builder decides about it.
    write(tmp_path, "images/web/tests/test_later.py", "def test_later(host):\n    assert True\n")
    again = build(cloud, tmp_path)
    assert (again.rc, again.recap("changed"), again.ami()) == (0, 0, built.ami()), again.output
    write(tmp_path, "images/web/tests/verify.yml", FILES["images/web/tests/verify.yml"] + "      tags: never\n")
    check = build(cloud, tmp_path, "--check")
    assert "test verify changed (verify.yml)" in check.words, check.output
