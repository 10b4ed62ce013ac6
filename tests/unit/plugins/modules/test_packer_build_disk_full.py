# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A file system without room, a real one: before the build, and while it runs."""

from __future__ import annotations

import functools
import json
import subprocess
import typing as t
from pathlib import Path

import pytest
from ansible.module_utils.testing import patch_module_args
from ansible_collections.golden.ami.plugins.modules import packer_validate

AMI, BASE = "ami-0aaaaaaaaaaaaaaa1", "ami-0bbbbbbbbbbbbbbb1"
MEBIBYTES = 6
TEMPLATE = """
source "amazon-ebs" "web" {
  source_ami = "ami-0bbbbbbbbbbbbbbb1"
}
build { sources = ["source.amazon-ebs.web"] }
variable "golden_manifest" { type = string }
"""

Module = t.Callable[..., dict[str, t.Any]]


@pytest.fixture
def small(tmp_path: Path) -> t.Iterator[Path]:
    """A file system of its own, mounted for the test."""
    directory = tmp_path / "small"
    directory.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={MEBIBYTES}m,mode=0700", "golden-test", str(directory)]
    done = subprocess.run(mount, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        pytest.skip(f"only root may mount a file system: {done.stderr.strip()}")
    yield directory
    subprocess.run(["umount", str(directory)], check=True)


@pytest.fixture
def state(small: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_STATE_HOME", str(small))
    return small


@pytest.fixture
def temporary(small: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TMPDIR", str(small))
    monkeypatch.setattr("tempfile.tempdir", str(small))
    return small


@pytest.fixture
def run(build: t.Any, tmp_path: Path) -> Module:
    template = tmp_path / "image.pkr.hcl"
    template.write_text(TEMPLATE)

    return functools.partial(build, template=str(template), source_ami={"id": BASE})


def fill(directory: Path, left: int = 0) -> None:
    """Leave so many bytes."""
    (directory / "filler").write_bytes(bytes((MEBIBYTES << 20) - left))


def tagged(*resources: tuple[str, str]) -> dict[str, t.Any]:
    return {"Tags": [{"ResourceType": kind, "ResourceId": name, "Key": "golden:run"} for kind, name in resources]}


@pytest.mark.parametrize("left", [0, 1 << 20])
def test_a_full_state_directory_is_told_before_anything_is_launched(
    aws: t.Any, packer: t.Any, run: Module, state: Path, left: int
) -> None:
    fill(state, left)
    aws.expect("DescribeImages", {"Images": []})
    result = run()
    assert result["failed"]
    assert f"{state}/golden.ami (the state directory) has no room for the 4096 KiB" in result["msg"]
    assert "No space left on device. Nothing was launched." in result["msg"]
    assert "let XDG_STATE_HOME name another directory" in result["msg"]
    assert not packer.calls("build")
    assert "PutParameter" not in aws.operations


def test_a_state_directory_that_cannot_be_written_to(aws: t.Any, packer: t.Any, run: Module, state: Path) -> None:
    subprocess.run(["mount", "-o", "remount,ro", str(state)], check=True)
    aws.expect("DescribeImages", {"Images": []})
    assert "(the state directory) cannot be written to: Read-only file system" in run()["msg"]
    assert not packer.calls("build")


@pytest.mark.parametrize(("left", "kibibytes"), [(0, 64), (1 << 20, 4096)])
def test_a_full_temporary_directory_is_told_before_anything_is_launched(
    aws: t.Any, packer: t.Any, run: Module, temporary: Path, left: int, kibibytes: int
) -> None:
    fill(temporary, left)
    if left:
        aws.expect("DescribeImages", {"Images": []})
    result = run()
    assert f"{temporary} (the temporary directory) has no room for the {kibibytes} KiB" in result["msg"]
    assert "let TMPDIR name another directory" in result["msg"]
    assert not packer.calls("build")
    assert not list(temporary.glob("golden-ami-*"))


def test_to_validate_needs_a_temporary_directory_too(
    packer: t.Any, temporary: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fill(temporary)
    template = tmp_path / "image.pkr.hcl"
    template.write_text(TEMPLATE)
    packer.does("validate")
    arguments = {"template": str(template), "packer_executable": str(packer.path), "region": "eu-west-1"}
    with patch_module_args(arguments), pytest.raises(SystemExit):
        packer_validate.main()
    assert "(the temporary directory) has no room for the 64 KiB" in json.loads(capsys.readouterr().out)["msg"]


def test_an_unchanged_image_needs_no_room_for_a_build(aws: t.Any, packer: t.Any, run: Module, state: Path) -> None:
    aws.expect("DescribeImages", {"Images": []})
    fingerprint = run(_ansible_check_mode=True)["fingerprint"]
    fill(state)
    tags = [{"Key": "golden:fingerprint", "Value": fingerprint}, {"Key": "golden:image", "Value": "web"}]
    image = {"ImageId": AMI, "CreationDate": "2026-11-21T09:30:00.000Z", "State": "available", "Tags": tags}
    aws.expect("DescribeImages", {"Images": [image]})
    assert run()["changed"] is False


LINES = [
    "1,,ui,say,==> amazon-ebs.web: Launching a source AWS instance...",
    "1,,ui,say,==> amazon-ebs.web: Instance ID: i-0123456789abcdef0",
    # More than the rest of a page that the log has already.
    f"1,,ui,say,==> amazon-ebs.web: {'much ' * 2000}",
    "1,,ui,say,==> amazon-ebs.web: said when the disk was full",
]


def test_a_state_directory_that_becomes_full_does_not_hinder_a_build(
    aws: t.Any, packer: t.Any, run: Module, state: Path
) -> None:
    packer.does("build", fill=str(state), lines=LINES, **packer.made(AMI))
    image = {"ImageId": AMI, "CreationDate": "2026-11-21T09:30:00.000Z", "State": "available"}
    aws.expect("DescribeImages", {"Images": []}).expect("DescribeImages", {"Images": [image]})
    aws.expect("DescribeTags", tagged(("image", AMI))).expect("PutParameter").expect("CreateTags")
    result = run()
    assert not result.get("failed"), result
    assert result["artifacts"][0]["ami_id"] == AMI
    assert result["profile_path"] is None
    assert result["profile_table"], "what is known is shown all the same"
    warnings = json.dumps(result["warnings"])
    assert "ends before the build does, which goes on: No space left on device" in warnings
    assert "The profile of the build could not be written: No space left on device" in warnings
    assert not list((state / "golden.ami/runs").iterdir()), "nothing is left to be swept"


def test_a_state_directory_that_becomes_full_does_not_hinder_the_clean_up(
    aws: t.Any, packer: t.Any, run: Module, state: Path
) -> None:
    packer.does("build", fill=str(state), lines=LINES, code=1)
    aws.expect("DescribeImages", {"Images": []})
    running = {"Reservations": [{"Instances": [{"InstanceId": "i-0123456789abcdef0", "State": {"Name": "running"}}]}]}
    gone = {"Reservations": [{"Instances": [{"InstanceId": "i-0123456789abcdef0", "State": {"Name": "terminated"}}]}]}
    aws.expect("DescribeTags", tagged(("instance", "i-0123456789abcdef0"))).expect("DescribeInstances", running)
    aws.expect("TerminateInstances").expect("DescribeInstances", gone).expect("DescribeInstances", gone)
    result = run()
    assert result["failed"]
    assert [one["id"] for one in result["removed"]] == ["i-0123456789abcdef0"]
    assert result["leftovers"] == []
    assert result["last_lines"][-1].endswith("said when the disk was full"), "it is known though the log has no room"
    assert not list((state / "golden.ami/runs").iterdir())


def test_packer_that_cannot_speak_any_more_leaves_nothing(
    aws: t.Any, packer: t.Any, run: Module, temporary: Path
) -> None:
    packer.does("build", fill=str(temporary), lines=["1,,ui,say,==> amazon-ebs.web: x" * 2000])
    aws.expect("DescribeImages", {"Images": []}).expect("DescribeTags", tagged(("volume", "vol-1")))
    aws.expect("DeleteVolume").expect("DescribeVolumes", {"Volumes": []})
    result = run()
    assert result["failed"]
    assert [one["id"] for one in result["removed"]] == ["vol-1"]
    assert not list(temporary.glob("golden-ami-*"))
