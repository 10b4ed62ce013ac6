# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a request asks for, as AWS's Service Authorization Reference has it: actions, resources, condition keys."""

from golden_cloud.api.policies.asked.ask import Ask
from golden_cloud.api.policies.asked.requests import asks, is_known

__all__ = ["Ask", "asks", "is_known"]
