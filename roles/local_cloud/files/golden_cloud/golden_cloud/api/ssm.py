# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Systems Manager's parameters, with the public ones that name base images."""

from __future__ import annotations

import datetime
import re
from collections import defaultdict
from functools import partial
from typing import Any

from moto.core.responses import ActionResult
from moto.ec2.models import ec2_backends
from moto.ssm.exceptions import ParameterNotFound
from moto.ssm.models import Parameter, ParameterDict, SimpleSystemManagerBackend
from moto.ssm.responses import SimpleSystemManagerResponse

from golden_cloud.api import runtime
from golden_cloud.api.ec2.backend import CloudEC2Backend
from golden_cloud.api.errors import CloudError
from golden_cloud.api.service import CloudResponse

PUBLIC_PREFIX = "/aws/service/"
IMAGE_TYPE = "aws:ec2:image"
_IMAGE_ID = re.compile(r"ami-[0-9a-f]{8,17}")


class PublicParameterDict(ParameterDict):
    """moto's parameters without its lists of AMIs and Regions (nothing of that exists here), with ours."""

    def _check_loading_status(self, key: str) -> None:
        return

    def __getitem__(self, item: str) -> list[Parameter]:
        public = self._public().get(item)
        return [public] if public is not None else super().__getitem__(item)

    def __contains__(self, k: object) -> bool:
        return k in self._public() or super().__contains__(str(k))

    def get_keys_beginning_with(self, path: str, recursive: bool) -> Any:
        if not path.startswith(PUBLIC_PREFIX):
            yield from super().get_keys_beginning_with(path, recursive)
            return
        for name in self._public():
            if name.startswith(path) and (recursive or "/" not in name[len(path) :]):
                yield name

    def _public(self) -> dict[str, Parameter]:
        return {
            name: Parameter(
                account_id="",
                name=name,
                value=base.image_id,
                parameter_type="String",
                description=None,
                allowed_pattern=None,
                keyid=None,
                last_modified_date=datetime.datetime.strptime(base.creation_date, "%Y-%m-%dT%H:%M:%S.%fZ"),
                version=1,
                data_type=IMAGE_TYPE,
                tier="Standard",
            )
            for base in runtime.current().machines.base_images()
            for name in base.ssm_parameters
        }


class CloudSSMBackend(SimpleSystemManagerBackend):
    """moto's backend, whose state can be saved, with our public parameters."""

    def __init__(self, region_name: str, account_id: str) -> None:
        super().__init__(region_name, account_id)
        self._parameters = PublicParameterDict(account_id, region_name)
        self._resource_tags: Any = defaultdict(partial(defaultdict, dict))

    def label_parameter_version(self, name: str, version: int, labels: list[str]) -> Any:
        self._need(name)
        return super().label_parameter_version(name, version, labels)

    def unlabel_parameter_version(self, name: str, version: int, labels: list[str]) -> Any:
        self._need(name)
        return super().unlabel_parameter_version(name, version, labels)

    def _need(self, name: str) -> None:
        """Without this a look at a parameter that is not there would make it."""
        if name not in self._parameters:
            raise ParameterNotFound(f"Parameter {name} not found.")


class CloudSSMResponse(CloudResponse, SimpleSystemManagerResponse):
    """Every operation of SSM that the catalogue lists."""

    def put_parameter(self) -> ActionResult:
        value, pattern = self._get_param("Value") or "", self._get_param("AllowedPattern")
        if self._get_param("DataType") == IMAGE_TYPE:
            self._check_image(value)
        if pattern and not re.fullmatch(pattern, value):
            raise CloudError(
                "ParameterPatternMismatchException",
                f"Parameter value, cannot be validated against allowedPattern: {pattern}",
            )
        return super().put_parameter()

    def _check_image(self, value: str) -> None:
        """AWS validates after the call and tells the outcome as an event; here it is told at once."""
        if not _IMAGE_ID.fullmatch(value):
            raise CloudError(
                "ValidationException",
                f"Value '{value}' of data type {IMAGE_TYPE} failed to satisfy constraint: it must be an AMI id",
            )
        backend: CloudEC2Backend = ec2_backends[self.identity.account_id][self.region]
        if value not in backend.visible_images():
            raise CloudError(
                "ValidationException",
                f"The AMI '{value}' does not exist in {self.region}, or account {backend.account_id} can't use it",
            )
