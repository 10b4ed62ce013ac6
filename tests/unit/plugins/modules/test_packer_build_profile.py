# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Each build leaves a profile, however it ends; the durations of its result are of the same data."""

from __future__ import annotations

import functools
import json
import typing as t
from pathlib import Path

import pytest

AMI, BASE = "ami-0aaaaaaaaaaaaaaa1", "ami-0bbbbbbbbbbbbbbb1"
LINES = [
    "1,,ui,say,==> amazon-ebs.web: Launching a source AWS instance...",
    "1,,ui,say,==> amazon-ebs.web: Provisioning with Ansible...",
    "1,,ui,say,==> amazon-ebs.web: TASK [web : Install] ****",
]

Module = t.Callable[..., dict[str, t.Any]]


@pytest.fixture
def run(build: t.Any, tmp_path: Path) -> Module:
    template = tmp_path / "image.pkr.hcl"
    template.write_text('variable "golden_manifest" { type = string }\nvariable "golden_run_tags" {}\n')

    return functools.partial(build, name="group/web", template=str(template), source_ami={"id": BASE})


def profile(result: dict[str, t.Any]) -> dict[str, t.Any]:
    path = Path(result["profile_path"])
    assert path.parts[-3:] == ("profiles", "group_web", f"{result['version']}.json")
    assert oct(path.stat().st_mode & 0o777) == "0o600"
    content: dict[str, t.Any] = json.loads(path.read_text())
    assert (content["image"], content["version"], content["run"]) == ("group/web", result["version"], result["run_id"])
    assert content["fingerprint"] == result["fingerprint"]
    total = sum(step["seconds"] for step in content["steps"] if step["kind"] != "task")
    # Between the last step and the sum of all is little, but on a busy machine not nothing.
    assert content["seconds"] - 3 <= total <= content["seconds"] + 0.01
    assert sum(one["seconds"] for one in result["durations"]) == pytest.approx(content["seconds"], abs=0.5)
    return content


def kinds(content: dict[str, t.Any]) -> list[str]:
    return [step["kind"] for step in content["steps"]]


def test_of_a_build(aws: t.Any, packer: t.Any, run: Module) -> None:
    packer.does("build", lines=LINES, sleep=1, **packer.made(AMI))
    image = {"ImageId": AMI, "CreationDate": "2026-11-21T09:30:00.000Z", "State": "available"}
    aws.expect("DescribeImages", {"Images": []}).expect("DescribeImages", {"Images": [image]})
    aws.expect("DescribeTags", {"Tags": []}).expect("PutParameter").expect("CreateTags")
    result = run()
    content = profile(result)
    assert content["outcome"] == "built"
    assert kinds(content)[:4] == ["start", "launch", "provisioner", "task"]
    assert kinds(content)[-4:] == ["verify", "cleanup", "record", "tag"]
    provision = next(one["seconds"] for one in result["durations"] if one["step"] == "Provision")
    assert 0.9 <= provision <= content["seconds"]
    assert any(row.startswith("task Install (web) ") for row in result["profile_table"])


@pytest.mark.parametrize(
    ("how", "outcome"), [({"code": 1}, "failed"), ({"sleep": 30, "clean_up": "1,,ui,say,bye"}, "interrupted")]
)
def test_of_one_that_did_not_come_to_its_end(
    aws: t.Any, packer: t.Any, run: Module, how: dict[str, t.Any], outcome: str, out_of_time: int
) -> None:
    packer.does("build", lines=LINES, **how)
    aws.expect("DescribeImages", {"Images": []}).expect("DescribeTags", {"Tags": []})
    content = profile(run(timeout=out_of_time))
    assert content["outcome"] == outcome
    assert kinds(content) == ["start", "launch", "provisioner", "task", "verify", "cleanup"]


def test_of_one_that_could_not_be_completed(aws: t.Any, packer: t.Any, run: Module) -> None:
    packer.does("build", lines=LINES, **packer.made(AMI))
    image = {"ImageId": AMI, "CreationDate": "2026-11-21T09:30:00.000Z", "State": "available"}
    aws.expect("DescribeImages", {"Images": []}).expect("DescribeImages", {"Images": [image]})
    aws.expect("DescribeTags", {"Tags": []}).fail("PutParameter", "AccessDeniedException")
    content = profile(run())
    assert (content["outcome"], kinds(content)[-1]) == ("failed", "record")


def test_nothing_built_has_none(aws: t.Any, run: Module) -> None:
    aws.expect("DescribeImages", {"Images": []})
    result = run(_ansible_check_mode=True)
    assert (result["profile_path"], result["profile_table"], result["ssh"]) == (None, [], None)
