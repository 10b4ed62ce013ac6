# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a definition says of how its channels are deployed.

Note that this is **PRIVATE** to the collection. It can have breaking changes at any time.
"""

from __future__ import annotations

import collections.abc as c
import typing as t

from ansible_collections.golden.ami.plugins.module_utils._deploy.errors import DeployError
from ansible_collections.golden.ami.plugins.module_utils._deploy.options import ADDRESS, check_url
from ansible_collections.golden.ami.plugins.plugin_utils._definition import _schema
from ansible_collections.golden.ami.plugins.plugin_utils._definition._source import (
    DefinitionError,
    Path,
    Problem,
    Source,
    dotted,
)

Channels = dict[str, dict[str, t.Any]]


def complete(
    channels: Channels,
    builder: dict[str, t.Any],
    source: Source,
    schema: _schema.Schema,
    absolute: c.Callable[[str, Path], str],
) -> None:
    """Give each deployment what it does not say, with paths absolute. Raises DefinitionError with all that cannot be meant."""
    below = schema["properties"]["channels"]["additionalProperties"]["properties"]["deploy"]
    problems = []
    for name, channel in channels.items():
        if "deploy" not in channel:
            continue
        deploy = channel["deploy"] = _schema.with_defaults(channel["deploy"], below)
        deploy.setdefault("instance_type", builder["instance_types"][0])
        deploy.setdefault("ssh_username", builder["ssh_username"])
        key: Path = ("channels", name, "deploy")
        if "user_data" in deploy:
            deploy["user_data"] = absolute(deploy["user_data"], (*key, "user_data"))
        if "playbook" in deploy["health"]:
            deploy["health"]["playbook"] = absolute(deploy["health"]["playbook"], (*key, "health", "playbook"))
        problems += [
            Problem(source.file, source.line_of((*key, *path)), dotted((*key, *path)), said)
            for path, said in _mistakes(deploy)
        ]
    if problems:
        raise DefinitionError(problems)


def _mistakes(deploy: dict[str, t.Any]) -> c.Iterator[tuple[Path, str]]:
    health, grouped = deploy["health"], "auto_scaling_group" in deploy
    if not health["status_checks"] and health.keys() == {"status_checks"}:
        yield ("health",), "nothing is asked, so nothing would be known: name a url, a playbook, or status_checks"
    if "playbook" in health and grouped:
        yield ("health", "playbook"), "nobody can log in on the instances of a group with a key of the run: ask a url"
    if "url" in health:
        asked = health["url"]["url"]
        key = ("health", "url", "url")
        try:
            check_url(asked)
        except DeployError:
            yield key, f"{asked!r} is no URL that can be asked; one looks like http://{ADDRESS}/health"
        else:
            if not grouped and ADDRESS not in asked:
                yield (
                    key,
                    f"{ADDRESS}, which stands for the new instance's address, is not in it, so something else would answer",
                )
