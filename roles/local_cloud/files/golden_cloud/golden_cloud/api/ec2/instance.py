# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An instance with a machine behind it, and what a request to launch one asks for."""

from __future__ import annotations

import base64
import copy
import time
from typing import Any

from moto.ec2.models.instances import Instance, InstanceState, StateReason

STATES = {"pending": 0, "running": 16, "shutting-down": 32, "terminated": 48, "stopping": 64, "stopped": 80}
TRANSIENT = {"pending", "stopping", "shutting-down"}
USER_SHUTDOWN = StateReason("Client.UserInitiatedShutdown: User initiated shutdown", "Client.UserInitiatedShutdown")

SELF_SHUTDOWN = StateReason(
    "Client.InstanceInitiatedShutdown: Instance initiated shutdown", "Client.InstanceInitiatedShutdown"
)


class MachineInstance(Instance):
    """moto's instance, except that its state and addresses are those of a machine."""

    is_public = True
    """Whether it was launched to have a public address."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.machine_address: str | None = None
        self.image_ref = ""
        self.cpu_credits: str | None = None
        self.terminated_at: float | None = None
        super().__init__(*args, **kwargs)
        self.ena_support = True
        self.current_instance_boot_mode = "legacy-bios"
        self.private_dns_name_options = {"HostnameType": "resource-name", "EnableResourceNameDnsARecord": False}
        self.enter("pending")

    def enter(self, name: str, reason: StateReason | None = None) -> InstanceState:
        """Go to a state; returns the one before."""
        previous = copy.copy(self._state)
        self._state.name = name
        self._state.code = STATES[name]
        self.state_reason = reason
        self._reason = reason.message if reason else ""
        if name == "terminated":
            self.terminated_at = time.time()
        for nic in self.nics.values():
            nic.delete_on_termination = True
            nic.public_ip = self.public_ip
        return previous

    @property
    def instance_id(self) -> str:
        return str(self.id)

    def set_address(self, address: str) -> None:
        self.machine_address = address
        nic = self.nics[0]
        nic.private_ip_address = address
        nic.private_ip_addresses = [{"Primary": True, "PrivateIpAddress": address}]
        nic.public_ip = address if self.is_public else None

    @property
    def private_ip(self) -> str | None:
        return self.machine_address

    @property
    def private_ip_address(self) -> str | None:
        return self.machine_address

    @property
    def public_ip(self) -> str | None:
        return self.machine_address if self.is_public and self.state == "running" else None

    @property
    def public_ip_address(self) -> str | None:
        return self.public_ip

    @property
    def private_dns_name(self) -> str:
        domain = "ec2.internal" if self.region_name == "us-east-1" else f"{self.region_name}.compute.internal"
        return f"{self.id}.{domain}"

    @property
    def public_dns_name(self) -> str | None:
        """The address: no name server knows this cloud, and clients connect to what stands here."""
        return self.public_ip or ""

    @property
    def raw_user_data(self) -> bytes | None:
        if self.user_data is None:
            return None
        return base64.b64decode(str(self.user_data))
