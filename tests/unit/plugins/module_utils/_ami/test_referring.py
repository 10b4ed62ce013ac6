# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What counts as a reference to an AMI, and under which name."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.golden.ami.plugins.module_utils._ami.accounts import Place
from ansible_collections.golden.ami.plugins.module_utils._ami.referring import (
    Facts,
    expression_of,
    find_references,
    is_record,
)
from hypothesis import given
from hypothesis import strategies as st

HERE = Place("111111111111", "eu-west-1")
AMI, OTHER = "ami-0123456789abcdef0", "ami-0123456789abcdef1"


def version(number: int, image: str, *, default: bool = False, template: str = "lt-1") -> dict[str, t.Any]:
    return {
        "LaunchTemplateId": template,
        "LaunchTemplateName": f"name-{template}",
        "VersionNumber": number,
        "DefaultVersion": default,
        "LaunchTemplateData": {"ImageId": image},
    }


def told(facts: Facts, **more: t.Any) -> set[tuple[str, str]]:
    found = find_references(facts, HERE, [AMI], **more)
    assert {(one.account, one.region) for one in found[AMI]} <= {(HERE.account, HERE.region)}
    return {(one.kind, one.id) for one in found[AMI]}


def details(facts: Facts) -> dict[str, str]:
    return {one.id: one.detail for one in find_references(facts, HERE, [AMI])[AMI]}


def test_without_any_each_image_has_an_empty_answer() -> None:
    assert find_references(Facts(), HERE, [AMI, OTHER]) == {AMI: (), OTHER: ()}


def test_instances() -> None:
    facts = Facts(
        instances=[
            {"InstanceId": "i-1", "ImageId": AMI, "State": {"Name": "stopped"}},
            {"InstanceId": "i-2", "ImageId": OTHER},
        ]
    )
    assert told(facts) == {("instance", "i-1")}
    assert details(facts) == {"i-1": "stopped"}


def test_default_latest_and_stale_versions_of_launch_templates() -> None:
    facts = Facts(templates=[version(n, AMI, default=n == 2) for n in (1, 2, 3, 4)])
    assert told(facts) == {
        ("launch-template", "lt-1"),
        ("launch-template-version", "lt-1:1"),
        ("launch-template-version", "lt-1:3"),
    }
    found = find_references(facts, HERE, [AMI])[AMI]
    assert [one.detail for one in found] == [
        "name-lt-1 version 2, default",
        "name-lt-1 version 4, latest",
        "name-lt-1 version 1, stale",
        "name-lt-1 version 3, stale",
    ]


def test_a_version_that_something_uses_is_not_stale() -> None:
    templates = [version(1, AMI), version(2, AMI), version(3, AMI), version(4, OTHER, default=True)]
    group = {"AutoScalingGroupName": "web", "LaunchTemplate": {"LaunchTemplateId": "lt-1", "Version": "1"}}
    tags = [
        {"Key": "aws:ec2launchtemplate:id", "Value": "lt-1"},
        {"Key": "aws:ec2launchtemplate:version", "Value": "2"},
    ]
    instance = {"InstanceId": "i-1", "ImageId": OTHER, "Tags": tags}
    facts = Facts(templates=templates, groups=[group], instances=[instance])
    found = find_references(facts, HERE, [AMI])[AMI]
    assert [(one.kind, one.id, one.detail) for one in found] == [
        ("auto-scaling-group", "web", "launch template name-lt-1 version 1"),
        ("launch-template", "lt-1", "name-lt-1 version 1, used by auto-scaling-group web"),
        ("launch-template", "lt-1", "name-lt-1 version 2, used by instance i-1"),
        ("launch-template-version", "lt-1:3", "name-lt-1 version 3, stale"),
    ]


@pytest.mark.parametrize(
    ("selector", "found"), [("$Latest", True), ("$Default", False), (None, False), ("2", True), ("7", False)]
)
def test_what_a_group_means_by_a_version(selector: str | None, found: bool) -> None:
    specification = {"LaunchTemplateName": "name-lt-1", **({"Version": selector} if selector else {})}
    group = {"AutoScalingGroupName": "web", "LaunchTemplate": specification}
    facts = Facts(templates=[version(1, OTHER, default=True), version(2, AMI)], groups=[group])
    assert (("auto-scaling-group", "web") in told(facts)) is found


def test_groups_of_several_types_of_instances() -> None:
    specification = {"LaunchTemplateId": "lt-1", "Version": "1"}
    override = {"LaunchTemplateSpecification": {"LaunchTemplateId": "lt-2", "Version": "1"}}
    policy = {"LaunchTemplateSpecification": specification, "Overrides": [override, {"InstanceType": "t3.micro"}]}
    group = {"AutoScalingGroupName": "web", "MixedInstancesPolicy": {"LaunchTemplate": policy}}
    for first, second in ((AMI, OTHER), (OTHER, AMI)):
        templates = [version(1, first, default=True), version(1, second, default=True, template="lt-2")]
        assert ("auto-scaling-group", "web") in told(Facts(templates=templates, groups=[group]))
    named = {"MixedInstancesPolicy": {"LaunchTemplate": {"Overrides": [{"ImageId": AMI}]}}}
    assert told(Facts(groups=[{"AutoScalingGroupName": "web", **named}])) == {("auto-scaling-group", "web")}


def test_launch_configurations() -> None:
    configuration = {"LaunchConfigurationName": "old", "ImageId": AMI}
    group = {"AutoScalingGroupName": "web", "LaunchConfigurationName": "old"}
    facts = Facts(configurations=[configuration], groups=[group])
    assert told(facts) == {("launch-configuration", "old"), ("auto-scaling-group", "web")}


def test_parameters_that_name_it_but_not_the_record_of_its_version() -> None:
    parameters = {
        "/golden/web/prod": AMI,
        "/golden/web/versions/1": AMI,
        "/golden/web/versions/1/amazon-ebs.base": AMI,
        "/golden/db/prod": OTHER,
        "plain": AMI,
        "list": f"{OTHER},{AMI}",
        "text": f"x{AMI}",
        "longer": f"{AMI}0",
    }
    facts = Facts(parameters=parameters)
    assert told(facts) == {("ssm-parameter", "/golden/web/prod"), ("ssm-parameter", "plain"), ("ssm-parameter", "list")}
    assert details(facts)["/golden/web/prod"] == "channel prod of web"


def test_launch_templates_that_name_a_parameter() -> None:
    by_channel = version(1, "resolve:ssm:/golden/web/prod", default=True)
    facts = Facts(templates=[by_channel], parameters={"/golden/web/prod": AMI})
    assert told(facts) == {("launch-template", "lt-1"), ("ssm-parameter", "/golden/web/prod")}
    assert "by the SSM parameter /golden/web/prod" in details(facts)["lt-1"]
    pinned = version(1, "resolve:ssm:/golden/web/prod:3", default=True)
    facts = Facts(templates=[pinned], parameters={"/golden/web/prod": OTHER})
    assert told(facts) == set()
    assert told(facts, resolved={"/golden/web/prod:3": AMI}) == {("launch-template", "lt-1")}


@pytest.mark.parametrize(
    ("state", "counts"),
    [("submitted", True), ("active", True), ("modifying", True), ("cancelled", False), ("cancelled_running", False)],
)
def test_spot_fleets_and_ec2_fleets_that_may_start_something(state: str, counts: bool) -> None:
    config = {"LaunchSpecifications": [{"ImageId": AMI}]}
    spot = {"SpotFleetRequestId": "sfr-1", "SpotFleetRequestState": state, "SpotFleetRequestConfig": config}
    by_template = {"LaunchTemplateSpecification": {"LaunchTemplateId": "lt-1", "Version": "1"}}
    fleet = {"FleetId": "fleet-1", "FleetState": state, "LaunchTemplateConfigs": [by_template]}
    templates = [version(1, AMI), version(2, OTHER, default=True)]
    found = told(Facts(spot_fleets=[spot], fleets=[fleet], templates=templates))
    assert (("spot-fleet", "sfr-1") in found, ("fleet", "fleet-1") in found) == (counts, counts)
    assert (("launch-template", "lt-1") in found) is counts
    overrides = {"FleetId": "fleet-2", "LaunchTemplateConfigs": [{"Overrides": [{"ImageId": AMI}]}]}
    assert told(Facts(fleets=[overrides])) == {("fleet", "fleet-2")}


def test_spot_requests_recipes_and_usage_by_others() -> None:
    request = {"SpotInstanceRequestId": "sir-1", "State": "open", "LaunchSpecification": {"ImageId": AMI}}
    arns = ["arn:aws:imagebuilder:eu-west-1:111111111111:image-recipe/a/1.0.0", "arn:c"]
    types = ["imagebuilder:ImageRecipe", "imagebuilder:ContainerRecipe"]
    recipes = [{"ImageId": AMI, "ResourceType": name, "Arn": arn} for name, arn in zip(types, arns, strict=True)]
    usage = {"ImageId": AMI, "AccountId": "222222222222", "UsageCount": 3, "ResourceType": "ec2:Instance"}
    facts = Facts(spot_requests=[request], recipes=recipes, usage=[usage])
    assert told(facts) == {
        ("spot-request", "sir-1"),
        ("image-recipe", arns[0]),
        ("container-recipe", arns[1]),
        ("account", "222222222222"),
    }
    assert details(facts)["222222222222"].startswith("3 ec2:Instance")


def test_expressions() -> None:
    assert expression_of("resolve:ssm:/golden/web/prod:3") == "/golden/web/prod:3"
    assert expression_of(AMI) is None
    assert expression_of(None) is None


@pytest.mark.parametrize("image", ["web", "team/web", "a/b/c", "versions", "team/versions"])
def test_records_are_no_users(image: str) -> None:
    """Of versions, also of those that several builders made, of what is inside, and of revocations; an image's name may have parts."""
    for name in (
        f"/golden/{image}/versions/20261121093000-2ca060",
        f"/golden/{image}/versions/20261121093000-2ca060/amazon-ebs.base",
        f"/golden/{image}/contents/20261121093000-2ca060/12",
        f"/golden/{image}/contents/20261121093000-2ca060/amazon-ebs.base/1",
        f"/golden/{image}/revoked/{OTHER}",
    ):
        assert is_record(name)
        assert told(Facts(parameters={name: f'{{"channels": {{"prod": "{AMI}"}}}}'})) == set()


@pytest.mark.parametrize(
    "name",
    [
        "/golden/web/prod",
        "/golden/team/web/prod",
        "/golden/web/versions",
        "/golden/versions/1",
        "/golden/revoked/ami-0123456789abcdef1",
        "/golden/web/versions/1/builder/more",
        "/golden/web/revoked/prod",
        "/golden/web/contents/prod",
        "/golden/web/contents/1.0/latest",
        "/golden/web/versions//builder",
        "/apps/golden/web/versions/1",
        "golden/web/versions/1",
    ],
)
def test_all_other_parameters_are(name: str) -> None:
    assert not is_record(name)
    assert told(Facts(parameters={name: AMI})) == {("ssm-parameter", name)}


@given(st.lists(st.tuples(st.integers(1, 6), st.booleans()), min_size=1, unique_by=lambda one: one[0]), st.data())
def test_every_version_that_names_an_image_is_told_once(versions: list[tuple[int, bool]], data: st.DataObject) -> None:
    """As used or as stale: nothing that names an image is left out, whatever else there is."""
    default = data.draw(st.sampled_from([number for number, _named in versions]))
    templates = [version(number, AMI if named else OTHER, default=number == default) for number, named in versions]
    used = data.draw(st.sampled_from([number for number, _named in versions]))
    group = {"AutoScalingGroupName": "web", "LaunchTemplate": {"LaunchTemplateId": "lt-1", "Version": str(used)}}
    found = find_references(Facts(templates=templates, groups=[group]), HERE, [AMI])[AMI]
    naming = {number for number, named in versions if named}
    stale = {int(one.id.partition(":")[2]) for one in found if one.kind == "launch-template-version"}
    live = [one for one in found if one.kind == "launch-template"]
    assert stale == naming - {default, used, max(number for number, _named in versions)}
    assert len(live) + len(stale) == len(naming)
    assert any(one.kind == "auto-scaling-group" for one in found) == (used in naming)
