# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""packer_build brings an image's Galaxy requirements into a directory of the run, and tells template and Ansible where."""

from __future__ import annotations

import datetime
import functools
import subprocess
import typing as t
from pathlib import Path

import pytest

AMI, SNAPSHOT, BASE = "ami-0aaaaaaaaaaaaaaa1", "snap-0aaaaaaaaaaaaaaa1", "ami-0bbbbbbbbbbbbbbb1"
TEMPLATE = """
variable "golden_tags" { type = map(string) }
variable "golden_run_tags" { type = map(string) }
variable "golden_manifest" { type = string }
variable "golden_roles_directory" { type = string }
variable "golden_collections_directory" { type = string }
"""

Run = t.Callable[..., dict[str, t.Any]]


@pytest.fixture
def requirements(tmp_path: Path) -> Path:
    """A file that asks for one role, from a repository on this machine."""
    role = tmp_path / "greet"
    (role / "tasks").mkdir(parents=True)
    (role / "tasks" / "main.yml").write_text("---\n[]\n")
    (role / "meta").mkdir()
    (role / "meta" / "main.yml").write_text("---\ngalaxy_info: {author: a, description: d, license: l}\n")
    who = ["-c", "user.name=Test", "-c", "user.email=test@example.org"]
    for command in (["init", "-q"], ["add", "-A"], [*who, "commit", "-qm", "first"]):
        subprocess.run(["git", "-C", str(role), *command], check=True)
    file = tmp_path / "requirements.yml"
    file.write_text(f"- src: git+file://{role}\n")
    return file


@pytest.fixture
def run(build: t.Any, requirements: Path, tmp_path: Path) -> Run:
    template = tmp_path / "image.pkr.hcl"
    template.write_text(TEMPLATE)

    return functools.partial(build, template=str(template), source_ami={"id": BASE}, requirements=str(requirements))


def image(tags: dict[str, str]) -> dict[str, t.Any]:
    return {
        "ImageId": AMI,
        "CreationDate": datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z"),
        "State": "available",
        "BlockDeviceMappings": [{"DeviceName": "/dev/xvda", "Ebs": {"SnapshotId": SNAPSHOT}}],
        "Tags": [{"Key": key, "Value": value} for key, value in tags.items()],
    }


def built(aws: t.Any, packer: t.Any, run: Run) -> tuple[dict[str, t.Any], dict[str, str]]:
    packer.makes(AMI)
    aws.expect("DescribeImages", {"Images": []})
    aws.expect("DescribeImages", {"Images": [image({})]})
    aws.expect("DescribeTags", {"Tags": []})
    aws.expect("PutParameter")
    aws.expect("CreateTags")
    result = run()
    assert not result.get("failed"), result
    return result, {**packer.calls("build")[-1]["variables"]["golden_tags"], "golden:complete": "yes"}


def test_template_and_ansible_are_told_where_they_are(aws: t.Any, packer: t.Any, run: Run) -> None:
    result, _tags = built(aws, packer, run)
    for command in ("validate", "build"):
        (call,) = packer.calls(command)
        roles = call["variables"]["golden_roles_directory"]
        collections = call["variables"]["golden_collections_directory"]
        assert roles.endswith("/galaxy/roles")
        assert call["environment"]["ANSIBLE_ROLES_PATH"].startswith(f"{roles}:")
        assert call["environment"]["ANSIBLE_COLLECTIONS_PATH"].startswith(f"{collections}:")
    assert not Path(roles).exists()
    log = Path(result["log_path"]).read_text()
    assert "Bring the roles of requirements.yml: greet" in log
    assert log.index("Brought greet") < log.index("Start Packer")


def test_nothing_is_brought_when_nothing_changed(
    aws: t.Any, packer: t.Any, run: Run, requirements: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    result, tags = built(aws, packer, run)
    assert "requirements" in result["fingerprint_parts"]
    # Whoever asked the repository would fail now.
    (requirements.parent / "greet").rename(requirements.parent / "away")
    aws.expect("DescribeImages", {"Images": [image(tags)]})
    again = run()
    assert again["changed"] is False, again

    requirements.write_text(requirements.read_text() + "  version: v2\n")
    aws.expect("DescribeImages", {"Images": [image(tags)]})
    check = run(_ansible_check_mode=True)
    assert check["failed"] is True
    assert "role greet (v2, git+file://" in check["msg"]


@pytest.mark.parametrize("check", [False, True])
def test_what_cannot_be_brought_launches_nothing(
    aws: t.Any, packer: t.Any, run: Run, requirements: Path, check: bool
) -> None:
    (requirements.parent / "greet").rename(requirements.parent / "away")
    aws.expect("DescribeImages", {"Images": []})
    result = run(_ansible_check_mode=check)
    assert result["msg"].startswith(f"{requirements}: role greet (git+file://")
    assert "Nothing was launched." in result["msg"]
    assert packer.calls("validate") == packer.calls("build") == []


def test_a_file_that_is_none_is_refused_at_once(packer: t.Any, run: Run, requirements: Path) -> None:
    requirements.write_text("rolls: []\n")
    assert "expected a list of roles, or the keys roles and collections only" in run()["msg"]
    assert packer.calls() == []


def test_without_requirements_a_template_gets_nothing_to_look_in(aws: t.Any, packer: t.Any, run: Run) -> None:
    packer.does("validate", code=1, lines=["Error: stop here"])
    aws.expect("DescribeImages", {"Images": []})
    run(requirements=None)
    (call,) = packer.calls("validate")
    assert call["variables"]["golden_roles_directory"] == call["variables"]["golden_collections_directory"] == ""
