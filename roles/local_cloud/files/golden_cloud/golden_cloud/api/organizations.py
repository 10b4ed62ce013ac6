# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""AWS Organizations: moto's, where only the management account rules, and what an account is a member of."""

from __future__ import annotations

from typing import Any

from moto.core.responses import ActionResult
from moto.organizations.models import FakeOrganization, OrganizationsBackend, organizations_backends
from moto.organizations.responses import OrganizationsResponse

from golden_cloud.api.access import PARTITION
from golden_cloud.api.errors import CloudError
from golden_cloud.api.service import CloudResponse

_FOR_EVERYBODY = {"CreateOrganization", "DescribeOrganization"}


def memberships(account_id: str) -> set[str]:
    """The ARNs of the account's organization and of every organizational unit above it."""
    management = organizations_backends.master_accounts.get(account_id, (account_id, PARTITION))[0]
    if management not in organizations_backends:
        return set()
    backend = organizations_backends[management][PARTITION]
    account = next((one for one in backend.accounts if one.id == account_id), None)
    if backend.org is None or account is None:
        return set()
    units = {unit.id: unit for unit in backend.ou}
    arns, parent = {str(backend.org.arn)}, units.get(account.parent_id)
    while parent is not None:
        arns.add(str(parent.arn))
        parent = units.get(str(parent.parent_id))
    return arns


def organization_of(account_id: str) -> FakeOrganization | None:
    """The organization that the account is in."""
    management = organizations_backends.master_accounts.get(account_id, (account_id, PARTITION))[0]
    if management not in organizations_backends:
        return None
    return organizations_backends[management][PARTITION].org


def recover() -> None:
    """After a restart: who belongs to whom is kept beside moto's backends, and follows from them."""
    organizations_backends.master_accounts.clear()
    for management, _region, backend in list(organizations_backends.iter_backends()):
        for account in backend.accounts:
            if account.id != management:
                organizations_backends.master_accounts[account.id] = (management, PARTITION)


class CloudOrganizationsResponse(CloudResponse, OrganizationsResponse):
    """Every operation of Organizations that the catalogue lists."""

    def call_action(self) -> Any:
        try:
            self._check_caller()
        except CloudError as error:
            return self.serialized(ActionResult(error))
        return super().call_action()

    def _check_caller(self) -> None:
        account = self.identity.account_id
        if str(self._get_action()) in _FOR_EVERYBODY or self._backend.org is not None:
            return
        if account in organizations_backends.master_accounts:
            raise CloudError("AccessDeniedException", "You don't have permissions to access this resource.")
        raise CloudError("AWSOrganizationsNotInUseException", "Your account is not a member of an organization.")

    @property
    def _backend(self) -> OrganizationsBackend:
        return organizations_backends[self.identity.account_id][PARTITION]

    def create_organizational_unit(self) -> str:
        parent, name = self._get_param("ParentId"), self._get_param("Name")
        self._need_parent(parent, "ParentNotFoundException")
        if any(unit.parent_id == parent and unit.name == name for unit in self._backend.ou):
            raise CloudError("DuplicateOrganizationalUnitException", f"An OU with the name {name} exists already.")
        return str(super().create_organizational_unit())

    def delete_organizational_unit(self) -> str:
        unit = self._get_param("OrganizationalUnitId")
        backend = self._backend
        if any(child.parent_id == unit for child in [*backend.ou, *backend.accounts]):
            raise CloudError("OrganizationalUnitNotEmptyException", f"The OU {unit} is not empty.")
        return str(super().delete_organizational_unit())

    def move_account(self) -> str:
        source, target = self._get_param("SourceParentId"), self._get_param("DestinationParentId")
        self._need_parent(source, "SourceParentNotFoundException")
        self._need_parent(target, "DestinationParentNotFoundException")
        account = self._backend.get_account_by_id(self._get_param("AccountId"))
        if account.parent_id != source:
            raise CloudError("AccountNotFoundException", f"The account {account.id} is not in {source}.")
        return str(super().move_account())

    def _need_parent(self, parent: str, code: str) -> None:
        if parent not in {unit.id for unit in self._backend.ou}:
            raise CloudError(code, f"You specified a parent that doesn't exist: {parent}")
