# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is PRIVATE to the collection. It can have breaking changes at any time.

"""How the page looks: by daylight, at night and on paper."""

from __future__ import annotations

STYLE = """
:root { color-scheme: light dark; --ground: #f6f7f9; --card: #ffffff; --ink: #1b2430; --soft: #5b6775; --line: #dfe4ea;
  --head: #f0f2f5; --gold: #a86f00; --gold-ground: #fff4da; --good: #17693a; --good-ground: #e2f5e8; --bad: #a3222c;
  --bad-ground: #fde8e8; --link: #1f5fbf; }
@media (prefers-color-scheme: dark) {
  :root { --ground: #12161c; --card: #1a2029; --ink: #e4e9ef; --soft: #98a4b3; --line: #2d3643; --head: #212934;
    --gold: #f0bf57; --gold-ground: #3a2e12; --good: #7ddc9f; --good-ground: #163322; --bad: #ff9d9d; --bad-ground: #421c20;
    --link: #8bb8ff; }
}
* { box-sizing: border-box; }
html { scroll-behavior: smooth; }
body { margin: 0; background: var(--ground); color: var(--ink); font: 15px/1.5 system-ui, "Segoe UI", "Noto Sans", "DejaVu Sans",
  sans-serif; }
main { max-width: 1240px; margin: 0 auto; padding: 28px 24px 60px; }
h1 { font-size: 26px; line-height: 1.2; margin: 0; }
h2 { font-size: 20px; margin: 36px 0 10px; padding-top: 6px; border-top: 3px solid var(--gold); }
h3 { font-size: 15px; margin: 22px 0 8px; color: var(--soft); }
p { margin: 6px 0; }
a { color: var(--link); text-decoration: none; }
a:hover { text-decoration: underline; }
nav { margin: 10px 0 0; display: flex; flex-wrap: wrap; gap: 6px 16px; }
code { font-family: ui-monospace, "DejaVu Sans Mono", monospace; font-size: 13px; }
.soft, small { color: var(--soft); font-size: 13px; }
small { display: block; }
.card { background: var(--card); border: 1px solid var(--line); border-radius: 10px; overflow-x: auto; }
.drawing { padding: 12px; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; vertical-align: top; padding: 8px 12px; border-top: 1px solid var(--line); overflow-wrap: break-word; }
th { background: var(--head); font-size: 12.5px; color: var(--soft); white-space: nowrap; border-top: 0; }
td code { white-space: nowrap; }
tr:target td { background: var(--gold-ground); }
.word { display: inline-block; padding: 0 8px; border-radius: 999px; font-size: 12.5px; line-height: 20px; background: var(--head);
  border: 1px solid var(--line); margin: 0 4px 2px 0; white-space: nowrap; }
.good { color: var(--good); background: var(--good-ground); border-color: transparent; }
.bad { color: var(--bad); background: var(--bad-ground); border-color: transparent; }
.gold { color: var(--gold); background: var(--gold-ground); border-color: transparent; }
.warning { background: var(--bad-ground); border: 1px solid var(--bad); border-radius: 10px; padding: 10px 16px; margin: 18px 0; }
.warning h2 { border: 0; margin: 0; padding: 0; font-size: 16px; color: var(--bad); }
.warning ul { margin: 6px 0; padding-left: 20px; }
.note { background: var(--gold-ground); border-radius: 10px; padding: 8px 14px; margin: 10px 0; }
.step { margin: 12px 0 6px; }
svg.lineage { display: block; font: 13px system-ui, "Segoe UI", "Noto Sans", "DejaVu Sans", sans-serif; }
svg.lineage rect { fill: var(--head); stroke: var(--line); }
svg.lineage .named rect { fill: var(--gold-ground); stroke: var(--gold); }
svg.lineage .outside rect { fill: none; stroke-dasharray: 4 3; stroke: var(--soft); }
svg.lineage text { fill: var(--ink); }
svg.lineage text.group { fill: var(--soft); font-weight: 600; }
svg.lineage .edge { fill: none; stroke: var(--soft); stroke-width: 1.4; opacity: 0.75; }
@media print {
  :root { color-scheme: light; --ground: #fff; --card: #fff; --ink: #000; --soft: #444; --line: #bbb; --head: #f2f2f2;
    --gold: #7a5200; --gold-ground: #fff4da; --good: #17693a; --good-ground: #fff; --bad: #a3222c; --bad-ground: #fff; --link: #000; }
  @page { size: A4 landscape; margin: 12mm; }
  body { font-size: 11px; }
  main { max-width: none; padding: 0; }
  nav { display: none; }
  .card { overflow: visible; border-radius: 0; }
  svg.lineage { max-width: 100%; height: auto; }
  h2, h3 { break-after: avoid; }
  h1 { font-size: 20px; }
  h2 { font-size: 15px; margin: 14px 0 6px; padding-top: 4px; }
  h3 { font-size: 12px; margin: 10px 0 4px; }
  code, .soft, small, .word, th { font-size: 9.5px; }
  small { overflow-wrap: anywhere; }
  .word { line-height: 14px; }
  th, td { padding: 3px 7px; }
  tr, .step, .warning { break-inside: avoid; }
  thead { display: table-header-group; }
  section.image { break-before: page; }
}
"""
