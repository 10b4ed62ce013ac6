# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=sh
#
# Writes what the role sysprep says in the image, as variables for the playbook; in memory, so that it ends with the builder.

python3 - >/run/golden-release.json <<'END'
import json
import os

from ansible.release import __version__ as ansible

tags = json.loads(os.environ["GOLDEN_TAGS"])
release = {
    "image": os.environ["GOLDEN_IMAGE"],
    "version": os.environ["GOLDEN_VERSION"],
    "build_date": tags.get("BuildDate", os.environ["BUILD_DATE"]),
    "source_ami": os.environ["SOURCE_AMI"],
    "packer": os.environ["PACKER_VERSION"],
    "ansible": ansible,
    # Known when golden.ami starts Packer.
    **{name: tags[f"golden:{name}"] for name in ("fingerprint", "commit", "run") if f"golden:{name}" in tags},
}
print(json.dumps({"sysprep_release": release}))
END
