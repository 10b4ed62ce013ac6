# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The AWS API of the local cloud: moto, extended in process. ``create_app`` is the way in."""

from __future__ import annotations

import os

# Before moto is imported: its lists of AMIs take seconds to load in each Region, and none of them can boot.
os.environ["MOTO_EC2_LOAD_DEFAULT_AMIS"] = "false"
# This one would override the account that signed.
os.environ.pop("MOTO_ACCOUNT_ID", None)
# moto asks botocore for the list of Regions while it is imported, and botocore refuses to when AWS_PROFILE names a
# profile that it can't find. The caller's profiles are of no concern here.
_profiles = {name: os.environ.pop(name) for name in ("AWS_PROFILE", "AWS_DEFAULT_PROFILE") if name in os.environ}
try:
    from moto.core.base_backend import AccountSpecificBackend

    from golden_cloud.api.app import App

    AccountSpecificBackend.get_session().get_available_regions("ec2")
finally:
    os.environ.update(_profiles)

from golden_cloud.ports import Builders, Config, Machines, Registry  # noqa: E402

__all__ = ["App", "create_app"]


def create_app(
    config: Config, machines: Machines, builders: Builders | None = None, registry: Registry | None = None
) -> App:
    """The API for one local cloud; ``load()`` it before serving.

    Without *builders* no build of CodeBuild can start, without *registry* ECR has no images.
    """
    return App(config, machines, builders, registry)
