# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``python -m golden_cloud VERB``."""

from __future__ import annotations

import sys

from golden_cloud.cli import main

if __name__ == "__main__":
    sys.exit(main())
