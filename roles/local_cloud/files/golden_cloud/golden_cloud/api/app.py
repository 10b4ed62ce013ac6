# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The API as a whole: moto's backends with ours in their place, behind the door, saved as they change."""

from __future__ import annotations

import functools
import threading
from wsgiref.types import WSGIApplication

from moto.core import responses as moto_responses
from moto.core.base_backend import AccountSpecificBackend, BackendDict
from moto.ec2.models import ec2_backends
from moto.ec2.models import instances as moto_instances
from moto.ecr.models import ecr_backends
from moto.iam.models import iam_backends
from moto.kms.models import kms_backends
from moto.logs.models import logs_backends
from moto.organizations.models import organizations_backends
from moto.s3.models import s3_backends
from moto.secretsmanager.models import secretsmanager_backends
from moto.sns import models as moto_sns
from moto.sns.models import sns_backends
from moto.sqs.models import sqs_backends
from moto.ssm.models import ssm_backends
from moto.sts.models import sts_backends

from golden_cloud import state
from golden_cloud.api import bus, logs, metadata, organizations, runtime
from golden_cloud.api.autoscaling.backend import autoscaling_backends
from golden_cloud.api.autoscaling.responses import CloudAutoScalingResponse
from golden_cloud.api.cloudformation import model as cloudformation
from golden_cloud.api.cloudformation.responses import CloudFormationResponse
from golden_cloud.api.codebuild import credentials as build_credentials
from golden_cloud.api.codebuild import responses as codebuild
from golden_cloud.api.codebuild.backend import codebuild_backends
from golden_cloud.api.codebuild.responses import CloudCodeBuildResponse
from golden_cloud.api.codecommit import backend as codecommit
from golden_cloud.api.codecommit.responses import CloudCodeCommitResponse
from golden_cloud.api.codepipeline import polling
from golden_cloud.api.codepipeline.model import codepipeline_backends
from golden_cloud.api.codepipeline.responses import CloudCodePipelineResponse
from golden_cloud.api.ec2 import lifecycle
from golden_cloud.api.ec2.backend import CloudEC2Backend
from golden_cloud.api.ec2.instance import MachineInstance
from golden_cloud.api.ec2.responses import CloudEC2Response
from golden_cloud.api.ecr.backend import CloudECRBackend
from golden_cloud.api.ecr.responses import CloudECRResponse
from golden_cloud.api.elbv2 import backend as elbv2
from golden_cloud.api.elbv2.responses import CloudELBv2Response
from golden_cloud.api.events import firing
from golden_cloud.api.events.model import events_backends
from golden_cloud.api.events.responses import CloudEventsResponse
from golden_cloud.api.front import Dispatch, Front
from golden_cloud.api.identity import CloudIAMResponse, CloudSTSResponse
from golden_cloud.api.keeper import Keeper
from golden_cloud.api.keys import CloudKmsBackend, CloudKMSResponse
from golden_cloud.api.logs import CloudLogsBackend, CloudLogsResponse
from golden_cloud.api.organizations import CloudOrganizationsResponse
from golden_cloud.api.policies.guard import Guard
from golden_cloud.api.queues import CloudSQSBackend, CloudSQSResponse
from golden_cloud.api.rbin import CloudRbinResponse, rbin_backends
from golden_cloud.api.record.calls import CallLog
from golden_cloud.api.s3 import backend as s3
from golden_cloud.api.s3.responses import CloudS3Response
from golden_cloud.api.scheduler.model import scheduler_backends
from golden_cloud.api.scheduler.responses import CloudSchedulerResponse
from golden_cloud.api.secrets import CloudSecretsManagerBackend, CloudSecretsManagerResponse
from golden_cloud.api.ssm import CloudSSMBackend, CloudSSMResponse
from golden_cloud.api.topics import CloudSNSBackend, CloudSNSResponse, CloudSubscription
from golden_cloud.ports import Builders, Config, InstanceMetadata, Machines, Registry

BACKENDS: dict[str, BackendDict] = {
    "ec2": ec2_backends,
    "ssm": ssm_backends,
    "sts": sts_backends,
    "iam": iam_backends,
    "kms": kms_backends,
    "organizations": organizations_backends,
    "autoscaling": autoscaling_backends,
    "cloudformation": cloudformation.cloudformation_backends,
    "rbin": rbin_backends,
    "codepipeline": codepipeline_backends,
    "events": events_backends,
    "scheduler": scheduler_backends,
    "sns": sns_backends,
    "sqs": sqs_backends,
    "s3": s3_backends,
    "logs": logs_backends,
    "secretsmanager": secretsmanager_backends,
    "codecommit": codecommit.codecommit_backends,
    "codebuild": codebuild_backends,
    "ecr": ecr_backends,
    "elbv2": elbv2.elbv2_backends,
}

SERVICES: dict[str, Dispatch] = {
    "ec2": CloudEC2Response.dispatch,
    "ssm": CloudSSMResponse.dispatch,
    "sts": CloudSTSResponse.dispatch,
    "iam": CloudIAMResponse.dispatch,
    "kms": CloudKMSResponse.dispatch,
    "organizations": CloudOrganizationsResponse.dispatch,
    "autoscaling": CloudAutoScalingResponse.dispatch,
    "cloudformation": CloudFormationResponse.dispatch,
    "rbin": CloudRbinResponse.dispatch,
    "codepipeline": CloudCodePipelineResponse.dispatch,
    "events": CloudEventsResponse.dispatch,
    "scheduler": CloudSchedulerResponse.dispatch,
    "sns": CloudSNSResponse.dispatch,
    "sqs": CloudSQSResponse.dispatch,
    "s3": CloudS3Response.dispatch,
    "logs": CloudLogsResponse.dispatch,
    "secretsmanager": CloudSecretsManagerResponse.dispatch,
    "codecommit": CloudCodeCommitResponse.dispatch,
    "codebuild": CloudCodeBuildResponse.dispatch,
    "ecr": CloudECRResponse.dispatch,
    "elbv2": CloudELBv2Response.dispatch,
}


SAVE_RETRY = 5.0
"""Seconds until the state is saved again after that failed (a full disk, say)."""


class App:
    """One local cloud's API. moto's state belongs to the process, so a process has one."""

    def __init__(
        self, config: Config, machines: Machines, builders: Builders | None = None, registry: Registry | None = None
    ) -> None:
        self._cloud = runtime.Cloud(config, machines, builders, registry)
        _extend_moto()
        runtime.install(self._cloud)
        self._file = state.StateFile(config.state_directory / "api-state.pickle")
        self._calls = CallLog(config.state_directory / "calls.jsonl")
        self._closing = threading.Event()
        regions = set(AccountSpecificBackend.get_session().get_available_regions("ec2"))
        self._guard = Guard(self._cloud)
        self.wsgi: WSGIApplication = Front(self._cloud, SERVICES, regions, self._calls, self._guard)
        machines.watch(lifecycle.machine_ended)
        bus.listen(firing.listen)
        bus.listen(polling.listen)
        self._saver = threading.Thread(target=self._save_as_it_changes, name="saver", daemon=True)
        self._saver.start()
        self._keeper = Keeper(self._cloud)
        self._keeper.start()

    def load(self) -> None:
        """Take up the state that was saved, and see what became of its machines; before the first call.

        ``state.StateError`` when the file can't be used; then nothing has been touched.
        """
        with self._cloud.lock:
            saved = self._file.read()
            if saved is None:
                return
            for service, accounts in saved.items():
                for account_id, regions in accounts.items():
                    for region, backend in regions.items():
                        dict.__setitem__(BACKENDS[service][account_id], region, backend)
            organizations.recover()
            s3.recover()
            codecommit.recover()
            logs.recover()
            lifecycle.recover()
            codebuild.recover()
            cloudformation.recover()
            elbv2.open_all()
            self._cloud.touched()
        self.save()

    def save(self) -> None:
        """Write the state now."""
        self._cloud.changed.clear()
        with self._cloud.lock:
            document = self._file.dump(
                {
                    service: {account: dict(regions.items()) for account, regions in backends.items()}
                    for service, backends in BACKENDS.items()
                }
            )
        self._file.write(document)

    def close(self, timeout: float = 30.0) -> None:
        """Let the machines' work end (at most ``timeout`` seconds), save, and stop."""
        if self._closing.is_set():
            return
        self._closing.set()
        self._cloud.close()
        with self._cloud.lock:
            elbv2.close_all()
        self._cloud.faults.clear()
        if not self._cloud.jobs.wait(timeout):
            runtime.LOG.warning("work on machines was still under way after %s s", timeout)
        self._cloud.changed.set()
        self._saver.join()
        self._keeper.join()
        self.save()
        self._guard.save()
        self._calls.close()

    def idle(self, timeout: float = 30.0) -> bool:
        """Wait until no work on machines is under way; for tests and for an orderly end."""
        return self._cloud.jobs.wait(timeout)

    def instance_metadata(self, address: str, instance_id: str | None = None) -> InstanceMetadata | None:
        """What the metadata service tells to the machine with this address; None for a stranger.

        While a machine boots for the first time its address is not known here: give its instance id as well.
        """
        with self._cloud.lock:
            found = metadata.find(address, instance_id)
        if found is not None and found.role_credentials is not None:
            self._cloud.changed.set()
        return found

    @staticmethod
    def container_credentials(path: str) -> bytes | None:
        """What a build's container gets that asks for its service role's credentials; None for a stranger."""
        return build_credentials.answer(path)

    def _save_as_it_changes(self) -> None:
        while not self._closing.is_set():
            self._cloud.changed.wait()
            self._closing.wait(self._cloud.config.timings.save_delay)
            if self._closing.is_set():
                return
            try:
                self.save()
            except Exception:
                runtime.LOG.exception("the state could not be saved; trying again in %s s", SAVE_RETRY)
                self._cloud.changed.set()
                self._closing.wait(SAVE_RETRY)


def _extend_moto() -> None:
    """Put our classes in place of moto's, and begin with nothing."""
    moto_instances.Instance = MachineInstance
    # moto lists the hundreds of methods of a service anew in each call: that takes as long as most calls.
    moto_responses.method_names_from_class = functools.cache(moto_responses.method_names_from_class)
    ec2_backends.backend = CloudEC2Backend
    ssm_backends.backend = CloudSSMBackend
    kms_backends.backend = CloudKmsBackend
    moto_sns.Subscription = CloudSubscription
    sns_backends.backend = CloudSNSBackend
    sqs_backends.backend = CloudSQSBackend
    logs_backends.backend = CloudLogsBackend
    secretsmanager_backends.backend = CloudSecretsManagerBackend
    ecr_backends.backend = CloudECRBackend
    s3.extend_moto()
    for backends in BACKENDS.values():
        backends.clear()
    organizations_backends.master_accounts.clear()
