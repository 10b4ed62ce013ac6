# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Refuse a build that would outlive the AWS session that it runs by, before it starts.

python session_length.py: the environment says ROLE (entered by GitHub's OIDC, and again as often as needed, so that nothing is
outlived; empty: the runner's own session, which ends when it ends), EXPECTED_MINUTES, SESSION_SECONDS and CHAINED (true where the
runner's own role was entered from another role; AWS lets such a session live for an hour at most).
"""

from __future__ import annotations

import os
import sys

CHAINED_SECONDS = 3600
# Builds differ: a download that is slow today must not cost the build at its very end.
MARGIN = 1.25


def objection(expected_minutes: float, session_seconds: int, chained: bool) -> str:
    """Why the build must not start. Empty: it fits."""
    if chained and session_seconds > CHAINED_SECONDS:
        return (
            f"SESSION_SECONDS is {session_seconds}, but AWS gives a role that is entered from another role one hour at most"
            f" ({CHAINED_SECONDS}). Give a role that GitHub's OIDC enters, or make the build shorter."
        )
    needed = expected_minutes * 60 * MARGIN
    if needed > session_seconds:
        way = (
            "Give a role that GitHub's OIDC enters, again as often as needed, or make the build shorter."
            if chained
            else "Raise the role's maximum session duration and SESSION_SECONDS with it (12 hours at most)."
        )
        return (
            f"The build is expected to take {expected_minutes:g} minutes; with a margin of a quarter that is {needed:.0f} s,"
            f" and the session ends after {session_seconds} s. {way}"
        )
    return ""


def main() -> None:
    try:
        expected = float(os.environ["EXPECTED_MINUTES"])
        seconds = int(os.environ["SESSION_SECONDS"])
        chained = {"true": True, "false": False}[os.environ.get("CHAINED", "false")]
    except (KeyError, ValueError) as error:
        sys.exit(f"EXPECTED_MINUTES and SESSION_SECONDS have to be numbers, and CHAINED true or false: {error}")
    if os.environ.get("ROLE"):
        print(f"{expected:g} minutes: the session is entered again before it ends")
        return
    refused = objection(expected, seconds, chained)
    if refused:
        sys.exit(refused)
    print(f"No role was given: {expected:g} minutes fit into the runner's own session of {seconds} s")


if __name__ == "__main__":
    main()
