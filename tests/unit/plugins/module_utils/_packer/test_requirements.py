# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a Galaxy requirements file asks for, read as ansible-galaxy reads it."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible.playbook.role.requirement import RoleRequirement
from ansible_collections.golden.ami.plugins.module_utils._packer.errors import PackerError
from ansible_collections.golden.ami.plugins.module_utils._packer.requirements import Entry, read_requirements, shown

BOTH = """\
---
roles:
  - geerlingguy.nginx
  - name: geerlingguy.php
    version: 5.0.0
  - {src: "git+https://host/ansible-role-web.git", version: v2}
  - {src: "https://host/role.tar.gz", name: site}
  - git+https://host/other.git,v3,third
collections:
  - community.general
  - name: community.crypto:2.0.0
  - {name: amazon.aws, version: ">=10", source: "https://galaxy.example.org"}
  - {name: "git+file:///srv/unnamed.git", type: git, version: main}
  - {name: own.tools, type: git, source: "https://host/tools.git"}
  - {name: ./golden-base-1.2.0.tar.gz, type: file}
"""


def entries(tmp_path: Path, text: str) -> list[Entry]:
    file = tmp_path / "requirements.yml"
    file.write_text(text)
    return list(read_requirements(str(file)).entries)


def test_roles_and_collections(tmp_path: Path) -> None:
    assert entries(tmp_path, BOTH) == [
        Entry("role", "geerlingguy.nginx", "geerlingguy.nginx"),
        Entry("role", "geerlingguy.php", "geerlingguy.php", "5.0.0"),
        Entry("role", "ansible-role-web", "git+https://host/ansible-role-web.git", "v2"),
        Entry("role", "site", "https://host/role.tar.gz"),
        Entry("role", "third", "git+https://host/other.git", "v3"),
        Entry("collection", "community.general", "community.general"),
        Entry("collection", "community.crypto", "community.crypto:2.0.0", "2.0.0"),
        Entry("collection", "amazon.aws", "amazon.aws", ">=10"),
        Entry("collection", None, "git+file:///srv/unnamed.git", "main"),
        Entry("collection", "own.tools", "https://host/tools.git"),
        Entry("collection", "golden.base", "./golden-base-1.2.0.tar.gz"),
    ]


@pytest.mark.parametrize(
    "entry",
    [
        "geerlingguy.nginx",
        "git+https://host/other.git,v3,third",
        {"name": "geerlingguy.php", "version": "5.0.0"},
        {"src": "git+https://host/ansible-role-web.git"},
        {"src": "https://host/a-role.tar.gz"},
        {"src": "git@host:group/role.git", "name": "own", "scm": "git"},
    ],
)
def test_roles_are_called_as_ansible_galaxy_calls_them(tmp_path: Path, entry: str | dict[str, str]) -> None:
    theirs = RoleRequirement.role_yaml_parse(entry if isinstance(entry, str) else dict(entry))
    (ours,) = entries(tmp_path, f"roles: [{entry!r}]".replace("'", '"'))
    assert ours.name == theirs["name"]


def test_a_list_is_of_roles(tmp_path: Path) -> None:
    assert entries(tmp_path, "- src: web\n") == [Entry("role", "web", "web")]


def test_what_is_included_and_what_is_on_this_machine_counts(tmp_path: Path) -> None:
    (tmp_path / "more").mkdir()
    (tmp_path / "more" / "roles.yml").write_text("- src: ./role.tar.gz\n  name: packed\n")
    (tmp_path / "more" / "role.tar.gz").write_text("")
    (tmp_path / "requirements.yml").write_text(
        "roles:\n  - include: more/roles.yml\n  - {src: ./gone.tar.gz, name: gone}\n"
    )
    found = read_requirements(str(tmp_path / "requirements.yml"))
    assert [entry.name for entry in found.entries] == ["packed", "gone"]
    assert [str(file.relative_to(tmp_path)) for file in found.files] == [
        "requirements.yml",
        "more/roles.yml",
        "more/role.tar.gz",
    ]


def test_archives_beside_the_file_count_without_a_slash(tmp_path: Path) -> None:
    for name in ("common.tar.gz", "acme-web-1.0.0.tar.gz", "plain"):
        (tmp_path / name).write_text("")
    (tmp_path / "directory.tar.gz").mkdir()
    (tmp_path / "requirements.yml").write_text(
        "roles:\n  - {src: common.tar.gz, name: common}\n  - plain\n  - directory.tar.gz\n  - gone.tar.gz\n"
        "collections:\n  - name: acme-web-1.0.0.tar.gz\n"
    )
    found = read_requirements(str(tmp_path / "requirements.yml"))
    assert [file.name for file in found.files] == ["requirements.yml", "common.tar.gz", "acme-web-1.0.0.tar.gz"]
    assert [entry.name for entry in found.of("collection")] == ["acme.web"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("git+https://user:TOKEN@host/x.git", "git+https://********@host/x.git"),
        ("https://TOKEN@host/x.git and ssh://a:b@c@d/e", "https://********@host/x.git and ssh://********@d/e"),
        ("ssh://git@host/x.git git@host:x.git", "ssh://git@host/x.git git@host:x.git"),
        ("https://host/a@b.git 'https://host', me@example.org", "https://host/a@b.git 'https://host', me@example.org"),
    ],
)
def test_credentials_in_urls_are_not_shown(text: str, expected: str) -> None:
    assert shown(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "roles: [{src: 'https://user:TOKEN@host/'}]",
        "roles: [{include: 'https://user:TOKEN@host/roles.yml'}]",
        "roles: ['https://user:TOKEN@host/x.git' 'x']",
    ],
)
def test_no_mistake_shows_credentials(tmp_path: Path, text: str) -> None:
    with pytest.raises(PackerError) as raised:
        entries(tmp_path, text)
    assert "TOKEN" not in str(raised.value)


def test_what_an_entry_is_called_shows_no_credentials() -> None:
    role = Entry("role", "web", "git+https://user:TOKEN@host/web.git", "v1")
    collection = Entry("collection", None, "git+https://user:TOKEN@host/web.git")
    assert role.text == "role web (v1, git+https://********@host/web.git)"
    assert collection.text == "collection git+https://********@host/web.git"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("roles: [", "is not valid YAML"),
        ("", "expected a list of roles, or the keys roles and collections only"),
        ("role: []", "expected a list of roles, or the keys roles and collections only"),
        ("roles: web", "roles must be a list, got str"),
        ("roles: [web, 7]", "role 2 must be a name, or a dictionary"),
        ("collections: [[]]", "collection 1 must be a name, or a dictionary"),
        ("roles: [{version: 1}]", "role 1"),
        ("collections: [{version: 1}]", "collection 1 has no name"),
        ("roles: [{include: requirements.yml}]", "is included twice, or includes itself"),
    ],
)
def test_mistakes_name_the_file(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(PackerError, match="requirements.yml") as raised:
        entries(tmp_path, text)
    assert told in str(raised.value)


def test_an_archive_without_a_name_is_refused_for_its_role_could_not_be_called(tmp_path: Path) -> None:
    (tmp_path / "role.tar.gz").write_text("")
    with pytest.raises(PackerError, match=r"role 1 \(./role.tar.gz\) has no name"):
        entries(tmp_path, "- src: ./role.tar.gz\n")


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(PackerError, match=r"gone.yml cannot be read: No such file"):
        read_requirements(str(tmp_path / "gone.yml"))
