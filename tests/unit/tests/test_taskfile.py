# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A chore does what its words say, whatever a shell or a CI has exported."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parents[3]


def would(*words: str, **environment: str) -> str:
    """What Task would run."""
    done = subprocess.run(
        ["task", "--dry", "--verbose", "--taskfile", str(CHECKOUT / "Taskfile.yml"), *words],
        env={**os.environ, "NO_COLOR": "1", **environment},
        check=False,
        capture_output=True,
        text=True,
    )
    return " ".join((done.stdout + done.stderr).split())


def test_words_become_options() -> None:
    assert "-e image=web -e version=1.2" in would("test:ami", "IMAGE=web", "VERSION=1.2")
    assert "-e image=web -e pipeline_answer=approved" in would("pipeline:approve", "IMAGE=web")
    assert "-e image=web -e pipeline_answer=rejected" in would("pipeline:reject", "IMAGE=web")
    assert "ansible-galaxy install --force -r" in would("ansible-collection-update")


@pytest.mark.parametrize(
    ("words", "exported", "never"),
    [
        (["test:ami", "IMAGE=web"], {"VERSION": "9.9"}, "9.9"),
        (["promote", "IMAGE=web", "CHANNEL=dev"], {"VERSION": "9.9", "FROM": "9.9"}, "9.9"),
        (["pipeline:approve", "IMAGE=web"], {"ANSWER": "rejected", "REASON": "rejected"}, "rejected"),
        (["toolkit:run", "--", "packer", "version"], {"COMMAND": "other"}, "other"),
        (["ansible-collection-install"], {"FORCE": "9.9", "HOW": "9.9"}, "9.9"),
        (["report", "IMAGE=web"], {"DIRECTORY": "/elsewhere"}, "elsewhere"),
    ],
)
def test_what_is_exported_is_no_word_of_a_chore(words: list[str], exported: dict[str, str], never: str) -> None:
    said = would(*words, **exported)
    assert f"[{words[0]}]" in said
    assert never not in said


def test_a_build_in_the_toolkit_takes_what_a_build_takes() -> None:
    said = would("packer-build", "IMAGE=web", 'VARIABLES={"a": "b c"}', "REBUILD_CHILDREN=true", "CLOUD_OF=aws")
    assert 'run --cloud-of=aws -- ./taskw build IMAGE=web VARIABLES=\'{"a": "b c"}\' REBUILD_CHILDREN=true --' in said


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["diff", "IMAGE=web"], "differs from what? FROM=prod"),
        (["revoke", "IMAGE=web"], "which one? VERSION="),
        (["create-legacy-packer-deps"], "of what? IMAGE=wordpress-legacy, or TEMPLATE="),
    ],
)
def test_what_is_missing_is_asked_for(words: list[str], told: str) -> None:
    done = subprocess.run([CHECKOUT / "taskw", *words], cwd=CHECKOUT, check=False, capture_output=True, text=True)
    assert done.returncode
    assert told in done.stderr


def taskw(tmp_path: Path, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Which inventory a chore would have."""
    (tmp_path / "shown").write_text('#!/bin/sh\necho "inventory=$ANSIBLE_INVENTORY"\n')
    (tmp_path / "shown").chmod(0o755)
    told = {name: value for name, value in os.environ.items() if name not in ("CLOUD_OF", "ANSIBLE_INVENTORY")}
    command = [CHECKOUT / "taskw", "exec", tmp_path / "shown", *words]
    return subprocess.run(
        command, cwd=CHECKOUT, env={**told, **environment}, check=False, capture_output=True, text=True
    )


def test_which_cloud_is_the_inventory(tmp_path: Path) -> None:
    assert taskw(tmp_path).stdout == "inventory=\n", "ansible.cfg says it"
    for cloud in ("local", "aws"):
        inventory = f"inventory={CHECKOUT}/inventories/{cloud}.yml\n"
        assert taskw(tmp_path, f"CLOUD_OF={cloud}").stdout == inventory
        assert taskw(tmp_path, CLOUD_OF=cloud).stdout == inventory
    assert taskw(tmp_path, "CLOUD_OF=local", CLOUD_OF="aws").stdout.endswith("/local.yml\n"), "the word is nearer"


def test_a_cloud_that_is_none_is_refused(tmp_path: Path) -> None:
    refused = taskw(tmp_path, "CLOUD_OF=AWS")
    assert refused.returncode
    assert "CLOUD_OF is local or aws, not AWS" in refused.stderr
