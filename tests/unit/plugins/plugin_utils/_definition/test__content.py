# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The roles that a playbook uses are found wherever Ansible lets one name them."""

from __future__ import annotations

from pathlib import Path

from ansible_collections.golden.ami.plugins.plugin_utils._definition._content import roles_of_playbook

PLAYBOOK = """\
- hosts: all
  roles:
    - plain
    - role: mapped
    - {role: "{{ templated }}"}
  pre_tasks:
    - block:
        - ansible.builtin.include_role:
            name: in_block
      rescue:
        - import_role: {name: in_rescue}
  vars:
    secret: !vault |
      $ANSIBLE_VAULT;1.1;AES256
  tasks:
    - ansible.builtin.import_tasks: ../tasks/more.yml
    - include_tasks: {file: "{{ later }}.yml"}
  vars_files: [../vars.yml]
- import_playbook: second.yml
"""


def make_role(root: Path, name: str, *, tasks: str = "[]", meta: str = "{}") -> None:
    for directory, text in (("tasks", tasks), ("meta", meta)):
        (root / name / directory).mkdir(parents=True)
        (root / name / directory / "main.yml").write_text(text)


def test_roles_are_followed_through_plays_blocks_dependencies_and_tasks(tmp_path: Path) -> None:
    make_role(tmp_path, "plain", meta="dependencies: [{role: depended}]")
    make_role(tmp_path, "mapped", tasks="- include_role: {name: included}")
    for name in ("depended", "in_block", "in_rescue", "second"):
        make_role(tmp_path, name)
    make_role(tmp_path, "included", meta="dependencies: [mapped]")  # a circle ends
    make_role(tmp_path, "of_file")
    (tmp_path / "spelt" / "tasks").mkdir(parents=True)
    (tmp_path / "spelt" / "tasks" / "main.yaml").write_text("- include_role: {name: of_file}")
    (tmp_path / "image").mkdir()
    (tmp_path / "tasks").mkdir()
    (tmp_path / "vars.yml").write_text("{}")
    (tmp_path / "tasks" / "more.yml").write_text("- include_tasks: deeper.yml")
    (tmp_path / "tasks" / "deeper.yml").write_text("- include_role: {name: spelt}")
    (tmp_path / "image" / "play.yml").write_text(PLAYBOOK)
    (tmp_path / "image" / "second.yml").write_text("- hosts: all\n  roles: [second, gone]\n")

    def find_role(name: str) -> Path | None:
        return tmp_path / name if (tmp_path / name).is_dir() else None

    roles = roles_of_playbook(tmp_path / "image" / "play.yml", find_role)

    named = {"plain", "depended", "mapped", "included", "in_block", "in_rescue", "second"}
    assert set(roles.paths) == named | {"spelt", "of_file"}
    assert roles.missing == ["gone"]
    assert roles.templated == ["{{ templated }}", "{{ later }}.yml"]
    read = {str(path.relative_to(tmp_path)) for path in roles.files}
    assert read == {"image/play.yml", "image/second.yml", "tasks/more.yml", "tasks/deeper.yml", "vars.yml"}
