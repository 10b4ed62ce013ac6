# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is PRIVATE to the collection. It can have breaking changes at any time.

from __future__ import annotations

import threading
import typing as t

from ansible_collections.amazon.aws.plugins.module_utils.common import set_collection_info

from .models import share_models

Client = t.Any
# As in galaxy.yml, which a module does not see.
VERSION = "1.0.0"


class Cloud:
    """The clients of a module, made when first needed and used again: to make one takes longer than most calls.

    Threads may ask for them: boto3 makes clients in one thread at a time, and they work in all.
    """

    def __init__(self, make: t.Callable[..., Client], region: str) -> None:
        # So that AWS's own logs tell who called.
        set_collection_info("golden.ami", VERSION)
        share_models()
        self._make = make
        self._clients: dict[tuple[str, str], Client] = {}
        self._making = threading.Lock()
        self.region = region

    def client(self, service: str, region: str | None = None) -> Client:
        key = (service, region or self.region)
        with self._making:
            if key not in self._clients:
                self._clients[key] = self._make(service, region=key[1])
            return self._clients[key]

    def ec2(self, region: str | None = None) -> Client:
        return self.client("ec2", region)

    def ssm(self, region: str | None = None) -> Client:
        return self.client("ssm", region)

    def autoscaling(self, region: str | None = None) -> Client:
        return self.client("autoscaling", region)

    def elbv2(self, region: str | None = None) -> Client:
        return self.client("elbv2", region)

    def kms(self, region: str | None = None) -> Client:
        return self.client("kms", region)

    def codepipeline(self) -> Client:
        return self.client("codepipeline")

    def codebuild(self) -> Client:
        return self.client("codebuild")

    def logs(self) -> Client:
        return self.client("logs")

    def iam(self) -> Client:
        return self.client("iam")

    def organizations(self) -> Client:
        return self.client("organizations")

    def sts(self) -> Client:
        """One that gives up soon: there are networks with a way to EC2 and none to STS."""
        import botocore.config  # noqa: PLC0415 - AnsibleAWSModule has told by now when it is missing

        config = botocore.config.Config(connect_timeout=5, read_timeout=10, retries={"total_max_attempts": 2})
        return self._make("sts", region=self.region, config=config)
