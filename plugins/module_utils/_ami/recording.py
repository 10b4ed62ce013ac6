# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is PRIVATE to the collection. It can have breaking changes at any time.

"""What the module ami_record does: each place gets the parameter that names its AMI of a version."""

from __future__ import annotations

import collections.abc as c
import dataclasses
import time
import typing as t

from . import accounts, calls, own_amis, table
from .accounts import Accounts, Place
from .at_once import all_at_once
from .calls import AmiError
from .calls_parameters import read_below
from .channels import check_image
from .cloud import Cloud
from .images import Ami, read_amis
from .steps import Step, take
from .versions import check_version, version_parameter

ARGUMENT_SPEC: dict[str, t.Any] = {
    "image": {"type": "str", "required": True},
    "version": {"type": "str", "required": True},
    "timeout": {"type": "int", "default": 120},
    **accounts.ARGUMENT_SPEC,
}

# Seconds between two looks at what was written.
_PAUSE = 1.0
RECORD, KEEP, NONE = "record", "keep", "none"

Result = dict[str, t.Any]


@dataclasses.dataclass(frozen=True)
class There:
    """A place: its complete AMIs of the version, and what the parameter of the version names."""

    place: Place
    amis: tuple[Ami, ...]
    recorded: str | None


@dataclasses.dataclass(frozen=True)
class Line:
    """What becomes of a parameter in a place. C(image_id) None: there is no AMI to name."""

    place: Place
    parameter: str
    image_id: str | None
    before: str | None
    action: str
    reason: str


def plan(theres: c.Sequence[There], parameter: str) -> list[Line]:
    """What to write where. Raises AmiError for a place where it would be wrong, before anything is written anywhere."""
    problems = [problem for there in theres if (problem := _problem(there, parameter))]
    if not problems and not any(there.recorded or there.amis for there in theres):
        looked = ", ".join(str(there.place) for there in theres)
        problems = [f"there is no complete AMI of it in {looked}: build it, or name the Regions it is in"]
    if problems:
        raise AmiError(f"{parameter} can't be recorded: {'; '.join(problems)}. Nothing was written.")
    return [_line(there, parameter) for there in theres]


def of_one_builder(theres: c.Sequence[There]) -> list[There]:
    """Only the AMIs that are called like those that are recorded already: a copy keeps the name of its source."""
    names = {ami.name for there in theres for ami in there.amis if ami.image_id == there.recorded}
    return [
        dataclasses.replace(there, amis=tuple(ami for ami in there.amis if ami.name in names)) if names else there
        for there in theres
    ]


def _problem(there: There, parameter: str) -> str | None:
    ids = [ami.image_id for ami in there.amis]
    if there.recorded and there.recorded not in ids:
        return (
            f"in {there.place} it names {there.recorded}, which is no complete AMI of that version there. A version is"
            f" written once: build a new one, or remove the parameter {parameter} there when that AMI is gone for good"
        )
    if not there.recorded and len(ids) > 1:
        return (
            f"{there.place} has several AMIs of it, {', '.join(ids)}, and no record tells which is which: name the Region it"
            f" was built in as well, where {parameter}/BUILDER does, or write that parameter for each"
        )
    return None


def _line(there: There, parameter: str) -> Line:
    if there.recorded:
        return Line(there.place, parameter, there.recorded, there.recorded, KEEP, "it is recorded")
    if not there.amis:
        why = "there is no complete AMI of it: copy it there (golden.ami.ami_copy)"
        return Line(there.place, parameter, None, None, NONE, why)
    (ami,) = there.amis
    if ami.state != "available":
        why = f"{ami.image_id} is {ami.state}: run again when it is available"
        return Line(there.place, parameter, None, None, NONE, why)
    return Line(there.place, parameter, ami.image_id, None, RECORD, f"{ami.image_id} is not recorded")


class _Records:
    """Reads what is there, in all places at once."""

    def __init__(self, clouds: c.Mapping[Place, Cloud], image: str, version: str) -> None:
        self._clouds = clouds
        self._parameter = version_parameter(image, version)
        number = version.split("/")[0]
        self._wanted = {"tag:golden:image": image, "tag:golden:version": number, "tag:golden:complete": "yes"}

    def theres(self) -> list[There]:
        """Two calls in each place."""
        return all_at_once(self._read, list(self._clouds))

    def _read(self, place: Place) -> There:
        amis = read_amis(self._clouds[place], place, filters=self._wanted)
        return There(place, tuple(amis), self._recorded(place, self._parameter))

    def _recorded(self, place: Place, parameter: str) -> str | None:
        return calls.get_parameters(self._clouds[place].ssm(place.region), [parameter]).get(parameter)

    def of_builders(self, theres: c.Sequence[There]) -> dict[str, list[There]]:
        """The same for each parameter below the version's own: of a version with several AMIs in a Region. A call more each."""

        def below(place: Place) -> dict[str, str]:
            return read_below(self._clouds[place].ssm(place.region), self._parameter, False)

        found = all_at_once(below, [there.place for there in theres])
        return {
            parameter: [
                dataclasses.replace(there, recorded=known.get(parameter))
                for there, known in zip(theres, found, strict=True)
            ]
            for parameter in sorted({name for known in found for name in known})
        }


def _plans(records: _Records, parameter: str) -> list[Line]:
    theres = records.theres()
    if any(len(there.amis) > 1 and not there.recorded for there in theres):
        theres = of_one_builder(theres)
        several = {} if any(there.recorded for there in theres) else records.of_builders(theres)
        if several:
            return [line for name, those in several.items() for line in plan(of_one_builder(those), name)]
    return plan(theres, parameter)


def run(module: t.Any) -> Result:
    params = module.params
    image, version = params["image"], params["version"]
    check_image(image)
    check_version(version)
    if params["timeout"] < 1:
        raise AmiError(f"timeout: {params['timeout']} is no time to wait; say 1 or more seconds.")
    known = Accounts(module.client, module.region, params["role_name"])
    clouds = own_amis.clouds_of(known, known.places(params["accounts"], params["regions"]))
    for place, cloud in clouds.items():
        cloud.ssm(place.region)
    name = version_parameter(image, version)
    lines = _plans(_Records(clouds, image, version), name)

    def write(step: Step) -> None:
        ssm = clouds[step.place].ssm(step.place.region)
        calls.put_image_parameter(ssm, step.resources[0], step.image_ids[0], f"{image} {version} by golden.ami")

    written = [line for line in lines if line.action == RECORD]
    if written and not module.check_mode:
        take([[_step(line)] for line in written], write)
        _wait(clouds, written, params["timeout"])
    for line in lines:
        if line.action == NONE:
            module.warn(f"{image} {version} is not recorded in {line.place}: {line.reason}")
    return _result(lines, name)


def _wait(clouds: c.Mapping[Place, Cloud], written: c.Sequence[Line], timeout: float) -> None:
    """Until all read back: SSM looks at the AMI after it has answered, and writes nothing when it does not like it."""

    def reads(line: Line) -> bool:
        ssm = clouds[line.place].ssm(line.place.region)
        return calls.get_parameters(ssm, [line.parameter]).get(line.parameter) == line.image_id

    until = time.monotonic() + timeout
    left = list(written)
    while left:
        left = [line for line, there in zip(left, all_at_once(reads, left), strict=True) if not there]
        if left and time.monotonic() >= until:
            told = ", ".join(f"{line.parameter} ({line.image_id}) in {line.place}" for line in left)
            raise AmiError(
                f"After {timeout:.0f} s what was written does not read back: {told}. SSM may not have liked the AMI. See that it"
                " is available and that the account may use it, and run again."
            )
        if left:
            time.sleep(_PAUSE)


def _step(line: Line) -> Step:
    return Step(line.place, (str(line.image_id),), line.action, (line.parameter,), line.reason, {})


def _result(lines: c.Sequence[Line], name: str) -> Result:
    return {
        "changed": any(line.action == RECORD for line in lines),
        "parameter": name,
        "records": [
            {
                "account": line.place.account,
                "region": line.place.region,
                "parameter": line.parameter,
                "image_id": line.image_id,
                "action": line.action,
                "reason": line.reason,
            }
            for line in lines
        ],
        "table": table.lines([(line.place, line.image_id, line.action, line.reason) for line in lines]),
        "diff": {
            "before": {f"{line.place}{line.parameter}": line.before for line in lines},
            "after": {f"{line.place}{line.parameter}": line.image_id for line in lines},
        },
    }
