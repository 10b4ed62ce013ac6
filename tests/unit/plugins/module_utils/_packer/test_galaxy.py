# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Roles and collections of a requirements file, brought by the real ansible-galaxy from sources on this machine."""

from __future__ import annotations

import json
import os
import subprocess
import tarfile
import typing as t
from pathlib import Path

import pytest
from ansible_collections.golden.ami.plugins.module_utils._packer.errors import PackerError
from ansible_collections.golden.ami.plugins.module_utils._packer.galaxy import GalaxyDirectories, Installer
from ansible_collections.golden.ami.plugins.module_utils._packer.process import AncestorWatch, SignalTrap
from ansible_collections.golden.ami.plugins.module_utils._packer.requirements import read_requirements

Install = t.Callable[..., tuple[dict[str, str], list[str]]]


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def role(directory: Path) -> Path:
    write(directory / "tasks" / "main.yml", "---\n[]\n")
    write(
        directory / "meta" / "main.yml", "---\ngalaxy_info: {author: a, description: d, license: l}\ndependencies: []\n"
    )
    return directory


def git(directory: Path, tag: str) -> None:
    who = ["-c", "user.name=Test", "-c", "user.email=test@example.org"]
    for command in (["init", "-q"], ["add", "-A"], [*who, "commit", "-qm", "first"], ["tag", tag]):
        subprocess.run(["git", "-C", str(directory), *command], check=True)


def collection(directory: Path) -> Path:
    """A collection's archive, made by ansible-galaxy."""
    source = directory / "own" / "tools"
    write(source / "galaxy.yml", "namespace: own\nname: tools\nversion: 1.0.0\nreadme: README.md\nauthors: [a]\n")
    write(source / "README.md", "")
    role(source / "roles" / "hello")
    argv = ["ansible-galaxy", "collection", "build", "--output-path", str(directory), str(source)]
    subprocess.run(argv, check=True, capture_output=True)
    return directory / "own-tools-1.0.0.tar.gz"


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Install:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("ANSIBLE_GALAXY_SERVER", "http://127.0.0.1:9")
    monkeypatch.delenv("ANSIBLE_CONFIG", raising=False)
    monkeypatch.chdir(tmp_path)

    def call(
        text: str, timeout: float | None = None, told: list[str] | None = None, **environment: str
    ) -> tuple[dict[str, str], list[str]]:
        file = tmp_path / "image" / "requirements.yml"
        write(file, text)
        told = [] if told is None else told
        (tmp_path / "run").mkdir(exist_ok=True)
        with SignalTrap() as trap:
            installer = Installer(
                read_requirements(str(file)),
                GalaxyDirectories.below(tmp_path / "run"),
                {**os.environ, **environment},
                tmp_path / "run",
                timeout,
                trap,
                AncestorWatch([]),
                told.append,
                lambda line: line.replace("hunter22", "********"),
            )
            return installer.install(), told

    return call


def test_from_an_archive_and_from_a_repository(tmp_path: Path, install: Install) -> None:
    git(role(tmp_path / "greet"), "v1")
    role(tmp_path / "packed")
    (tmp_path / "image").mkdir()
    with tarfile.open(tmp_path / "image" / "packed.tar.gz", "w:gz") as archive:
        archive.add(tmp_path / "packed", "packed")
    collection(tmp_path)
    found, told = install(
        "roles:\n"
        f"  - {{src: 'git+file://{tmp_path}/greet', version: v1}}\n"
        "  - {src: ./packed.tar.gz, name: packed}\n"
        "collections:\n"
        "  - {name: ../own-tools-1.0.0.tar.gz, type: file}\n"
    )
    roles, collections = tmp_path / "run" / "galaxy" / "roles", tmp_path / "run" / "galaxy" / "collections"
    assert sorted(path.name for path in roles.iterdir()) == ["greet", "packed"]
    assert (collections / "ansible_collections" / "own" / "tools" / "roles" / "hello").is_dir()
    assert found["ANSIBLE_ROLES_PATH"].split(":")[:2] == [str(roles), str(tmp_path / ".ansible" / "roles")]
    assert found["ANSIBLE_COLLECTIONS_PATH"].split(":")[:2] == [
        str(collections),
        str(tmp_path / ".ansible" / "collections"),
    ]
    assert told == [
        "Bring the roles of requirements.yml: greet, packed",
        "Brought greet (v1)",
        "Brought packed",
        "Bring the collections of requirements.yml: own.tools",
        "Brought own.tools:1.0.0",
    ]


def test_only_the_kinds_that_the_file_has(tmp_path: Path, install: Install) -> None:
    git(role(tmp_path / "greet"), "v1")
    _found, told = install(f"- src: git+file://{tmp_path}/greet\n")
    assert told[0] == "Bring the roles of requirements.yml: greet"
    assert list((tmp_path / "run" / "galaxy" / "collections").iterdir()) == []


def test_paths_that_are_configured_stay(tmp_path: Path, install: Install) -> None:
    git(role(tmp_path / "greet"), "v1")
    write(tmp_path / "ansible.cfg", "[defaults]\nroles_path = /srv/roles\n")
    found, _told = install(f"- src: git+file://{tmp_path}/greet\n", ANSIBLE_COLLECTIONS_PATH="/srv/collections")
    assert found["ANSIBLE_ROLES_PATH"].split(":")[1:] == ["/srv/roles"]
    assert found["ANSIBLE_COLLECTIONS_PATH"].split(":")[1:] == ["/srv/collections"]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            "- {src: 'git+file://HERE/greet'}\n- {src: 'git+file://HERE/gone', name: gone, version: v9}\n",
            ["role gone (v9, git+file://", "does not appear to be a git repository"],
        ),
        ("- {src: 'git+file://HERE/greet', version: v9}\n", ["role greet (v9, git+file://", "v9"]),
        ("collections:\n  - some.thing\n", ["collection some.thing", "http://127.0.0.1:9"]),
        (
            "collections:\n  - {name: ./gone-away-1.0.0.tar.gz, type: file}\n",
            ["collection gone.away", "gone-away-1.0.0"],
        ),
    ],
)
def test_what_cannot_be_brought_is_named(tmp_path: Path, install: Install, text: str, told: list[str]) -> None:
    git(role(tmp_path / "greet"), "v1")
    with pytest.raises(PackerError) as raised:
        install(text.replace("HERE", str(tmp_path)))
    message = str(raised.value)
    assert message.startswith(f"{tmp_path}/image/requirements.yml: ")
    assert "Correct the entry, or make its source reachable from here. Nothing was launched." in message
    for part in told:
        assert part in message


def test_secrets_in_a_source_are_not_told(tmp_path: Path, install: Install) -> None:
    with pytest.raises(PackerError) as raised:
        install(f"- {{src: 'git+file://{tmp_path}/hunter22', name: gone}}\n")
    assert "hunter22" not in json.dumps([str(raised.value), raised.value.result])


def test_credentials_in_a_url_are_not_told(tmp_path: Path, install: Install) -> None:
    """Also where ansible-galaxy, or git, says the URL again; of several entries the right one is still named."""
    git(role(tmp_path / "greet"), "v1")
    (tmp_path / "bin").mkdir()
    write(
        tmp_path / "bin" / "git",
        '#!/bin/sh\ncase "$*" in *://*@*) echo "fatal: no $*" >&2; exit 128 ;; esac\nexec /usr/bin/git "$@"\n',
    )
    (tmp_path / "bin" / "git").chmod(0o755)
    told: list[str] = []
    with pytest.raises(PackerError) as raised:
        install(
            "collections:\n  - {name: 'git+https://user:TOKEN@host/x.git', type: git, version: v1}\n",
            told=told,
            PATH=f"{tmp_path}/bin:{os.environ['PATH']}",
        )
    assert "TOKEN" not in json.dumps([str(raised.value), raised.value.result, told])
    assert "collection git+https://********@host/x.git (v1)" in str(raised.value)
    assert told == ["Bring the collections of requirements.yml: git+https://********@host/x.git"]
    assert raised.value.result["raw"]


def test_a_source_that_hangs_is_given_up(tmp_path: Path, install: Install) -> None:
    write(tmp_path / "bin" / "git", "#!/bin/sh\nsleep 60\n")
    (tmp_path / "bin" / "git").chmod(0o755)
    with pytest.raises(PackerError, match=r"requirements.yml was ended: it took longer than the timeout of 3 s"):
        install("- src: git+https://host/role.git\n", timeout=3, PATH=f"{tmp_path}/bin:{os.environ['PATH']}")
