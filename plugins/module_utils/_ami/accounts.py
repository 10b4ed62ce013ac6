# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is PRIVATE to the collection. It can have breaking changes at any time.

"""Accounts and Regions: where the AMIs of a task are, and the clients that reach them."""

from __future__ import annotations

import collections.abc as c
import dataclasses
import datetime
import functools
import re
import typing as t

from . import calls
from .cloud import Client, Cloud

_ACCOUNT = re.compile(r"[0-9]{12}")
_NO_ACCOUNT = "an account number has twelve digits; quote one that begins with 0"
# A session that ends sooner is renewed before it is used again.
_MARGIN = datetime.timedelta(minutes=5)

ARGUMENT_SPEC: dict[str, t.Any] = {
    "regions": {"type": "list", "elements": "str", "default": []},
    "accounts": {"type": "list", "elements": "str", "default": []},
    "role_name": {"type": "str", "default": "OrganizationAccountAccessRole"},
}


@dataclasses.dataclass(frozen=True, order=True)
class Place:
    """Where an artifact is: an account, by its number, and a Region."""

    account: str
    region: str

    def __str__(self) -> str:
        return f"{self.account}/{self.region}"


def check_accounts(accounts: c.Iterable[str]) -> None:
    """Refuse what is no account number, before anything is called."""
    for account in accounts:
        if not _ACCOUNT.fullmatch(account):
            raise calls.AmiError(f"accounts: {account} has {len(account)} characters; {_NO_ACCOUNT}.")


class Accounts:
    """The account of the task's credentials, and those that it can enter by a role of one name.

    C(make) is that of the module: service, region and what is to replace its own options.
    """

    def __init__(self, make: c.Callable[..., Client], region: str, role_name: str) -> None:
        self._make = make
        self._region = region
        self._role_name = role_name
        self.home = Cloud(make, region)
        self._entered: dict[str, tuple[Cloud, datetime.datetime]] = {}

    @functools.cached_property
    def home_account(self) -> str:
        """The account of the task's own credentials; one call, the first time."""
        return calls.get_account(self.home.sts())

    def cloud(self, account: str) -> Cloud:
        """The clients of an account. A session is got when it is needed first, and a new one before it ends.

        Ask for it again each time: a chained session lasts an hour at most.
        """
        if account == self.home_account:
            return self.home
        known = self._entered.get(account)
        if known is None or known[1] - _MARGIN < datetime.datetime.now(datetime.UTC):
            known = self._enter(account)
            self._entered[account] = known
        return known[0]

    def places(self, accounts: c.Sequence[str], regions: c.Sequence[str]) -> list[Place]:
        """Every Region of every account; without any the task's own. Refuses numbers and names that are none.

        One call when Regions are named.
        """
        check_accounts(accounts)
        if regions:
            known = calls.describe_regions(self.home.ec2())
            unknown = [region for region in regions if region not in known]
            if unknown:
                raise calls.AmiError(
                    f"regions: {', '.join(unknown)} is not a Region that account {self.home_account} has enabled."
                    f" It has {', '.join(sorted(known))}."
                )
        return [
            Place(account, region)
            for account in dict.fromkeys(accounts or [self.home_account])
            for region in dict.fromkeys(regions or [self._region])
        ]

    def _enter(self, account: str) -> tuple[Cloud, datetime.datetime]:
        role = f"arn:{self._partition}:iam::{account}:role/{self._role_name}"
        session = calls.assume_role(self.home.sts(), role)
        # What the module was given otherwise, a profile above all, would win over the session's keys.
        make = functools.partial(
            self._make,
            profile_name=None,
            aws_access_key_id=session["AccessKeyId"],
            aws_secret_access_key=session["SecretAccessKey"],
            aws_session_token=session["SessionToken"],
        )
        return Cloud(make, self._region), session["Expiration"]

    @property
    def _partition(self) -> str:
        import botocore.session  # noqa: PLC0415 - AnsibleAWSModule has told by now when it is missing

        return str(botocore.session.Session().get_partition_for_region(self._region))
