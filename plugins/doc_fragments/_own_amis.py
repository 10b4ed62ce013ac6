# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This doc fragment is PRIVATE to the collection. It can have breaking changes at any time.

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  image_ids:
    description:
      - The ids of AMIs. Each is looked for in all the places that O(regions) and O(accounts) name, and must be in one of them.
      - An AMI of another owner is refused.
      - Either this, or O(image) and O(version).
    type: list
    elements: str
    default: []
  image:
    description:
      - The name of an image. With O(version) all AMIs of that version are meant, in every place that O(regions) and O(accounts) name.
      - A place without one gives a warning.
    type: str
  version:
    description:
      - The version of O(image).
    type: str
"""
