# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Manual approvals: the topic is told, and somebody answers, or nobody does in time."""

from __future__ import annotations

import json
from datetime import datetime, timedelta

from golden_cloud.api.codepipeline.job import Job
from golden_cloud.api.codepipeline.model import ActionRun, Execution


def message(execution: Execution, run: ActionRun, region: str, expires: datetime) -> str:
    """What the topic is told, in CodePipeline's format."""
    console = f"https://console.aws.amazon.com/codepipeline/home?region={region}#/view/{execution.pipeline}"
    approval = {
        "pipelineName": execution.pipeline,
        "stageName": run.stage,
        "actionName": run.name,
        "token": run.token,
        "expires": expires.strftime("%Y-%m-%dT%H:%MZ"),
        "externalEntityLink": run.configuration.get("ExternalEntityLink"),
        "approvalReviewLink": f"{console}/{run.stage}/{run.name}/approve/{run.token}",
        "customData": run.configuration.get("CustomData"),
    }
    return json.dumps({"region": region, "consoleLink": console, "approval": approval})


def tell(job: Job, wait: timedelta) -> None:
    """Publish that an approval is needed."""
    job.client("sns").publish(
        TopicArn=job.option("NotificationArn"),
        Subject=f"APPROVAL NEEDED: AWS CodePipeline {job.execution.pipeline} for action {job.run.name}"[:100],
        Message=message(job.execution, job.run, job.place.region, job.run.started + wait),
    )
    with job.cloud.changing():
        job.run.told = True
