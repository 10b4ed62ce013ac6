# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""CodeCommit: repositories of git's own, reached by its API and by git over HTTP.

For services of this cloud that take their source from here: ``archive`` and ``directory``.
"""

from golden_cloud.api.codecommit.backend import archive, directory

__all__ = ["archive", "directory"]
