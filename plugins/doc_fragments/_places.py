# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This doc fragment is PRIVATE to the collection. It can have breaking changes at any time.

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  regions:
    description:
      - The Regions to work in. Without any, the task's own.
    type: list
    elements: str
    default: []
  accounts:
    description:
      - The numbers of the accounts to work in, twelve digits each, quoted. Without any, that of the task's credentials.
      - Another account than that is entered by the role O(role_name) in it.
    type: list
    elements: str
    default: []
  role_name:
    description:
      - The name of the role that is assumed in another account, with its path if it has one.
    type: str
    default: OrganizationAccountAccessRole
"""
