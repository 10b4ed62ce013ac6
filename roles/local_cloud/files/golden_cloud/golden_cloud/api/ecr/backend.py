# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The repositories of an account and Region: moto's, without its images, which the registry has."""

from __future__ import annotations

import threading
from typing import Any

from moto.ecr.exceptions import RepositoryNotEmptyException
from moto.ecr.models import ECRBackend, Repository

from golden_cloud.api import runtime
from golden_cloud.api.ecr.store import Store

_LOCK = "registry_scanning_configuration_update_lock"


def store_of(repository: Repository) -> Store:
    """The files of a repository."""
    root = runtime.current().registry.storage()
    return Store(root, repository.account_id, repository.region_name, repository.name)


class CloudECRBackend(ECRBackend):
    """moto's backend of one account and Region."""

    def __getstate__(self) -> dict[str, Any]:
        """What is saved: a lock is not."""
        return {key: value for key, value in self.__dict__.items() if key != _LOCK}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        setattr(self, _LOCK, threading.RLock())

    def find(self, name: str, registry_id: str | None = None) -> Repository:
        return self._get_repository(name, registry_id)

    def delete_repository(self, repository_name: str, registry_id: str | None = None, force: bool = False) -> Any:
        repository = self.find(repository_name, registry_id)
        store = store_of(repository)
        if store.images() and not force:
            raise RepositoryNotEmptyException(repository_name, self.account_id)
        gone = super().delete_repository(repository_name, registry_id, force)
        store.remove()
        return gone
