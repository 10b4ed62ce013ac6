# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=sh
#
# Cloud-init may still be at work when SSH answers, and it holds apt's lock.
if command -v cloud-init >/dev/null; then
  cloud-init status --wait >/dev/null || true
fi
