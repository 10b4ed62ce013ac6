# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Shows the steps of a run of tests while it runs. The work is the module's, which does the same without this plugin."""

from __future__ import annotations

import functools
import typing as t

from ansible.plugins.action import ActionBase
from ansible_collections.golden.ami.plugins.plugin_utils._live import kept_log, run_followed
from ansible_collections.golden.ami.plugins.plugin_utils._steps import Steps


class ActionModule(ActionBase):
    """Runs the module of the same name, and follows its log."""

    _supports_check_mode = True
    _supports_async = True

    def run(self, tmp: str | None = None, task_vars: dict[str, t.Any] | None = None) -> dict[str, t.Any]:
        result: dict[str, t.Any] = super().run(tmp, task_vars)
        del tmp
        screen = functools.partial(Steps, "the tests")
        done = run_followed(self, "golden.ami.ami_test", screen, task_vars, log=kept_log("test"))
        return {**result, **done}
