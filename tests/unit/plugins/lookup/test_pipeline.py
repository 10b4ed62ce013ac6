# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lookup as the role calls it, with the definitions of the collection: stages, projects, rules, refusals."""

from __future__ import annotations

import typing as t

import pytest
import yaml
from ansible import constants
from ansible.errors import AnsibleLookupError
from ansible_collections.golden.ami.plugins.lookup import pipeline
from ansible_collections.golden.ami.plugins.plugin_utils._definition._reader import Reader

GIVEN: dict[str, t.Any] = {
    "project_name": "wordpress",
    "artefact_bucket_name": "wordpress-artefacts",
    "source_repository": "images",
    "environment_vars": {"PACKER_SCRIPT": "wordpress", "VPC_ID": "vpc-1"},
    "account": "111111111111",
    "region": "eu-west-1",
}
CONNECTION = "arn:aws:codeconnections:eu-west-1:111111111111:connection/6f0c2f5e"


def look(image: str = "wordpress", **options: t.Any) -> dict[str, t.Any]:
    return declared(t.cast(dict[str, t.Any], Reader(None).load(image).definition), **options)


def declared(definition: dict[str, t.Any], **options: t.Any) -> dict[str, t.Any]:
    """What the plugin loader does to a plugin, without its import hooks, which would stay for the tests after."""
    name = "golden.ami.pipeline"
    documented = yaml.safe_load(pipeline.DOCUMENTATION)["options"]
    constants.config.initialize_plugin_configuration_definitions("lookup", name, documented)
    plugin = pipeline.LookupModule()
    plugin._load_name = name
    (found,) = plugin.run([definition], {}, **{**GIVEN, **options})
    made: dict[str, t.Any] = found
    return made


def stage_names(made: dict[str, t.Any]) -> list[str]:
    return [stage["name"] for stage in made["stages"]]


def test_stages_are_what_the_definition_has_something_to_do_for() -> None:
    assert stage_names(look()) == ["Source", "Validate", "Build", "Test", "Approve", "Promote"]
    assert stage_names(look("apache")) == ["Source", "Validate", "Build", "Test"]
    assert stage_names(look(stages=["source", "build"])) == ["Source", "Build"]


def test_each_stage_that_works_has_a_project_with_its_role() -> None:
    made = look()
    projects = {project["name"]: project for project in made["projects"]}
    assert list(projects) == ["wordpress-validate", "wordpress-build", "wordpress-test", "wordpress-promote"]
    roles = {f"arn:aws:iam::111111111111:role/{role['name']}" for role in made["roles"]}
    assert {project["service_role"] for project in projects.values()} <= roles
    build = {one["name"]: one["value"] for one in projects["wordpress-build"]["environment_variables"]}
    assert build == {
        "PACKER_SCRIPT": "wordpress",
        "VPC_ID": "vpc-1",
        "GOLDEN_STAGE": "build",
        "GOLDEN_TOPIC_ARN": "arn:aws:sns:eu-west-1:111111111111:wordpress-pipeline",
    }
    promote = {one["name"]: one["value"] for one in projects["wordpress-promote"]["environment_variables"]}
    assert promote["GOLDEN_CHANNEL"] == made["channel"] == "prod"


def test_the_stages_after_build_are_about_the_version_that_it_made() -> None:
    actions = {stage["name"]: stage["actions"][0] for stage in look()["stages"]}
    for name in ("Test", "Promote"):
        variables = {one["name"]: one["value"] for one in actions[name]["configuration"]["EnvironmentVariables"]}
        assert variables["GOLDEN_VERSION"] == "#{Build.GOLDEN_VERSION}"
        assert variables["GOLDEN_EXECUTION_ID"] == "#{codepipeline.PipelineExecutionId}"
    assert "GOLDEN_VERSION" not in str(actions["Build"]["configuration"])
    assert actions["Build"]["namespace"] == "Build"
    approval = actions["Approve"]["configuration"]["CustomData"]
    assert approval.endswith("to prod? #{Test.GOLDEN_DIFF}")
    (untested,) = [one for one in look(stages=["source", "build", "approve"])["stages"] if one["name"] == "Approve"]
    assert "GOLDEN_DIFF" not in untested["actions"][0]["configuration"]["CustomData"]


def test_a_push_starts_it_and_what_no_build_tells_is_told() -> None:
    rules = {rule["name"]: rule for rule in look(source_branch="release")["rules"]}
    assert list(rules) == ["wordpress-push", "wordpress-succeeded", "wordpress-failed"]
    assert rules["wordpress-push"]["pattern"]["detail"]["referenceName"] == ["release"]
    transformer = rules["wordpress-failed"]["target"]["InputTransformer"]
    for name in transformer["InputPathsMap"]:
        assert f"<{name}>" in transformer["InputTemplate"]
    assert all(line[0] == line[-1] == '"' for line in transformer["InputTemplate"].splitlines())


def test_a_connection_is_the_source_and_brings_its_own_trigger() -> None:
    made = look(source_connection=CONNECTION, source_repository="team/images")
    (action,) = made["stages"][0]["actions"]
    assert action["provider"] == "CodeStarSourceConnection"
    assert action["configuration"] == {
        "BranchName": "main",
        "ConnectionArn": CONNECTION,
        "FullRepositoryId": "team/images",
    }
    assert "wordpress-push" not in [rule["name"] for rule in made["rules"]]


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"environment_vars": {}}, "environment_vars.PACKER_SCRIPT is missing"),
        ({"environment_vars": {"PACKER_SCRIPT": "web", "VPC_ID": None}}, "environment_vars.VPC_ID has no value"),
        ({"environment_vars": {"PACKER_SCRIPT": "web", "VPC-ID": "x"}}, "no name of a variable"),
        ({"environment_vars": {"PACKER_SCRIPT": "web", "GOLDEN_STAGE": "x"}}, "told by the pipeline itself"),
        ({"stages": ["build", "source"]}, "a pipeline begins with source"),
        ({"stages": ["source"]}, "two stages at least"),
        ({"stages": ["source", "publish"]}, "there is no publish"),
        ({"stages": ["source", "build", "deploy"]}, "deploy needs channels with deploy"),
        ({"stages": ["source", "validate", "deploy"]}, "deploy is about what build makes"),
        ({"stages": ["source", "build", "validate"]}, "each once, in the order"),
        ({"stages": ["source", "build", "build"]}, "each once, in the order"),
        ({"stages": ["source", "validate", "promote"]}, "promote is about what build makes"),
        ({"channel": "stage"}, "no channel stage: it has dev, prod"),
        ({"project_name": "x" * 54}, "project_name"),
        ({"source_connection": "github"}, "no ARN of a connection"),
        ({"source_connection": CONNECTION}, "with source_connection it is OWNER/NAME"),
    ],
)
def test_what_aws_would_refuse_is_refused_before_any_call(options: dict[str, t.Any], told: str) -> None:
    with pytest.raises(AnsibleLookupError, match=told):
        look(**options)


def test_without_channels_there_is_nothing_to_promote_to() -> None:
    with pytest.raises(AnsibleLookupError, match="promote needs channels"):
        look("apache", stages=["source", "build", "promote"])


def deployed(**channels: dict[str, t.Any]) -> dict[str, t.Any]:
    """The definition of wordpress with these deployments of its channels."""
    definition: dict[str, t.Any] = {**Reader(None).load("wordpress").definition}
    definition["channels"] = {name: {**definition["channels"].get(name, {}), **more} for name, more in channels.items()}
    return definition


DEPLOY = {"deploy": {"launch_template": "web", "health": {"status_checks": True}}}
ELSEWHERE = {"deploy": {**DEPLOY["deploy"], "account": "222222222222", "role_name": "stage"}}


def test_channels_that_are_deployed_to_make_one_stage_that_goes_through_them() -> None:
    made = declared(deployed(dev=DEPLOY, test={}, prod=ELSEWHERE))
    assert stage_names(made) == ["Source", "Validate", "Build", "Test", "Approve", "Deploy"]
    projects = {project["name"]: project for project in made["projects"]}
    told = {one["name"]: one["value"] for one in projects["wordpress-deploy"]["environment_variables"]}
    assert (told["GOLDEN_STAGE"], told["GOLDEN_CHANNEL"]) == ("deploy", "dev,prod")
    (role,) = [role for role in made["roles"] if role["name"] == "wordpress-deploy"]
    (enter,) = [one for one in role["statements"] if one["Sid"] == "Enter"]
    assert enter["Resource"] == ["arn:aws:iam::222222222222:role/stage"]


def test_a_channel_without_a_deployment_is_promoted_after_those_that_have_one() -> None:
    made = declared(deployed(dev=DEPLOY, prod={}))
    assert stage_names(made)[-2:] == ["Deploy", "Promote"]
    made = declared(deployed(dev=DEPLOY, prod=DEPLOY), channel="dev")
    assert stage_names(made)[-1] == "Deploy"
    (project,) = [one for one in made["projects"] if one["name"] == "wordpress-deploy"]
    assert {"name": "GOLDEN_CHANNEL", "value": "dev"} in project["environment_variables"]


PROFILED = {"deploy": {**DEPLOY["deploy"], "instance_profile": "web"}}


@pytest.mark.parametrize("account", [{}, {"account": "111111111111"}])
def test_a_stage_with_an_instance_profile_needs_the_role_that_is_passed(account: dict[str, str]) -> None:
    definition = deployed(dev=DEPLOY, prod={"deploy": {**PROFILED["deploy"], **account}})
    with pytest.raises(
        AnsibleLookupError, match=r"pipeline_instance_profile_role: channels\.prod\.deploy .* profile web"
    ):
        declared(definition)
    made = declared(definition, instance_profile_role="web-role")
    (role,) = [role for role in made["roles"] if role["name"] == "wordpress-deploy"]
    (passed,) = [one for one in role["statements"] if one["Sid"] == "Pass"]
    assert passed["Resource"] == ["arn:aws:iam::111111111111:role/web-role"]


def test_an_instance_profile_of_another_account_or_beyond_the_pipeline_needs_none() -> None:
    elsewhere = {"deploy": {**PROFILED["deploy"], "account": "222222222222"}}
    assert "Deploy" in stage_names(declared(deployed(dev=DEPLOY, prod=elsewhere)))
    beyond = deployed(dev=DEPLOY, prod=PROFILED)
    assert stage_names(declared(beyond, channel="dev"))[-1] == "Deploy"
    assert stage_names(declared(beyond, stages=["source", "build", "promote"]))[-1] == "Promote"
