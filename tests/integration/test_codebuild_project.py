# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""CodeBuild projects are made what a task says with one call, and with none where they are it already."""

from __future__ import annotations

import copy
import typing as t

import pytest
from harness.build_role import build_role
from harness.cloud import Cloud
from harness.four import Four

MODULE = "golden.ami.codebuild_project"
BUILDSPEC = "version: 0.2\nphases:\n  build:\n    commands: ['true']\n"
SECRET = "hunter2-and-more"


@pytest.fixture
def role(cloud: Cloud) -> t.Iterator[str]:
    """The name of a role that CodeBuild may take."""
    with build_role(cloud) as name:
        yield name


def project(role: str, **more: t.Any) -> dict[str, t.Any]:
    return {
        "name": f"web-{role}",
        "service_role": role,
        "source": {"type": "NO_SOURCE", "buildspec": BUILDSPEC},
        "artifacts": {"type": "NO_ARTIFACTS"},
        "environment": {
            "type": "LINUX_CONTAINER",
            "image": "aws/codebuild/standard:7.0",
            "compute_type": "BUILD_GENERAL1_SMALL",
            "environment_variables": [
                {"name": "PACKER_SCRIPT", "value": "packer-wordpress"},
                {"name": "DB_PASSWORD", "value": "/web/password", "type": "PARAMETER_STORE"},
            ],
        },
        **more,
    }


def named(cloud: Cloud, name: str) -> dict[str, t.Any] | None:
    found: list[dict[str, t.Any]] = cloud.client("codebuild").batch_get_projects(names=[name])["projects"]
    return found[0] if found else None


def test_created_updated_and_deleted_with_one_call_each(four: Four, cloud: Cloud, role: str) -> None:
    smallest = project(role)
    # The project, and the role that is given by its name: it is known from the project afterwards.
    made = four.module(MODULE, smallest).expect(changed=True, writes={"CreateProject": 1}, idle_reads=1)
    told = made.apply.result["project"]
    there = named(cloud, smallest["name"])
    assert there is not None
    assert (there["arn"], there["serviceRole"]) == (told["arn"], told["service_role"])
    assert made.check.result["project"]["arn"] == told["arn"]

    larger = project(
        role,
        description="All that there is",
        timeout_in_minutes=30,
        queued_timeout_in_minutes=10,
        concurrent_build_limit=1,
        vpc_config={"vpc_id": "vpc-1", "subnets": ["subnet-2", "subnet-1"], "security_group_ids": ["sg-1"]},
        logs_config={"cloud_watch_logs": {"status": "ENABLED", "group_name": "/golden/web"}},
        encryption_key="alias/golden",
        tags={"team": "web"},
    )
    more = four.module(MODULE, larger).expect(changed=True, writes={"UpdateProject": 1}, idle_reads=1)
    assert set(more.apply.result["actions"][0]["changes"]) == {
        "concurrent_build_limit",
        "description",
        "encryption_key",
        "logs_config",
        "queued_timeout_in_minutes",
        "tags",
        "timeout_in_minutes",
        "vpc_config",
    }

    # What is taken out of the task is taken out of the project; tags stay unless they are said.
    less = four.module(MODULE, smallest).expect(changed=True, writes={"UpdateProject": 1}, idle_reads=1)
    assert less.apply.result["project"] == {
        **told,
        "tags": {"team": "web"},
        "last_modified": less.apply.result["project"]["last_modified"],
    }

    absent = {"name": smallest["name"], "state": "absent"}
    four.module(MODULE, absent).expect(changed=True, writes={"DeleteProject": 1}, idle_reads=1)
    assert named(cloud, smallest["name"]) is None


def test_order_and_what_is_spelt_out_make_no_difference(four: Four, role: str) -> None:
    given = project(role, timeout_in_minutes=60)
    four.module(MODULE, given).expect(changed=True, writes={"CreateProject": 1}, idle_reads=1)
    spelt = copy.deepcopy(given)
    spelt["environment"]["environment_variables"].reverse()
    spelt["environment"] |= {"privileged_mode": False, "image_pull_credentials_type": "CODEBUILD"}
    spelt["logs_config"] = {"cloud_watch_logs": {"status": "ENABLED"}, "s3_logs": {"status": "DISABLED"}}
    del spelt["timeout_in_minutes"]
    four.module(MODULE, spelt).expect(changed=False, writes={}, idle_reads=1)


def test_for_a_pipeline(four: Four, role: str) -> None:
    given = project(role, source={"type": "CODEPIPELINE"}, artifacts={"type": "CODEPIPELINE"})
    four.module(MODULE, given).expect(changed=True, writes={"CreateProject": 1}, idle_reads=1)


def test_a_secret_in_plain_text_is_not_shown(four: Four, role: str) -> None:
    given = project(role)
    given["environment"]["environment_variables"].append({"name": "API_TOKEN", "value": SECRET})
    outcome = four.module(MODULE, given, secrets=[SECRET])
    outcome.expect(changed=True, writes={"CreateProject": 1}, idle_reads=1)
    assert "API_TOKEN looks like a secret and is PLAINTEXT" in str(outcome.apply.result["warnings"])


def test_what_is_refused_before_a_write(four: Four, role: str) -> None:
    four.refuses(
        MODULE,
        {
            "is no name of a CodeBuild project": project(role, name="-web"),
            "timeout_in_minutes: 4 is out of range": project(role, timeout_in_minutes=4),
            "source.buildspec: it is missing": project(role, source={"type": "NO_SOURCE"}),
            "there is no IAM role nobody": project(role, service_role="nobody"),
        },
    )
