# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is PRIVATE to the collection. It can have breaking changes at any time.

"""What suites, engines and places of tests are called; definitions know them as well."""

from __future__ import annotations

ENGINES = ("goss", "testinfra", "inspec", "ansible")
INSTANCE, BUILDER = "instance", "builder"
# Those that work on a builder, before there is an AMI. With InSpec nobody has tried it.
BUILDER_ENGINES = ("goss", "testinfra", "ansible")
# What the module itself reports besides the suites.
READY, CHECK_MODE = "ready", "check-mode"
OWN_NAMES = (READY, CHECK_MODE)
# Of a suite: it goes into names of files.
NAME = r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}"
