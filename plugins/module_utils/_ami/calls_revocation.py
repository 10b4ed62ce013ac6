# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is PRIVATE to the collection. It can have breaking changes at any time.

"""The calls that only the restoring of a revoked version needs."""

from __future__ import annotations

from .calls import Client, _call


@_call("enable the image {image_id}")
def enable_image(ec2: Client, image_id: str) -> None:
    ec2.enable_image(ImageId=image_id)
