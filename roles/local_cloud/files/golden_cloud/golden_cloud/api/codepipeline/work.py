# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The actions' work: each in a job of its own, begun when the engine has begun it, and after a restart once more."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from botocore import exceptions
from botocore.exceptions import ClientError

from golden_cloud.api import reachable, runtime
from golden_cloud.api.codepipeline import approval, build, changes, deploy, engine, providers, source
from golden_cloud.api.codepipeline.job import ActionFailed, Interrupted, Job, Outcome
from golden_cloud.api.codepipeline.model import ActionRun, Execution, Pipeline, codepipeline_backends, now
from golden_cloud.api.codepipeline.place import Place
from golden_cloud.api.codepipeline.throttling import is_throttled

MINUTE = 60.0
"""How many seconds a minute of an action's timeout is."""

_DENIED = ("AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "AuthorizationError")

_PERFORM: dict[tuple[str, str], Callable[[Job], Outcome]] = {
    ("Source", "CodeCommit"): source.from_codecommit,
    ("Source", "S3"): source.from_s3,
    ("Source", "CodeStarSourceConnection"): source.from_connection,
    ("Build", "CodeBuild"): build.run_build,
    ("Test", "CodeBuild"): build.run_build,
    ("Deploy", "S3"): deploy.to_s3,
}


def keep_all() -> float | None:
    """Carry all pipelines on; seconds until an action comes to the end of its time. Only for who holds the lock."""
    changed, left = False, []
    for account_id, region, backend in list(codepipeline_backends.iter_backends()):
        place = Place(account_id, region)
        for pipeline in list(backend.pipelines.values()):
            if any(execution.alive for execution in pipeline.executions):
                _time_out(place, pipeline)
                changed |= engine.advance(place, pipeline)
                _begin_work(place, pipeline)
                left += [_seconds_left(run) for execution in pipeline.executions for run in execution.in_progress]
    if changed:
        runtime.current().touched()
    return max(min(left), 0.0) if left else None


def patience(run: ActionRun) -> timedelta:
    """How long the action may take."""
    type_id = run.declaration["actionTypeId"]
    kind = providers.find(type_id["category"], type_id["owner"], type_id["provider"])
    minutes = run.declaration.get("timeoutInMinutes") or (kind.minutes if kind is not None else 60)
    return timedelta(seconds=minutes * MINUTE)


def _seconds_left(run: ActionRun) -> float:
    return (run.started + patience(run) - now()).total_seconds()


def _time_out(place: Place, pipeline: Pipeline) -> None:
    """End the actions whose time is over."""
    for execution in pipeline.executions:
        for run in execution.in_progress:
            if _seconds_left(run) <= 0:
                text = "The action has not been completed in its time"
                end(place, pipeline, execution, run, ActionFailed("JobFailed", text))


def _begin_work(place: Place, pipeline: Pipeline) -> None:
    jobs = runtime.current().jobs
    for execution in pipeline.executions:
        for run in execution.in_progress:
            key = f"codepipeline-{run.id}"
            waits = run.category == "Approval" and (run.told or not run.configuration.get("NotificationArn"))
            if not waits and not jobs.busy(key):
                jobs.submit(key, _worker(place, pipeline, execution, run))


def _worker(place: Place, pipeline: Pipeline, execution: Execution, run: ActionRun) -> Callable[[], None]:
    def work() -> None:
        job = Job(place, execution, run)
        try:
            outcome = _perform(job)
        except Interrupted:
            return
        except ActionFailed as error:
            with job.cloud.changing():
                end(place, pipeline, execution, run, error)
            return
        except Exception as error:
            runtime.LOG.exception("action %s of pipeline %s", run.name, pipeline.name)
            with job.cloud.changing():
                text = f"A mistake in the local cloud: {error!r}; see its log"
                end(place, pipeline, execution, run, ActionFailed("InternalError", text))
            return
        if outcome is not None:
            with job.cloud.changing():
                end(place, pipeline, execution, run, outcome)

    return work


def _perform(job: Job) -> Outcome | None:
    """What the action brings; None when somebody else will tell."""
    while True:
        job.check()
        try:
            if not reachable.wait():
                raise Interrupted
            if job.run.category == "Approval":
                approval.tell(job, patience(job.run))
                return None
            return _PERFORM[job.run.category, job.run.provider](job)
        except (exceptions.ConnectionError, exceptions.HTTPClientError):
            # This cloud's own server comes or goes: the same again, which does nothing twice.
            job.pause()
        except ClientError as error:
            job.check()
            if not is_throttled(error):
                raise _failure(job, error) from error
            job.pause()


def _failure(job: Job, error: ClientError) -> ActionFailed:
    if error.response.get("Error", {}).get("Code") not in _DENIED:
        return ActionFailed("ConfigurationError", str(error))
    text = "The service role or action role doesn't have the permissions required for this action. "
    text += f"Update the IAM role permissions of {job.run.role_arn}, and then try again. Error: {error}"
    return ActionFailed("PermissionError", text)


def end(place: Place, pipeline: Pipeline, execution: Execution, run: ActionRun, result: Outcome | ActionFailed) -> None:
    """The action has ended; not when it has been abandoned before. Only for who holds the lock."""
    if not run.in_progress:
        return
    if isinstance(result, ActionFailed):
        run.end("Failed", error={"code": result.code, "message": str(result)})
    else:
        run.variables, run.revision = result.variables, result.revision
        run.end("Succeeded", result.summary)
        execution.artifacts.update(run.outputs)
        if run.revision is not None:
            run.external_id, run.external_url = run.revision.id, run.revision.url
            execution.revisions = [r for r in execution.revisions if r.artifact != run.revision.artifact]
            execution.revisions.append(run.revision)
        namespace = run.declaration.get("namespace")
        if namespace:
            execution.namespaces[namespace] = dict(run.variables)
    execution.updated = run.updated
    changes.action(place, pipeline, execution, run)
