# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is PRIVATE to the collection. It can have breaking changes at any time.

from __future__ import annotations

import collections
import collections.abc as c
import dataclasses

from .._ami import artifacts as own
from .._ami import leftovers
from .._ami.calls import AmiError, put_image_parameter
from .._ami.cloud import Cloud
from .cleanup import Cleanup, clean_up, clear, named
from .errors import PackerError
from .failure import cancelled_by, find_failure
from .keep import KEPT, how_to_remove, keep
from .login import Login
from .options import BuildOptions
from .plan import Plan
from .room import tolerated
from .run import Run, RunFacts
from .tags import COMPLETE
from .world import remember

_TAIL = 30


@dataclasses.dataclass(frozen=True)
class Made:
    """One AMI of the result."""

    name: str
    builder: str
    region: str
    ami_id: str
    snapshot_ids: list[str]


@dataclasses.dataclass(frozen=True)
class Finished:
    artifacts: list[Made]
    cleanup: Cleanup


def finish(
    cloud: Cloud, options: BuildOptions, plan: Plan, facts: RunFacts, ran: Run, login: c.Callable[[], Login]
) -> Finished:
    """Bring a run to its end: a good one gets its tags and its record, of a bad one nothing stays that was not to be kept."""
    if ran.code != 0:
        raise _failed(cloud, options, facts, ran, login)
    _note_regions(ran)
    made = _verified(cloud, options, facts, ran, login)
    ran.record.artifacts = [resource for one in made for resource in (one.ami_id, *one.snapshot_ids)]
    if options.record:
        versions = _versions(options, facts, made)
        ran.record.parameters = [{"region": one.region, "name": name} for name, one in versions]
    with tolerated("What was made could not be written down, and it goes on"):
        ran.record.write()
    cleanup = _settle(cloud, options, facts, ran, made)
    ran.record.complete = True
    if cleanup.remaining:
        with tolerated("That the AMI is complete could not be written down"):
            ran.record.write()
        raise PackerError(
            f"The AMI of {options.name} {facts.version} was made, but the build left something behind.{cleanup.text()}"
            f"{cleanup.advice(options.name)}",
            artifacts=[dataclasses.asdict(one) for one in made],
            leftovers=cleanup.remaining,
        )
    ran.record.remove()
    with tolerated("The next build cannot name changed files: their digests could not be written down"):
        remember(options.name, plan.fingerprint, plan.parts)
    return Finished(made, cleanup)


def _note_regions(ran: Run) -> None:
    """A template may make AMIs in other Regions than the module's; whoever cleans up has to look there too."""
    known = ran.record.regions
    ran.record.learned.regions += [one for one in dict.fromkeys(a.region for a in ran.artifacts) if one not in known]
    if ran.record.regions != known:
        with tolerated("Where the AMIs are could not be written down"):
            ran.record.write()


def _verified(
    cloud: Cloud, options: BuildOptions, facts: RunFacts, ran: Run, login: c.Callable[[], Login]
) -> list[Made]:
    """The AMIs that Packer says it made, as EC2 knows them: one call for each Region."""
    ran.profile.step("Look at the AMI", "verify")
    made: list[Made] = []
    for region in dict.fromkeys(artifact.region for artifact in ran.artifacts):
        claimed = {artifact.ami_id: artifact for artifact in ran.artifacts if artifact.region == region}
        try:
            described = {image.image_id: image for image in own.describe_artifacts(cloud, region, list(claimed))}
        except AmiError as error:
            claims = [{"region": one.region, "type": "image", "id": one.ami_id} for one in ran.artifacts]
            raise _unfinished(options, facts, "could not be looked at", error, claims, Cleanup()) from error
        for ami_id, artifact in claimed.items():
            wrong = _not_ours(described.get(ami_id), facts, ran.record.learned.began)
            if wrong:
                ran.refused = f"{artifact.name}: {ami_id} in {region} is named as a result, but {wrong}"
                raise _failed(cloud, options, facts, ran, login)
            image = described[ami_id]
            ran.image_tags[ami_id] = image.tags
            made.append(Made(artifact.name, artifact.builder, region, ami_id, list(image.snapshot_ids)))
    return made


def _not_ours(image: own.OwnImage | None, facts: RunFacts, began: float) -> str | None:
    """Why an AMI that Packer names is none of this run: a manifest may be an old one that lay about.

    The tag alone does not tell: a template may copy its parent's tags, and the parent's run is among them. But what was
    made since this run began is no old one. EC2 says when in whole seconds.
    """
    if image is None:
        return "EC2 does not know it"
    run_id = image.tags.get("golden:run", facts.run_id)
    if run_id == facts.run_id or image.created.timestamp() >= int(began):
        return None
    return f"it was made by the run {run_id} on {image.created:%Y-%m-%d %H:%M:%S %Z}, before this build began; it stays as it is"


def _settle(cloud: Cloud, options: BuildOptions, facts: RunFacts, ran: Run, made: list[Made]) -> Cleanup:
    """A look at what is left (Packer may say success and leave things), the version records, and the tags at last.

    Only the last of all, in the Region that the next run looks at, says that the AMI is complete. Whatever fails or is
    killed before, the next run does not take it for a good one.
    """
    done = Cleanup()
    others = dict.fromkeys(one.region for one in made if one.region != options.region)
    regions = [*others, options.region]
    carrying: set[str] = set()
    try:
        for region in regions:
            here = [one for one in made if one.region == region]
            ran.profile.step("Look for what is left", "cleanup")
            tagged = leftovers.list_tagged(cloud, region, facts.run_id)
            carrying.update(resource_id for _kind, resource_id in tagged)
            found = leftovers.select(cloud, region, tagged, ran.record.artifacts)
            if region == options.region and not ran.run_tags_handed_over:
                found = leftovers.add_learned(cloud, found, ran.record.learned, ran.record.artifacts)
            clear(cloud, found, done)
            if options.record:
                ran.profile.step("Record the version", "record")
                _write_versions(cloud, _versions(options, facts, here), facts)
        ran.profile.step("Complete the tags", "tag")
        for region in regions:
            _complete_tags(cloud, region, [one for one in made if one.region == region], facts, ran, carrying)
    except AmiError as error:
        unfinished = _unfinished(options, facts, "could not be completed", error, _resources(made), done)
        unfinished.result["artifacts"] = [dataclasses.asdict(one) for one in made]
        raise unfinished from error
    return done


def _resources(made: list[Made]) -> list[dict[str, str]]:
    """AMIs and snapshots, in the form of what is left."""
    return [
        {"region": one.region, "type": kind, "id": resource_id}
        for one in made
        for kind, resource_id in [("image", one.ami_id), *(("snapshot", snapshot) for snapshot in one.snapshot_ids)]
    ]


def _unfinished(
    options: BuildOptions, facts: RunFacts, how: str, error: AmiError, unfinished: list[dict[str, str]], done: Cleanup
) -> PackerError:
    """Of an AMI that no run will take for a good one. The record of its run stays, and with that it can be removed."""
    failed = Cleanup(failed=True)
    return PackerError(
        f"The AMI of {options.name} {facts.version} was made, but {how}: {error.message}: {error.exception}. It does not"
        " count as good, so the next run builds again. Correct the cause before. It is left, and costs money:"
        f" {named(unfinished)}.{done.text()}{failed.advice(options.name)}",
        leftovers=[*done.remaining, *unfinished],
    )


def _complete_tags(cloud: Cloud, region: str, made: list[Made], facts: RunFacts, ran: Run, carrying: set[str]) -> None:
    """Tag images and snapshots that lack it. A template that was handed the tags has given them to both or to none.

    Both always lack one: that they are complete.
    """
    wanted = {**facts.tags, **COMPLETE}
    found: dict[str, dict[str, str]] = {}
    for one in made:
        found[one.ami_id] = ran.image_tags.get(one.ami_id, {})
        for snapshot_id in one.snapshot_ids:
            carries = ran.tags_handed_over and snapshot_id in carrying
            found[snapshot_id] = facts.tags if carries else {}
    own.tag_where_missing(cloud, region, found, wanted)


def _versions(options: BuildOptions, facts: RunFacts, made: list[Made]) -> list[tuple[str, Made]]:
    """The records of the version by name. With several AMIs in a Region, their builders' names tell them apart."""
    several = {region for region, count in collections.Counter(one.region for one in made).items() if count > 1}
    name = f"/golden/{options.name}/versions/{facts.version}"
    return [(f"{name}/{one.name}" if one.region in several else name, one) for one in made]


def _write_versions(cloud: Cloud, versions: list[tuple[str, Made]], facts: RunFacts) -> None:
    about = f"{facts.ami_name} by golden.ami, fingerprint {facts.tags['golden:fingerprint'][:16]}"
    for name, one in versions:
        put_image_parameter(cloud.ssm(one.region), name, one.ami_id, about)


def _failed(
    cloud: Cloud, options: BuildOptions, facts: RunFacts, ran: Run, login: c.Callable[[], Login]
) -> PackerError:
    """Clean up after a bad end, and say what went wrong in the words of what failed."""
    # Who interrupts a build is not going to look at it, and without a provisioner at work there is nothing to see.
    keeps = options.on_error == "keep" and not ran.stop and bool(ran.profile.provisioning())
    ran.profile.step("Remove what is left", "cleanup")
    cleanup = clean_up(cloud, ran.record, [], spared=KEPT if keeps else ())
    if cleanup.kept and not any(one["type"] == "instance" for one in cleanup.kept):
        removed, cleanup = cleanup.removed, clean_up(cloud, ran.record, [])
        # Tags of what is gone may be listed for a while.
        cleanup.removed = [*removed, *(one for one in cleanup.removed if one not in removed)]
    kept, ssh = _kept(cloud, options, ran, cleanup, login) if cleanup.kept else ("", "")
    if not kept and not cleanup.text():
        ran.record.remove()
    last_line = f"\n{ssh}" if ssh else ""
    return PackerError(
        f"{_cause(options, ran)}{cleanup.text()}{_advice(options, cleanup)}{kept} The log is {facts.log_path}.{last_line}",
        rc=ran.code,
        last_lines=ran.lines[-_TAIL:],
        leftovers=[*cleanup.remaining, *cleanup.unseen, *cleanup.kept],
        removed=cleanup.removed,
        ssh=ssh or None,
        outcome=_how(ran, bool(kept)),
    )


def _advice(options: BuildOptions, cleanup: Cleanup) -> str:
    return cleanup.advice(options.name) if cleanup.text() else ""


def _how(ran: Run, kept: bool) -> str:
    if ran.stop and ran.stop.kind != "expired":
        return "interrupted"
    return "kept" if kept else "failed"


def _kept(
    cloud: Cloud, options: BuildOptions, ran: Run, cleanup: Cleanup, login: c.Callable[[], Login]
) -> tuple[str, str]:
    """What is said of that which stays because of on_error, and the line by which one logs in."""
    unknown = "no way to log in is known: its instance has another key"
    try:
        ssh = keep(cloud, ran.record, cleanup.kept, login())
    except AmiError as error:
        ssh, unknown = "", f"how to log in could not be found out: {error.message}: {error.exception}"
    ids = ", ".join(f"{one['type']} {one['id']} in {one['region']}" for one in cleanup.kept)
    why = "" if ssh else f" ({unknown})"
    return f" Kept because on_error is keep{why}, and may cost money: {ids}. {how_to_remove(options.name)}", ssh


def _cause(options: BuildOptions, ran: Run) -> str:
    if ran.refused:
        # Packer was content, so whatever it said of errors is not the reason.
        return f"The build of {options.name} failed: {ran.refused}."
    failure = find_failure(ran.lines, ran.errors)
    if ran.stop:
        # Who sends a signal knows why it ends; after a timeout Packer may say what took so long.
        said = f" Packer said then: {failure.text}." if failure and ran.stop.kind == "timeout" else ""
        return f"The build of {options.name} was ended: {ran.stop.text}.{said}"
    if signal := cancelled_by(ran.errors):
        return f"The build of {options.name} was ended: Packer received {signal}."
    if failure and failure.step:
        return f"The build of {options.name} failed in {failure.step!r}: {failure.text}."
    if failure:
        return f"The build of {options.name} failed: {failure.text}."
    how = f"was killed by signal {-ran.code}" if ran.code < 0 else f"ended with status {ran.code}"
    return f"The build of {options.name} failed: Packer {how} without saying why."
