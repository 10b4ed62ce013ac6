# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Projects and pipelines that Terraform made are unchanged to our modules, and ours are an empty plan to Terraform."""

from __future__ import annotations

import collections.abc as c
import secrets
import typing as t
from pathlib import Path

import pytest
from harness.calls import calls_since, mark, of_clients, writes
from harness.cloud import Cloud
from harness.four import Four
from harness.terraform import CHANGES, EMPTY, Terraform, plugins, program

PROJECT, PIPELINE = "golden.ami.codebuild_project", "golden.ami.codepipeline"
CONFIGURATION = Path(__file__).with_name("terraform")
CONNECTION = "arn:aws:codeconnections:us-east-1:123456789012:connection/8a6e3a4e-0000-4000-8000-000000000000"
# A role that is given by its name is known from the project that is there; tags of pipelines are a call of their own.
READS = {PROJECT: 1, PIPELINE: 2}
CREATES = {PROJECT: "CreateProject", PIPELINE: "CreatePipeline"}
# Lists in whose order nothing is said.
UNORDERED = ("environment_variables", "events", "includes", "modes", "subnets", "variables")
Options = dict[str, t.Any]

pytestmark = [
    pytest.mark.terraform,
    pytest.mark.skipif(
        program() is None or plugins() is None,
        reason="no terraform with the AWS provider here: what it and the modules read of each other is not shown",
    ),
]


@pytest.fixture
def terraform(cloud: Cloud, tmp_path: Path) -> c.Iterator[Terraform]:
    """What a pipeline stands on, made by Terraform; all that Terraform knows of is gone afterwards."""
    made = Terraform(cloud, tmp_path, {"name": f"tf-{secrets.token_hex(3)}", **network(cloud)})
    made.add(CONFIGURATION / "foundation.tf")
    made.init()
    try:
        made.apply()
        yield made
    finally:
        made.destroy()


def network(cloud: Cloud) -> Options:
    ec2 = cloud.client("ec2")
    (vpc,) = ec2.describe_vpcs(Filters=[{"Name": "is-default", "Values": ["true"]}])["Vpcs"]
    inside = [{"Name": "vpc-id", "Values": [vpc["VpcId"]]}]
    subnets = [one["SubnetId"] for one in ec2.describe_subnets(Filters=inside)["Subnets"]]
    groups = [one["GroupId"] for one in ec2.describe_security_groups(Filters=inside)["SecurityGroups"]]
    return {"vpc_id": vpc["VpcId"], "subnets": subnets[:2], "security_group_ids": groups[:1]}


def environment(**more: t.Any) -> Options:
    plain = {"type": "LINUX_CONTAINER", "compute_type": "BUILD_GENERAL1_SMALL", "image": "aws/codebuild/standard:7.0"}
    return {**plain, **more}


def branch_project(name: str, there: Options, network: Options) -> Options:
    """As C(aws_codebuild_project.branch)."""
    return {
        "name": f"{name}-branch",
        "description": "Builds a branch",
        "service_role": there["builds_role"],
        "timeout_in_minutes": 90,
        "queued_timeout_in_minutes": 30,
        "concurrent_build_limit": 2,
        "source_version": "refs/heads/main",
        "source": {"type": "CODECOMMIT", "location": there["clone_url"], "buildspec": "ci/buildspec.yml"},
        "artifacts": {"type": "S3", "location": there["bucket"], "path": "manifests"},
        "cache": {"type": "LOCAL", "modes": ["LOCAL_SOURCE_CACHE", "LOCAL_CUSTOM_CACHE"]},
        "environment": environment(
            privileged_mode=True,
            environment_variables=[
                {"name": "PACKER_SCRIPT", "value": "packer-wordpress"},
                {"name": "DB_NAME", "value": "/web/db-name", "type": "PARAMETER_STORE"},
                {"name": "DB_PASSWORD", "value": "web:password", "type": "SECRETS_MANAGER"},
            ],
        ),
        "logs_config": {
            "cloud_watch_logs": {"status": "ENABLED", "group_name": f"/golden/{name}", "stream_name": "builds"},
            "s3_logs": {"status": "ENABLED", "location": f"{there['bucket']}/logs"},
        },
        "vpc_config": network,
        "tags": {"team": "web"},
    }


def pipeline_project(name: str, there: Options) -> Options:
    """As C(aws_codebuild_project.pipeline); the role by its name."""
    return {
        "name": name,
        "service_role": there["builds_role"].rpartition("/")[2],
        "source": {"type": "CODEPIPELINE"},
        "artifacts": {"type": "CODEPIPELINE"},
        "cache": {"type": "S3", "location": f"{there['bucket']}/cache"},
        "environment": environment(),
        "tags": {},
    }


def hosted_project(name: str, there: Options) -> Options:
    """As C(aws_codebuild_project.hosted)."""
    return {
        "name": f"{name}-hosted",
        "service_role": there["builds_role"],
        "badge_enabled": True,
        "source": {
            "type": "GITHUB",
            "location": "https://github.com/web/images.git",
            "git_clone_depth": 1,
            "report_build_status": True,
            "git_submodules_config": {"fetch_submodules": True},
        },
        "secondary_sources": [{"source_identifier": "roles", "type": "CODECOMMIT", "location": there["clone_url"]}],
        "secondary_source_versions": [{"source_identifier": "roles", "source_version": "main"}],
        "artifacts": {"type": "NO_ARTIFACTS"},
        "secondary_artifacts": [
            {
                "artifact_identifier": "manifest",
                "type": "S3",
                "location": there["bucket"],
                "name": "manifest.zip",
                "packaging": "ZIP",
                "namespace_type": "BUILD_ID",
            }
        ],
        "environment": environment(
            image="123456789012.dkr.ecr.us-east-1.amazonaws.com/toolkit:1", image_pull_credentials_type="SERVICE_ROLE"
        ),
        "logs_config": {"cloud_watch_logs": {"status": "DISABLED"}},
        "tags": {},
    }


def pipeline(name: str, there: Options, *stages: Options, **more: t.Any) -> Options:
    return {
        "name": name,
        "role_arn": there["pipeline_role"],
        "artifact_store": {"location": there["bucket"]},
        "stages": list(stages),
        # One without a default: CodePipeline does not start it by itself.
        "variables": [{"name": "REASON"}],
        "tags": {},
        **more,
    }


def stage(name: str, action: str, category: str, provider: str, configuration: Options, **more: t.Any) -> Options:
    """A stage with one action."""
    reactions = {key: more.pop(key) for key in ("on_failure",) if key in more}
    actions = [
        {"name": action, "category": category, "provider": provider, "configuration": configuration, **more},
    ]
    return {"name": name, "actions": actions, **reactions}


def images_pipeline(name: str, there: Options) -> Options:
    """As C(aws_codepipeline.images), with what is a string to AWS as what it means."""
    source = {"RepositoryName": there["repository"], "BranchName": "main", "PollForSourceChanges": False}
    variables = [{"type": "PLAINTEXT", "name": "PACKER_SCRIPT", "value": "#{variables.IMAGE}"}]
    return pipeline(
        name,
        there,
        stage("Source", "repository", "Source", "CodeCommit", source, namespace="Source", output_artifacts=["source"]),
        stage(
            "Build",
            "packer",
            "Build",
            "CodeBuild",
            {"ProjectName": name, "EnvironmentVariables": variables},
            namespace="Build",
            input_artifacts=["source"],
            output_artifacts=["built"],
            on_failure={"result": "RETRY", "retry_configuration": {"retry_mode": "ALL_ACTIONS"}},
        ),
        stage(
            "Approve",
            "look",
            "Approval",
            "Manual",
            {"CustomData": "Built from #{Source.CommitId}"},
            timeout_in_minutes=600,
        ),
        execution_mode="QUEUED",
        variables=[
            {"name": "REASON", "description": "Why it runs"},
            {"name": "IMAGE", "default_value": "wordpress"},
        ],
        tags={"team": "web"},
    )


def connected_pipeline(name: str, there: Options, **more: t.Any) -> Options:
    """Of a repository elsewhere. C(DetectChanges) is of its source, the rest of the pipeline."""
    detect = {"DetectChanges": more.pop("DetectChanges")} if "DetectChanges" in more else {}
    source = {"ConnectionArn": CONNECTION, "FullRepositoryId": "web/images", "BranchName": "main", **detect}
    return pipeline(
        name,
        there,
        stage("Source", "repository", "Source", "CodeStarSourceConnection", source, output_artifacts=["source"]),
        stage("Approve", "look", "Approval", "Manual", {}),
        **more,
    )


def elsewhere_pipeline(name: str, there: Options) -> Options:
    """As C(aws_codepipeline.elsewhere), without the trigger that CodePipeline adds."""
    return connected_pipeline(f"{name}-elsewhere", there)


def filtered_pipeline(name: str, there: Options) -> Options:
    """As C(aws_codepipeline.filtered)."""
    trigger = {
        "source_action_name": "repository",
        "push": [
            {
                "branches": {"includes": ["main", "release/*"]},
                "file_paths": {"includes": ["images/**"], "excludes": ["**/*.md"]},
            }
        ],
        "pull_request": [{"events": ["OPEN", "UPDATED"], "branches": {"includes": ["main"]}}],
    }
    return connected_pipeline(
        f"{name}-filtered", there, DetectChanges=True, execution_mode="PARALLEL", triggers=[trigger]
    )


def declared(terraform: Terraform) -> dict[str, tuple[str, Options]]:
    """The modules and options that say what the configuration says, by its addresses."""
    there, name = terraform.outputs(), terraform.variables["name"]
    vpc = {key: terraform.variables[key] for key in ("vpc_id", "subnets", "security_group_ids")}
    return {
        "aws_codebuild_project.branch": (PROJECT, branch_project(name, there, vpc)),
        "aws_codebuild_project.pipeline": (PROJECT, pipeline_project(name, there)),
        "aws_codebuild_project.hosted": (PROJECT, hosted_project(name, there)),
        "aws_codepipeline.images": (PIPELINE, images_pipeline(name, there)),
        "aws_codepipeline.elsewhere": (PIPELINE, elsewhere_pipeline(name, there)),
        "aws_codepipeline.filtered": (PIPELINE, filtered_pipeline(name, there)),
    }


def reordered(options: t.Any) -> t.Any:
    """The same, told in another order."""
    if isinstance(options, dict):
        return {
            key: reordered(value)[::-1] if key in UNORDERED and isinstance(value, list) else reordered(value)
            for key, value in options.items()
        }
    return [reordered(one) for one in options] if isinstance(options, list) else options


def test_what_terraform_made_is_unchanged_to_the_modules(four: Four, terraform: Terraform) -> None:
    terraform.add(CONFIGURATION / "pipeline.tf", CONFIGURATION / "filtered.tf")
    terraform.apply()
    made = terraform.plan()
    assert made.rc == EMPTY, made.output
    for module, options in declared(terraform).values():
        four.module(module, reordered(options)).expect(changed=False, writes={}, idle_reads=READS[module])


def test_what_the_modules_made_is_an_empty_plan_to_terraform(four: Four, terraform: Terraform) -> None:
    said = declared(terraform)
    # The provider does not read its argument: see the next test.
    del said["aws_codepipeline.filtered"]
    for module, options in said.values():
        four.module(module, options).expect(changed=True, writes={CREATES[module]: 1}, idle_reads=READS[module])
    names = {address: options["name"] for address, (_module, options) in said.items()}

    before = mark(terraform.cloud)
    terraform.add(CONFIGURATION / "pipeline.tf")
    planned = terraform.adopt(names)
    assert f"Plan: {len(names)} to import, 0 to add, 0 to change, 0 to destroy." in planned, planned
    seen = terraform.plan()
    assert seen.rc == EMPTY, seen.output
    assert not writes(of_clients(calls_since(terraform.cloud, before)))

    # A plan that is empty whatever there is would show nothing.
    codepipeline = terraform.cloud.client("codepipeline")
    other = codepipeline.get_pipeline(name=names["aws_codepipeline.images"])["pipeline"]
    codepipeline.update_pipeline(pipeline={**other, "executionMode": "SUPERSEDED"})
    seen = terraform.plan()
    assert seen.rc == CHANGES and '"SUPERSEDED" -> "QUEUED"' in seen.output, seen.output


def test_terraform_reads_the_triggers_that_the_modules_made(four: Four, terraform: Terraform) -> None:
    """In an attribute of its own: of what it imports the provider does not know who asked for them, and plans to add them."""
    address = "aws_codepipeline.filtered"
    module, options = declared(terraform)[address]
    four.module(module, options)
    terraform.add(CONFIGURATION / "filtered.tf")
    terraform("import", address, options["name"])
    (trigger,) = terraform.resource(address)["trigger_all"]
    (git,) = trigger["git_configuration"]
    assert [one["branches"] for one in git["push"]] == [[{"includes": ["main", "release/*"], "excludes": []}]]
    assert [one["events"] for one in git["pull_request"]] == [["OPEN", "UPDATED"]]
