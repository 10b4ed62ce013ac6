# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sources that CodePipeline watches by itself: branches of CodeCommit, unless PollForSourceChanges says false.

On AWS it asks about once a minute; here it hears of the change at once.
"""

from __future__ import annotations

from golden_cloud.api import bus, runtime
from golden_cloud.api.codepipeline import start
from golden_cloud.api.codepipeline.model import Pipeline, codepipeline_backends
from golden_cloud.api.codepipeline.place import Place
from golden_cloud.api.errors import CloudError


def listen(event: bus.Event) -> None:
    """Start the pipelines that watch a branch when it has moved."""
    told = (event.source, event.detail.get("referenceType", "branch"))
    if told == ("aws.codecommit", "branch") and event.detail.get("event") in ("referenceCreated", "referenceUpdated"):
        key = f"codepipeline-{event.account_id}-{event.region}"
        runtime.current().jobs.submit(key, lambda: _start(event))


def _start(event: bus.Event) -> None:
    place = Place(event.account_id, event.region)
    with runtime.current().changing():
        for pipeline in codepipeline_backends[place.account_id][place.region].pipelines.values():
            source = _watched(pipeline, event.detail.get("repositoryName"), event.detail.get("referenceName"))
            if source is None:
                continue
            try:
                start.begin(place, pipeline, {"triggerType": "PollForSourceChanges", "triggerDetail": source})
            except CloudError as error:
                runtime.LOG.warning("pipeline %s was not started: %s", pipeline.name, error.message)


def _watched(pipeline: Pipeline, repository: str | None, branch: str | None) -> str | None:
    """The source action that watches this branch."""
    for action in pipeline.declaration["stages"][0]["actions"]:
        configuration = action["configuration"]
        watches = configuration.get("PollForSourceChanges", "true").lower() == "true"
        where = (configuration.get("RepositoryName"), configuration.get("BranchName"))
        if action["actionTypeId"]["provider"] == "CodeCommit" and watches and where == (repository, branch):
            return str(action["name"])
    return None
