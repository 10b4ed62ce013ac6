# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the role makes of how the phases ended: tags, a report as JUnit, the last word."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import typing as t
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
import yaml

CHECKOUT = Path(__file__).resolve().parents[4]
ROLE = CHECKOUT / "roles" / "buildspec"
CODEBUILD = {"CODEBUILD_BUILD_ID": "images:6f0c", "CODEBUILD_BUILD_NUMBER": "41"}
PASSED = {"phase": "pre_build", "passed": True, "image": "web", "ended": "2026-11-21T09:00:00+00:00"}
FAILED = {
    "phase": "build",
    "passed": False,
    "image": "web",
    "ended": "2026-11-21T09:05:00+00:00",
    "task": "Build the image",
    "message": "The build failed in task 'Greet': no <such> file\nand more",
    "lines": ["\x1b[0mlast line"],
    "log": "/x.log",
}
DENIED = {
    **FAILED,
    "message": "Failed to read the SSM parameter: An error occurred (AccessDeniedException) when calling the GetParameters operation:"
    " User: arn:aws:sts::123456789012:assumed-role/web-build/AWSCodeBuild-1\nis not authorized to perform: ssm:GetParameters on"
    " resource: arn:aws:ssm:us-east-1:123456789012:parameter/golden/web/prod because no identity-based policy allows it",
}
BUILT = {"image": "web", "version": "1", "reason": "x", "artifacts": [{"ami_id": "ami-1"}]}
PHASES: dict[str, dict[str, t.Any]] = {
    "failed": {"phases/build.failed.json": FAILED, "phases/pre_build.passed.json": PASSED},
    "built": {"build.json": {**BUILT, "changed": True}, "phases/pre_build.passed.json": PASSED},
    "kept": {"build.json": {**BUILT, "changed": False}},
    "nothing": {},
    "denied": {"phases/build.failed.json": DENIED},
}
NAMES = ("outcome", "kept", "tags", "subject", "message", "notified_image")
PIPELINE = {"CODEBUILD_INITIATOR": "codepipeline/web", "CODEBUILD_BUILD_URL": "https://console/build/1"}
GOOD = {"image_id": "ami-0", "version": "0", "state": "available", "tags": {"golden:complete": "yes"}}


def play(directory: Path, arguments: list[str], **environment: str) -> subprocess.CompletedProcess[str]:
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("CODEBUILD_", "BUILD_", "AWS_"))}
    executable = Path(sys.executable).with_name("ansible-playbook")
    return subprocess.run(
        [str(executable), *arguments],
        cwd=directory,
        env={**kept, "ANSIBLE_CONFIG": str(CHECKOUT / "ansible.cfg"), "ANSIBLE_NOCOLOR": "1", **environment},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def after(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the role makes of phases that have ended in each of these ways, by one play."""
    root = tmp_path_factory.mktemp("phases")
    tasks: list[dict[str, t.Any]] = []
    for name, files in PHASES.items():
        (root / name / "phases").mkdir(parents=True)
        for file, content in files.items():
            (root / name / file).write_text(json.dumps(content))
        values = ", ".join(f"'{one}': __buildspec_{one}" for one in NAMES)
        tasks += [
            {"copy": {"content": f"{{{{ {{{values}}} | to_json }}}}", "dest": f"{root}/{name}/values.json"}},
            {"template": {"src": str(ROLE / "templates" / "junit.xml.j2"), "dest": f"{root}/{name}/junit.xml"}},
        ]
        for task in tasks[-2:]:
            task["vars"] = {
                "buildspec_directory": str(root / name),
                "buildspec_script": "web",
                "buildspec_stage": "build",
                "__buildspec_good": {"images": [GOOD, {**GOOD, "image_id": "ami-9", "tags": {}}]},
            }
    head = {"hosts": "localhost", "gather_facts": False, "vars_files": [str(ROLE / "vars" / "main.yml")]}
    (root / "play.yml").write_text(yaml.safe_dump([{**head, "tasks": tasks}]))
    done = play(root, ["-i", "localhost,", "-c", "local", str(root / "play.yml")], **CODEBUILD, **PIPELINE)
    assert done.returncode == 0, done.stdout + done.stderr
    return root


def values(after: Path, name: str) -> dict[str, t.Any]:
    made: dict[str, t.Any] = json.loads((after / name / "values.json").read_text())
    return made


def test_the_report_has_a_case_for_each_phase_in_order(after: Path) -> None:
    (suite,) = ET.parse(after / "failed" / "junit.xml").getroot()
    assert suite.attrib == {"name": "web", "tests": "2", "failures": "1"}
    assert [case.attrib["name"] for case in suite] == ["pre_build", "build"]
    (failure,) = suite[1]
    assert failure.attrib["message"] == "Build the image: The build failed in task 'Greet': no <such> file"
    # What terminals are sent has no place in XML.
    assert (failure.text or "").splitlines()[-1] == "?[0mlast line"


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("failed", ["Failed in build: Build the image", FAILED["message"]]),
        ("built", ["web 1 is ami-1", "x"]),
        ("nothing", ["Nothing was built: see above"]),
    ],
)
def test_the_last_word(after: Path, name: str, said: list[str]) -> None:
    assert values(after, name)["outcome"] == said


def test_tags_say_the_project_and_the_number(after: Path) -> None:
    tags = values(after, "built")["tags"]
    assert tags.pop("BuildDate").startswith("20")
    assert tags == {"CodeBuildProject": "images", "BuildNumber": "41", "BuiltBy": "Packer"}


def test_an_ami_that_is_still_good_keeps_its_tags(after: Path) -> None:
    assert values(after, "built")["kept"] == ["BuildDate"]
    assert sorted(values(after, "kept")["kept"]) == ["BuildDate", "BuildNumber", "BuiltBy", "CodeBuildProject"]


def test_a_notification_says_what_failed_where_to_look_and_what_to_do(after: Path) -> None:
    told = values(after, "failed")
    assert told["subject"] == "web: build failed in build"
    lines = told["message"].splitlines()
    assert lines[:2] == ["Stage: build, phase build", "Task: Build the image"]
    assert "The build failed in task 'Greet': no <such> file" in lines
    assert "\x1b[0mlast line" in lines
    assert lines[-3:-1] == ["Link: https://console/build/1", "Last good AMI: ami-0, version 0"]
    assert lines[-1].startswith("Retry: aws codepipeline retry-stage-execution --pipeline-name web --stage-name Build ")
    assert told["notified_image"] == "web"


def test_a_permission_that_is_missing_is_named_with_the_statement_to_add(after: Path) -> None:
    told = values(after, "denied")
    resource = "arn:aws:ssm:us-east-1:123456789012:parameter/golden/web/prod"
    statement = json.dumps({"Effect": "Allow", "Action": "ssm:GetParameters", "Resource": resource})
    sentence = f"The role web-build lacks a permission: add {statement} to its policy."
    assert told["outcome"][-1] == sentence
    assert sentence in told["message"].splitlines()


def test_a_phase_that_fails_is_written_down(tmp_path: Path) -> None:
    playbook = str(CHECKOUT / "playbooks" / "buildspec.yml")
    arguments = ["-i", str(CHECKOUT / "inventories" / "codebuild.yml"), playbook, "-e", "buildspec_phase=install"]
    done = play(tmp_path, arguments, CODEBUILD_SRC_DIR=str(tmp_path), PACKER_SCRIPT="packer-wordpres")
    assert done.returncode == 2, done.stdout + done.stderr
    record = json.loads((tmp_path / ".cache" / "buildspec" / "phases" / "install.failed.json").read_text())
    assert (record["phase"], record["passed"], record["image"]) == ("install", False, "packer-wordpres")
    assert record["task"] == "Find what PACKER_SCRIPT names"
    assert "there is no image and no template of this name" in record["message"]
    assert "wordpress-legacy" in record["message"]
