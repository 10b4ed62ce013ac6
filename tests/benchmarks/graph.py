# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Four images on a shared base, each WordPress with something beside it: what one changed leaf costs, against all four.

What a play costs besides builds (some 5 s, and 2 s to see that an image needs none) is the same for images of any size.
"""

from __future__ import annotations

from pathlib import Path

from harness.cloud import Cloud
from promise import Promise, say, timed

LEAVES = {"proxy": "nginx-light", "cache": "redis-server", "store": "sqlite3", "queue": "mosquitto"}

BASE = """\
---
base:
  ssm_parameter: /aws/service/debian/release/12/latest/amd64
provision:
  roles: [golden.ami.common]
"""
LEAF = """\
---
base:
  image: base
provision:
  roles: [golden.ami.wordpress, {name}]
"""
TASKS = """\
---
- name: Install the service
  ansible.builtin.apt:
    name: {package}
    update_cache: true
"""


def lay_out(directory: Path) -> None:
    """A user's directory: an image ``base``, four on it, and a role for each of those."""
    definitions = {"base": BASE, **{name: LEAF.format(name=name) for name in LEAVES}}
    for name, text in definitions.items():
        (directory / "images" / name).mkdir(parents=True)
        (directory / "images" / name / "image.yml").write_text(text)
    for name, package in LEAVES.items():
        (directory / "roles" / name / "tasks").mkdir(parents=True)
        (directory / "roles" / name / "tasks" / "main.yml").write_text(TASKS.format(package=package))


def change(directory: Path, leaf: str) -> None:
    tasks = directory / "roles" / leaf / "tasks" / "main.yml"
    tasks.write_text(tasks.read_text() + "    install_recommends: false\n")


def build(cloud: Cloud, directory: Path, names: list[str]) -> float:
    """Seconds that one command for these images takes."""
    seconds, run = timed(lambda: cloud.play("build_ami.yml", "-e", f"image={','.join(names)}", cwd=directory))
    if run.rc != 0:
        raise SystemExit(run.output)
    return float(seconds)


def measure_graph(cloud: Cloud) -> list[Promise]:
    directory = cloud.home / "graph"
    lay_out(directory)
    leaves = list(LEAVES)
    say("a shared base")
    build(cloud, directory, ["base"])
    four = build(cloud, directory, leaves)
    change(directory, leaves[0])
    one = build(cloud, directory, leaves)
    nothing = build(cloud, directory, leaves)
    say(f"four images on a shared base: {four:.1f} s; one of them changed: {one:.1f} s; none: {nothing:.1f} s")
    return [
        Promise("four images on a shared base, one changed / all four built", one / four, 0.30),
        Promise("four images on a shared base, none changed / all four built", nothing / four, 0.10),
    ]
