# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=sh
#
# Takes away again what only the build needed, as root. An instance is no control node: Ansible would only be something
# more to keep up to date there, and a way for a guest to do harm.

staging=/tmp/provision
check=/run/golden_sysprep.py

# It looks for what must not be in an image; the role has run it, but what happens here comes after.
cp "$staging/roles/sysprep/files/golden_sysprep.py" "$check"
rm -rf "$staging" /home/*/.ansible /root/.ansible

# The role sysprep has emptied logs and caches, so this writes none.
export DEBIAN_FRONTEND=noninteractive
apt-get -q -y purge --auto-remove ansible-core \
  -o DPkg::Lock::Timeout=300 \
  -o DPkg::Options::=--log=/dev/null \
  -o Dir::Log::History= -o Dir::Log::Terminal= -o Dir::Log::Planner= \
  -o Dir::Cache::pkgcache= -o Dir::Cache::srcpkgcache=

settings=$(printf '{"allow": ["%s"]}' "$0" | base64 --wrap=0)
python3 "$check" check --settings "$settings" | python3 -c '
import json, sys

findings = json.load(sys.stdin)["findings"]
sys.exit("\n".join(["These must not be in an image:", *findings]) if findings else 0)
'
rm "$check"
