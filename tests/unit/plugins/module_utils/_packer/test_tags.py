# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import datetime
from pathlib import Path

from ansible_collections.golden.ami.plugins.module_utils._packer.fingerprint import part_of
from ansible_collections.golden.ami.plugins.module_utils._packer.tags import artifact_tags, git_commit, project_name
from ansible_collections.golden.ami.plugins.module_utils._packer.versions import Versions


def tags(environment: dict[str, str], **extra: str) -> dict[str, str]:
    return artifact_tags(
        image="web",
        version="1",
        run_id="golden-1",
        ami_name="web-1",
        fingerprint="f" * 64,
        parts={"template": part_of({})},
        source_ami="ami-1",
        commit="c0ffee",
        versions=Versions("1.16.0", {}, "2.21.5"),
        environment=environment,
        now=datetime.datetime(2026, 11, 21, 9, 30, tzinfo=datetime.UTC),
        extra=extra,
    )


def test_on_a_desk() -> None:
    made = tags({})
    assert made["BuildDate"] == "2026-11-21T09:30:00Z"
    assert (made["BuildNumber"], made["CodeBuildProject"], made["BuiltBy"]) == ("none", "none", "Packer")
    assert made["golden:commit"] == "c0ffee"


def test_in_codebuild() -> None:
    environment = {
        "CODEBUILD_BUILD_ID": "images:123",
        "CODEBUILD_BUILD_NUMBER": "7",
        "CODEBUILD_RESOLVED_SOURCE_VERSION": "abc",
    }
    made = tags(environment)
    assert (made["BuildNumber"], made["CodeBuildProject"], made["golden:commit"]) == ("7", "images", "abc")
    assert project_name({}) == "none"


def test_what_is_read_again_cannot_be_replaced() -> None:
    made = tags({}, **{"Name": "mine", "golden:fingerprint": "mine", "long": "x" * 300})
    assert (made["Name"], made["golden:fingerprint"], len(made["long"])) == ("mine", "f" * 64, 256)


def test_nothing_is_complete_when_it_is_made() -> None:
    assert tags({}, **{"golden:complete": "yes"})["golden:complete"] == "no"


def test_commit_of_a_checkout(tmp_path: Path) -> None:
    assert git_commit(tmp_path / "a") is None
    git = tmp_path / ".git"
    (git / "refs/heads").mkdir(parents=True)
    (git / "HEAD").write_text("ref: refs/heads/main\n")
    (git / "packed-refs").write_text("# pack-refs\n111 refs/heads/main\n")
    assert git_commit(tmp_path / "images/web") == "111"
    (git / "refs/heads/main").write_text("222\n")
    assert git_commit(tmp_path) == "222"
    (git / "HEAD").write_text("333\n")
    assert git_commit(tmp_path) == "333"


def test_commit_of_a_worktree_and_of_a_submodule(tmp_path: Path) -> None:
    main = tmp_path / "main/.git"
    own = main / "worktrees/feature"
    (main / "refs/heads").mkdir(parents=True)
    own.mkdir(parents=True)
    (main / "HEAD").write_text("111\n")
    (main / "refs/heads/feature").write_text("222\n")
    (own / "HEAD").write_text("ref: refs/heads/feature\n")
    (own / "commondir").write_text("../..\n")
    # Inside of the other checkout: the first .git decides.
    worktree = tmp_path / "main/feature"
    (worktree / "images").mkdir(parents=True)
    (worktree / ".git").write_text(f"gitdir: {own}\n")
    assert git_commit(worktree / "images") == "222"
    (main / "refs/heads/feature").unlink()
    (main / "packed-refs").write_text("333 refs/heads/feature\n")
    assert git_commit(worktree) == "333"
    module = tmp_path / "main/.git/modules/sub"
    module.mkdir(parents=True)
    (module / "HEAD").write_text("444\n")
    (tmp_path / "main/sub").mkdir()
    (tmp_path / "main/sub/.git").write_text("gitdir: ../.git/modules/sub\n")
    assert git_commit(tmp_path / "main/sub") == "444"
    (tmp_path / "main/sub/.git").write_text("gitdir: ../nowhere\n")
    assert git_commit(tmp_path / "main/sub") is None
