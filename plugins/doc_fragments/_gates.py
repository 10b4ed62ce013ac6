# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This doc fragment is PRIVATE to the collection. It can have breaking changes at any time.

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  gates:
    description:
      - What the version must have shown. Each entry has one of the following options. When something would be moved and one of them is
        not passed, nothing is changed, and all are told with their reasons.
      - That it is not revoked is asked for always.
      - Tags are looked for on the AMIs of the version in all places; the worst that one of them says counts.
    type: list
    elements: dict
    default: []
    suboptions:
      tested:
        description:
          - Whether the tag C(golden:tested) must say V(passed).
        type: bool
      soaked:
        description:
          - It must have been in another channel for a while, without being taken out of it by a rollback.
        type: dict
        suboptions:
          channel:
            description:
              - The other channel.
            type: str
            required: true
          days:
            description:
              - For how many days, also parts of them.
            type: float
            required: true
      scan:
        description:
          - What a scan found must not be worse than this. The tag C(golden:scan) has the worst that was found as its first word.
        type: dict
        suboptions:
          max_severity:
            description:
              - The worst severity that is allowed.
            type: str
            choices:
              - none
              - low
              - medium
              - high
              - critical
            required: true
      approved:
        description:
          - Somebody must have approved it. The tag has the names of those who did.
        type: dict
        suboptions:
          by:
            description:
              - Whose approval counts. Without any, that of anybody.
            type: list
            elements: str
            default: []
          tag:
            description:
              - The tag.
            type: str
            default: golden:approved-by
      base_not_eol:
        description:
          - The base that it was made from must still be maintained.
        type: dict
        suboptions:
          date:
            description:
              - The last day of that, like V(2028-06-30). Without it the tag says so.
            type: str
          tag:
            description:
              - The tag.
            type: str
            default: golden:base-eol
"""
