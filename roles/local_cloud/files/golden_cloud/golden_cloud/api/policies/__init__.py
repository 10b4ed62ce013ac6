# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""IAM's policies, enforced: what a call asks for, who may do it, and what was asked of whom.

``evaluate`` decides and is pure; ``asked`` tells the actions and resources of a request; ``gather`` and ``resources``
read the policies that there are; ``guard`` stands in front of the services.
"""
