# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is PRIVATE to the collection. It can have breaking changes at any time.

"""The program that tells what is inside an instance. It needs a shell and root, and changes nothing there."""

from __future__ import annotations

# What comes before and after each part of what the program prints.
MARK = "@golden"
END = "that is all"

# For /bin/sh, on its standard input: `sudo -n sh -s`. Each part of what it prints is one command's own words, between a line
# with its name and one with its exit status and what it complained of; they are read on the control side, so that an image
# without Python can be looked into as well. The last line tells that nothing was cut off.
SCRIPT = rf"""
LC_ALL=C PATH=$PATH:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin SYSTEMD_COLORS=0 SYSTEMD_PAGER=cat
export LC_ALL PATH SYSTEMD_COLORS SYSTEMD_PAGER
exec 3>&1

part() {{
    name=$1
    shift
    printf '{MARK} %s\n' "$name"
    # Its own output goes on, its complaints are kept. The rest of this program is standard input: it must not be read.
    said=$("$@" 2>&1 >&3 3>&- </dev/null)
    status=$?
    said=$(printf '%s' "$said" | tr '\n' ' ' | cut -c 1-300)
    printf '\n{MARK} end %s %s %s\n' "$name" "$status" "$said"
}}

has() {{
    command -v "$1" >/dev/null 2>&1
}}

none() {{
    echo "$1" >&2
    return 1
}}

contained() {{
    [ -e /run/systemd/container ]
}}

timed_boot() {{
    systemctl --no-pager show -p UserspaceTimestampMonotonic -p FinishTimestampMonotonic || return
    if contained; then
        echo Container=yes
    fi
}}

# A container's disk is its host's; what it has itself is to be counted, of what is there by then.
counted_disk() {{
    du -skx / 2>/dev/null | tail -n 1
}}

if [ -s /var/lib/dpkg/status ] && has dpkg-query; then
    part packages-dpkg dpkg-query -W -f '${{db:Status-Abbrev}}\t${{binary:Package}}\t${{Version}}\n'
elif has rpm; then
    part packages-rpm rpm -qa --qf '%{{NAME}}\t%|EPOCH?{{%{{EPOCH}}}}:{{0}}|:%{{VERSION}}-%{{RELEASE}}\n'
elif has apk; then
    part packages-apk cat /lib/apk/db/installed
elif has pacman; then
    part packages-pacman pacman -Q
else
    part packages-none none 'it has neither dpkg nor rpm, apk or pacman'
fi
if has systemctl; then
    part unit-files systemctl --no-pager --no-legend list-unit-files --type=service,socket,timer
    part units systemctl --no-pager show -p Id,UnitFileState,ActiveState,SubState,BusName,TriggeredBy \
        '*.service' '*.socket' '*.timer'
    part boot timed_boot
else
    part unit-files none 'it has no systemd'
    part boot none 'it has no systemd'
fi
if has ss; then
    part ports ss -lntup
    part port-range cat /proc/sys/net/ipv4/ip_local_port_range
else
    part ports none 'it has no ss, which is in iproute2 (Debian) or iproute (Red Hat)'
fi
if has getent; then
    part users getent passwd
else
    part users cat /etc/passwd
fi
if contained; then
    part disk-counted counted_disk
else
    part disk df -Pk /
fi
part kernel uname -rm
part os cat /etc/os-release
echo '{MARK} {END}'
"""
