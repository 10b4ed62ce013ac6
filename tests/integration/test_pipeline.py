# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""pipeline.yml on a local cloud: check, apply, check, apply; a second pipeline of the same repository; what is not ours."""

from __future__ import annotations

import collections.abc as c
import json
import typing as t

import pytest
from harness.cloud import Cloud
from harness.four import Four

SHOP = ("-e", "image=wordpress", "-e", "project_name=shop")
PROXY = ("-e", "image=apache", "-e", "project_name=proxy")


def gone(cloud: Cloud, *arguments: str) -> None:
    done = cloud.play(
        "pipeline.yml", *arguments, "-e", "pipeline_state=absent", "-e", "pipeline_delete_repository=true"
    )
    assert done.rc == 0, done.output


@pytest.fixture(scope="module", autouse=True)
def nothing_left(cloud: Cloud) -> c.Iterator[None]:
    # The cloud is that of other tests as well, which may have left pipelines of theirs.
    before = there(cloud)
    yield
    gone(cloud, *PROXY)
    gone(cloud, *SHOP)
    assert there(cloud) == before


def there(cloud: Cloud) -> set[str]:
    """What pipelines are made of, by kind and name."""
    iam, events = cloud.client("iam"), cloud.client("events")
    found = {
        "repository": [one["repositoryName"] for one in cloud.client("codecommit").list_repositories()["repositories"]],
        "bucket": [one["Name"] for one in cloud.client("s3").list_buckets()["Buckets"]],
        "project": cloud.client("codebuild").list_projects()["projects"],
        "pipeline": [one["name"] for one in cloud.client("codepipeline").list_pipelines()["pipelines"]],
        "topic": [one["TopicArn"] for one in cloud.client("sns").list_topics()["Topics"]],
        "role": [
            one["RoleName"] for one in iam.list_roles()["Roles"] if one["RoleName"].startswith(("shop-", "proxy-"))
        ],
        "rule": [one["Name"] for one in events.list_rules()["Rules"]],
        "group": [one["logGroupName"] for one in cloud.client("logs").describe_log_groups()["logGroups"]],
        "alias": [
            one["AliasName"]
            for one in cloud.client("kms").list_aliases()["Aliases"]
            if one["AliasName"].endswith("-pipeline")
        ],
    }
    return {f"{kind} {name}" for kind, names in found.items() for name in names}


def test_a_pipeline_check_apply_check_apply(four: Four, cloud: Cloud) -> None:
    # What the key is called is known when it is there.
    outcome = four.playbook("pipeline.yml", *SHOP, unknown=["encryption_key"])
    assert outcome.check.changed
    assert not outcome.apply_again.changed
    made = there(cloud)
    for stage in ("validate", "build", "test", "promote"):
        assert {f"project shop-{stage}", f"role shop-{stage}", f"group /aws/codebuild/shop-{stage}"} <= made
    assert {"pipeline shop", "repository golden-images", "rule shop-push", "alias alias/shop-pipeline"} <= made
    stages = cloud.client("codepipeline").get_pipeline(name="shop")["pipeline"]["stages"]
    assert [stage["name"] for stage in stages] == ["Source", "Validate", "Build", "Test", "Approve", "Promote"]
    (target,) = cloud.client("events").list_targets_by_rule(Rule="shop-failed")["Targets"]
    assert "<stage>" in target["InputTransformer"]["InputTemplate"]


def test_a_second_pipeline_of_the_same_repository_and_its_end(cloud: Cloud) -> None:
    before = there(cloud)
    done = cloud.play("pipeline.yml", *PROXY)
    assert done.rc == 0, done.output
    variables = {
        one["name"]: one["value"]
        for one in cloud.client("codebuild").batch_get_projects(names=["proxy-build"])["projects"][0]["environment"][
            "environmentVariables"
        ]
    }
    assert variables["PACKER_SCRIPT"] == "apache"
    assert "pipeline proxy" in there(cloud)
    gone(cloud, *PROXY)
    # The repository is that of the first one.
    assert there(cloud) == before


def test_what_is_not_ours_is_refused_before_anything_is_written(cloud: Cloud) -> None:
    cloud.client("codebuild").create_project(
        name="other-build",
        source={"type": "NO_SOURCE", "buildspec": "version: 0.2"},
        artifacts={"type": "NO_ARTIFACTS"},
        environment={
            "type": "LINUX_CONTAINER",
            "image": "aws/codebuild/standard:7.0",
            "computeType": "BUILD_GENERAL1_SMALL",
        },
        serviceRole=role(cloud),
    )
    before = there(cloud)
    done = cloud.play("pipeline.yml", "-e", "image=apache", "-e", "project_name=other")
    assert done.rc != 0
    assert "project other-build (without the tag golden:pipeline)" in done.words
    assert there(cloud) == before
    cloud.client("codebuild").delete_project(name="other-build")


def role(cloud: Cloud) -> str:
    principal: dict[str, t.Any] = {"Service": "codebuild.amazonaws.com"}
    trust = {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}],
    }
    made = cloud.client("iam").create_role(RoleName="builder", AssumeRolePolicyDocument=json.dumps(trust))
    arn: str = made["Role"]["Arn"]
    return arn


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("-e", '{"pipeline_stages": ["build"]}'), "a pipeline begins with source"),
        (("-e", '{"environment_vars": {"VPC_ID": null}}'), "environment_vars.VPC_ID has no value"),
        (("-e", f"project_name={'x' * 60}"), "project_name"),
        (("-e", "pipeline_channel=stage"), "no channel stage"),
    ],
)
def test_what_aws_would_refuse_is_refused_before_the_first_call(
    cloud: Cloud, arguments: tuple[str, ...], told: str
) -> None:
    before = there(cloud)
    done = cloud.play("pipeline.yml", "-e", "image=wordpress", *arguments)
    assert done.rc != 0
    assert told in done.words
    assert there(cloud) == before
