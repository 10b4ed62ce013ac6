# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Systems Manager's parameters, with the public ones that name base images."""

from __future__ import annotations

import datetime
import re
import time
from collections import defaultdict
from functools import partial
from typing import Any

from moto.core.exceptions import ServiceException
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

    def has_image(self, value: str) -> bool:
        """Whether it is the id of an image that the account can use here."""
        backend: CloudEC2Backend = ec2_backends[self.account_id][self.region_name]
        return bool(_IMAGE_ID.fullmatch(value)) and value in backend.visible_images()

    def versions_of(self, name: str) -> list[Parameter]:
        return list(dict.get(self._parameters, name, []))

    def take_back(self, name: str, versions: list[Parameter]) -> None:
        """Let the parameter be as it was; one that was not there has no tags either."""
        if versions:
            dict.__setitem__(self._parameters, name, versions)
        else:
            dict.pop(self._parameters, name, None)
            self._resource_tags["Parameter"].pop(name, None)

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
        if pattern and not re.fullmatch(pattern, value):
            raise CloudError(
                "ParameterPatternMismatchException",
                f"Parameter value, cannot be validated against allowedPattern: {pattern}",
            )
        if self._get_param("DataType") == IMAGE_TYPE:
            return self._put_image(self._backend, value)
        return super().put_parameter()

    def _put_image(self, backend: CloudSSMBackend, value: str) -> ActionResult:
        """As AWS does: the call succeeds whatever the value is, and what is no image never becomes the value."""
        cloud, name = runtime.current(), str(self._get_param("Name"))
        before = backend.versions_of(name)
        answer = super().put_parameter()
        delay = cloud.config.timings.parameter_validation
        if not delay and backend.has_image(value):
            return answer
        backend.take_back(name, before)
        if delay:
            self._put_later(cloud, backend, name, delay)
        return answer

    def _put_later(self, cloud: runtime.Cloud, backend: CloudSSMBackend, name: str, delay: float) -> None:
        options = ("Description", "Value", "Type", "AllowedPattern", "KeyId")
        asked = [name, *(self._get_param(option) for option in options), self._get_param("Overwrite", False)]
        asked += [self._get_param("Tags"), IMAGE_TYPE, self._get_param("Tier"), None]
        began = time.monotonic()

        def validate() -> None:
            cloud.at_least(delay, began)
            with cloud.changing():
                if not backend.has_image(str(asked[2])):
                    runtime.LOG.warning("the parameter %s is left as it is: %s is no AMI", name, asked[2])
                    return
                try:
                    backend.put_parameter(*asked)
                except ServiceException as error:
                    runtime.LOG.warning("the parameter %s could not be put after all: %s", name, error)

        cloud.jobs.submit(f"parameter {backend.account_id} {backend.region_name} {name}", validate)

    @property
    def _backend(self) -> CloudSSMBackend:
        backend: CloudSSMBackend = self.ssm_backend
        return backend
