# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A parameter in the place of an AMI's id: ``resolve:ssm:NAME``, ``…:NAME:VERSION``, ``…:NAME:LABEL``, an ARN."""

from __future__ import annotations

from moto.ssm.exceptions import ParameterVersionNotFound
from moto.ssm.models import ssm_backends

from golden_cloud.api.errors import CloudError

PREFIX = "resolve:ssm:"
IMAGE_TYPE = "aws:ec2:image"


def is_alias(image_id: str | None) -> bool:
    return bool(image_id) and str(image_id).startswith(PREFIX)


def resolve(alias: str, account_id: str, region: str) -> str:
    """The AMI's id that the parameter names now, as this account reads it in this Region."""
    name = alias.removeprefix(PREFIX)
    if name.startswith("arn:") and f":ssm:{region}:{account_id}:" not in name and f":ssm:{region}::" not in name:
        raise _invalid(name)
    try:
        parameter = ssm_backends[account_id][region].get_parameter(name)
    except ParameterVersionNotFound:
        parameter = None
    if parameter is None:
        raise _invalid(name)
    if parameter.data_type != IMAGE_TYPE:
        text = f"Unsupported data type. The following parameter data types are supported: {IMAGE_TYPE}"
        raise CloudError("SsmInvalidParameter", text)
    return str(parameter.value)


def _invalid(name: str) -> CloudError:
    return CloudError("SsmInvalidParameter", f"The following aliases are invalid: {name}")
