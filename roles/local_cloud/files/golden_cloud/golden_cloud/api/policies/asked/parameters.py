# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What operations of Systems Manager's parameters ask for."""

from __future__ import annotations

from golden_cloud.api.faults.fault import Call
from golden_cloud.api.policies.asked.table import table

PUBLIC = "aws/service/"


def _arn(call: Call, text: str) -> str:
    """Public parameters are in no account."""
    account = "" if text.startswith(f"parameter/{PUBLIC}") else call.account
    return f"arn:aws:ssm:{call.region}:{account}:{text}"


def _name(_call: Call, name: str) -> str:
    """Without the slash in front, and without version or label."""
    if name.startswith("arn:"):
        return name
    return name.partition(":")[0].removeprefix("/") or "*"


def _path(_call: Call, path: str) -> str:
    return path.strip("/") or "*"


TABLE = table(
    "ssm",
    """
    * DescribeParameters
    GetParameter parameter/{Name|name}
    GetParameters parameter/{Names|name}
    GetParametersByPath parameter/{Path|path}
    GetParameterHistory parameter/{Name|name}
    PutParameter parameter/{Name|name} +AddTagsToResource?Tags
    DeleteParameter parameter/{Name|name}
    DeleteParameters parameter/{Names|name}
    LabelParameterVersion parameter/{Name|name}
    UnlabelParameterVersion parameter/{Name|name}
    AddTagsToResource parameter/{ResourceId|name}
    RemoveTagsFromResource parameter/{ResourceId|name}
    ListTagsForResource parameter/{ResourceId|name}
    """,
    arn=_arn,
    ways={"name": _name, "path": _path},
)
