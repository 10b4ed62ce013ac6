# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is PRIVATE to the collection. It can have breaking changes at any time.

"""Reads what uses AMIs in an account and a Region: every source is tried, and one that cannot be read is named."""

from __future__ import annotations

import collections.abc as c
import concurrent.futures
import typing as t

from . import calls_references
from .accounts import Place
from .calls import AmiError, Client, Resource
from .cloud import Cloud
from .images import chunks
from .referring import Facts, Reference, References, Unread, expression_of, find_references, is_record

__all__ = ["SOURCES", "USAGE", "Reference", "References", "Unread", "read_references"]

# Without those that are gone or going.
_STATES = ["pending", "running", "stopping", "stopped"]
_RECIPES = ["imagebuilder:ImageRecipe", "imagebuilder:ContainerRecipe"]
# What EC2 takes at once: images in DescribeImageReferences, names in GetParameters.
_AT_ONCE = 10
_THREADS = 8

Answer = t.TypeVar("Answer")


class Unsupported(Exception):
    """The installed botocore does not have what it takes."""


def _need(client: Client, operation: str, name: str) -> None:
    if not hasattr(client, operation):
        import botocore  # noqa: PLC0415 - AnsibleAWSModule has told by now when it is missing

        raise Unsupported(f"botocore {botocore.__version__} does not know {name}: install a newer one")


class _Reader:
    """The sources of one place. C(pool) has the threads for what takes many calls."""

    def __init__(
        self, cloud: Cloud, place: Place, image_ids: c.Sequence[str], pool: concurrent.futures.Executor
    ) -> None:
        self._cloud = cloud
        self._region = place.region
        self._ids = list(image_ids)
        self._pool = pool

    def instances(self) -> list[Resource]:
        ec2 = self._cloud.ec2(self._region)
        call = calls_references.describe_instances_of
        read = [self._pool.submit(call, ec2, some, _STATES) for some in chunks(self._ids)]
        return [one for future in read for one in future.result()]

    def templates(self) -> list[Resource]:
        """All versions. Most launch templates need no call of their own: their latest and default one are all they have."""
        ec2 = self._cloud.ec2(self._region)
        found = calls_references.describe_templates(ec2)
        numbers: dict[str, set[int]] = {}
        for one in found:
            numbers.setdefault(one["LaunchTemplateId"], set()).add(int(one["VersionNumber"]))
        more = [name for name, known in numbers.items() if known != set(range(1, max(known) + 1))]
        read = [self._pool.submit(calls_references.describe_template_versions, ec2, name) for name in more]
        return [*found, *(one for future in read for one in future.result())]

    def groups(self) -> list[Resource]:
        return calls_references.describe_groups(self._cloud.autoscaling(self._region))

    def configurations(self) -> list[Resource]:
        return calls_references.describe_configurations(self._cloud.autoscaling(self._region))

    def parameters(self) -> dict[str, str]:
        names = calls_references.list_parameters(self._cloud.ssm(self._region))
        return self.resolved([name for name in names if not is_record(name)])

    def resolved(self, expressions: c.Sequence[str]) -> dict[str, str]:
        ssm = self._cloud.ssm(self._region)
        read = [
            self._pool.submit(calls_references.resolve_parameters, ssm, some) for some in chunks(expressions, _AT_ONCE)
        ]
        return {name: value for future in read for name, value in future.result().items()}

    def spot_fleets(self) -> list[Resource]:
        return calls_references.describe_spot_fleets(self._cloud.ec2(self._region))

    def spot_requests(self) -> list[Resource]:
        return calls_references.describe_open_spot_requests(self._cloud.ec2(self._region))

    def fleets(self) -> list[Resource]:
        return calls_references.describe_fleets(self._cloud.ec2(self._region))

    def recipes(self) -> list[Resource]:
        ec2 = self._cloud.ec2(self._region)
        _need(ec2, "describe_image_references", "DescribeImageReferences")
        call = calls_references.describe_image_references
        read = [self._pool.submit(call, ec2, some, _RECIPES) for some in chunks(self._ids, _AT_ONCE)]
        return [one for future in read for one in future.result()]

    def usage(self) -> list[Resource]:
        ec2 = self._cloud.ec2(self._region)
        _need(ec2, "describe_image_usage_report_entries", "DescribeImageUsageReportEntries")
        read = [self._pool.submit(calls_references.describe_usage, ec2, some) for some in chunks(self._ids)]
        return [one for future in read for one in future.result()]


# What a source is called, and where its facts go.
_SOURCES = {
    "instances": "instances",
    "launch-templates": "templates",
    "auto-scaling-groups": "groups",
    "launch-configurations": "configurations",
    "ssm-parameters": "parameters",
    "spot-fleets": "spot_fleets",
    "spot-requests": "spot_requests",
    "fleets": "fleets",
    "image-builder": "recipes",
    "usage-reports": "usage",
}
# Reports of what other accounts do with an AMI, which somebody has to order: that there are none is usual.
USAGE = "usage-reports"
SOURCES = tuple(name for name in _SOURCES if name != USAGE)


def reason_of(error: Exception) -> str:
    """Why something was not read, in AWS's words where it is AWS that refused."""
    if isinstance(error, AmiError) and error.exception is not None:
        return f"{error.message}: {error.exception}"
    return str(error)


def _answer(future: concurrent.futures.Future[Answer]) -> Answer | Exception:
    try:
        return future.result()
    except (AmiError, Unsupported) as error:
        return error


def _read(reader: _Reader, sources: c.Sequence[str], pool: concurrent.futures.Executor) -> dict[str, t.Any]:
    """What each source answers, or the error."""
    started = {source: pool.submit(getattr(reader, _SOURCES[source])) for source in sources}
    return {source: _answer(future) for source, future in started.items()}


def _expressions(facts: Facts) -> list[str]:
    """The parameters that launch templates name in a way which is no plain name of this account's."""
    named = (expression_of(one.get("LaunchTemplateData", {}).get("ImageId")) for one in facts.templates)
    return sorted({one for one in named if one and one not in facts.parameters})


def read_references(
    cloud: Cloud, place: Place, image_ids: c.Sequence[str], sources: c.Sequence[str] = SOURCES
) -> References:
    """What uses the AMIs in a place. Of another account's AMIs it finds what is in this one.

    Costs one call for each source, and more for launch templates with several versions (one each), for parameters (one for
    ten) and for recipes of EC2 Image Builder (one for ten AMIs); several at a time.
    """
    ids = list(dict.fromkeys(image_ids))
    if not ids:
        return References({}, ())
    with (
        concurrent.futures.ThreadPoolExecutor(_THREADS) as pool,
        # What waits for threads of one pool must not hold them itself.
        concurrent.futures.ThreadPoolExecutor(_THREADS) as sources_pool,
    ):
        reader = _Reader(cloud, place, ids, pool)
        answers = _read(reader, sources, sources_pool)
        failed = {source: answer for source, answer in answers.items() if isinstance(answer, Exception)}
        facts = Facts(**{_SOURCES[name]: answer for name, answer in answers.items() if name not in failed})
        named = sources_pool.submit(reader.resolved, _expressions(facts))
        resolved = _answer(named)
    if isinstance(resolved, Exception):
        failed["launch-templates"] = resolved
        resolved = {}
    unread = [Unread(name, place.account, place.region, reason_of(error)) for name, error in failed.items()]
    return References(find_references(facts, place, ids, resolved), tuple(sorted(unread)))
