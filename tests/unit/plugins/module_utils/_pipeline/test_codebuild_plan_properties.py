# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A project that is equal needs nothing, a plan that is carried out makes it what is declared, and check mode says the same."""

from __future__ import annotations

import typing as t

from ansible_collections.golden.ami.plugins.module_utils._pipeline.codebuild_normal import normal
from ansible_collections.golden.ami.plugins.module_utils._pipeline.codebuild_plan import (
    Plan,
    plan_absent,
    plan_present,
    tags_after,
)
from harness.codebuild_world import ROLE, stored, told
from hypothesis import given
from hypothesis import strategies as st

NAMES = st.sampled_from(["a", "b", "c"])
TEXTS = st.sampled_from(["", "one", "two"])
BOOLS = st.booleans()
TAGS = st.dictionaries(st.sampled_from(["team", "stage", "golden:managed-by"]), TEXTS, max_size=3)


def some(**strategies: st.SearchStrategy[t.Any]) -> st.SearchStrategy[dict[str, t.Any]]:
    """Any of them, none of them required."""
    return st.fixed_dictionaries({}, optional=strategies)


def lists(name: str, **strategies: st.SearchStrategy[t.Any]) -> st.SearchStrategy[list[dict[str, t.Any]]]:
    """A few that are known by different names."""
    one = st.fixed_dictionaries({name: NAMES, **strategies})
    return st.lists(one, unique_by=lambda made: made[name], min_size=1, max_size=3)


ENVIRONMENTS = st.fixed_dictionaries(
    {
        "type": st.sampled_from(["LINUX_CONTAINER", "ARM_CONTAINER"]),
        "image": st.sampled_from(["i1", "i2"]),
        "computeType": st.sampled_from(["BUILD_GENERAL1_SMALL", "BUILD_GENERAL1_LARGE"]),
        "environmentVariables": st.one_of(
            st.just([]), lists("name", value=TEXTS, type=st.sampled_from(["PLAINTEXT", "PARAMETER_STORE"]))
        ),
    },
    optional={"privilegedMode": BOOLS, "certificate": st.just("c"), "hostKernel": st.just("LINUX_KERNEL_6")},
)
SOURCES = st.fixed_dictionaries(
    {"type": st.sampled_from(["CODECOMMIT", "GITHUB"]), "location": st.sampled_from(["l1", "l2"])},
    optional={"gitCloneDepth": st.integers(0, 2), "insecureSsl": BOOLS, "buildspec": st.just("b")},
)
ARTIFACTS = st.one_of(
    st.just({"type": "NO_ARTIFACTS"}),
    st.fixed_dictionaries(
        {"type": st.just("S3"), "location": st.just("bucket")},
        optional={"name": st.sampled_from(["web", "x"]), "packaging": st.sampled_from(["NONE", "ZIP"])},
    ),
)
DECLARED = st.fixed_dictionaries(
    {
        "name": st.just("web"),
        "serviceRole": st.just(ROLE),
        "source": SOURCES,
        "artifacts": ARTIFACTS,
        "environment": ENVIRONMENTS,
    },
    optional={
        "description": st.just("d"),
        "sourceVersion": st.just("main"),
        "secondarySources": lists("sourceIdentifier", type=st.just("S3"), location=st.just("a/b")),
        "secondaryArtifacts": lists("artifactIdentifier", type=st.just("S3"), location=st.just("bucket")),
        "cache": st.just({"type": "LOCAL", "modes": ["LOCAL_SOURCE_CACHE"]}),
        "timeoutInMinutes": st.sampled_from([5, 60]),
        "queuedTimeoutInMinutes": st.sampled_from([5, 480]),
        "concurrentBuildLimit": st.integers(1, 2),
        "autoRetryLimit": st.integers(0, 1),
        "encryptionKey": st.sampled_from(["alias/aws/s3", "alias/golden"]),
        "vpcConfig": st.just({"vpcId": "v", "subnets": ["b", "a"], "securityGroupIds": ["s"]}),
        "badgeEnabled": BOOLS,
        "logsConfig": some(
            cloudWatchLogs=st.sampled_from([{"status": "ENABLED"}, {"status": "ENABLED", "groupName": "g"}]),
            s3Logs=st.just({"status": "ENABLED", "location": "b"}),
        ),
        "fileSystemLocations": lists("identifier", type=st.just("EFS"), location=st.just("f:/")),
        "buildBatchConfig": st.just({"serviceRole": ROLE, "timeoutInMins": 5}),
    },
)
DESIRED_TAGS = st.one_of(st.none(), TAGS)


def carried_out(current: dict[str, t.Any] | None, plan: Plan) -> dict[str, t.Any]:
    """What CodeBuild says of the project after the plan's call."""
    before = {**current, "badgeEnabled": current["badge"]["badgeEnabled"]} if current else {}
    return told(stored(before, {"name": "web", **plan.request}))


def made(declared: dict[str, t.Any], tags: dict[str, str]) -> dict[str, t.Any]:
    return carried_out(None, plan_present(None, declared, tags, purge=True))


@given(DECLARED, TAGS)
def test_what_was_created_is_as_the_plan_said_and_needs_nothing(
    declared: dict[str, t.Any], tags: dict[str, str]
) -> None:
    plan = plan_present(None, declared, tags, purge=True)
    assert plan.action == "create"
    current = carried_out(None, plan)
    assert normal(current) == plan.after
    assert plan_present(current, declared, tags, purge=True).action is None
    assert plan_present(current, declared, None, purge=True).action is None


@given(DECLARED, DECLARED, TAGS, DESIRED_TAGS, BOOLS)
def test_an_update_leads_to_what_is_declared_whatever_was_there(
    old: dict[str, t.Any], new: dict[str, t.Any], there: dict[str, str], tags: dict[str, str] | None, purge: bool
) -> None:
    current = made(old, there)
    plan = plan_present(current, new, tags, purge=purge)
    assert plan.before == normal(current)
    after = carried_out(current, plan) if plan.action else current
    assert normal(after) == plan.after
    again = plan_present(after, new, tags, purge=purge)
    assert (again.action, again.changes, again.request) == (None, (), {})
    assert (plan.before != plan.after) == (plan.action is not None)
    assert set(plan.request) <= {*plan.changes, "tags"}


@given(DECLARED)
def test_the_order_of_what_has_none_makes_no_difference(declared: dict[str, t.Any]) -> None:
    def turned(value: t.Any) -> t.Any:
        if isinstance(value, dict):
            return {name: turned(one) for name, one in reversed(value.items())}
        return [turned(one) for one in reversed(value)] if isinstance(value, list) else value

    assert normal(turned(declared)) == normal(declared)


@given(TAGS, DESIRED_TAGS, BOOLS)
def test_tags(before: dict[str, str], wanted: dict[str, str] | None, purge: bool) -> None:
    after = tags_after({**before, "aws:x": "1"}, wanted, purge=purge)
    assert after["aws:x"] == "1"
    assert wanted is None or wanted.items() <= after.items()
    if wanted is None or not purge:
        assert before.keys() <= after.keys()
    else:
        assert after.keys() == {*wanted, "aws:x"}


@given(DECLARED)
def test_absent(declared: dict[str, t.Any]) -> None:
    current = made(declared, {})
    assert plan_absent(current) == Plan("delete", normal(current), None)
    assert plan_absent(None).action is None


def test_lambda_has_no_times_of_its_own() -> None:
    def on(kind: str, **more: t.Any) -> dict[str, t.Any]:
        environment = {"type": kind, "image": "i", "computeType": "c"}
        part = {"type": "NO_SOURCE", "buildspec": "b"}
        declared = {"name": "web", "serviceRole": ROLE, "source": part, "artifacts": {"type": "NO_ARTIFACTS"}}
        return {**declared, "environment": environment, **more}

    current = made(on("LINUX_CONTAINER", timeoutInMinutes=10), {})
    plan = plan_present(current, on("LINUX_LAMBDA_CONTAINER"), None, purge=True)
    assert set(plan.request) == {"environment", "tags"}
    assert plan_present(carried_out(current, plan), on("LINUX_LAMBDA_CONTAINER"), None, purge=True).action is None
