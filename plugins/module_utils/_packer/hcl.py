# Copyright (c) golden.ami contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is PRIVATE to the collection. It can have breaking changes at any time.

"""Where things are in HCL2's native syntax: blocks, attributes, and the text of each expression.

Nothing is evaluated: that is Packer's. A library would not do. What is needed is the text as it stands and where it
stands, to write changed copies of files, and what parses HCL in Python gives neither; besides, it would have to be
installed on each machine that runs a module. Broken text never raises: Packer tells better what is wrong with it.
"""

from __future__ import annotations

import bisect
import collections.abc as c
import dataclasses
import re
import typing as t

Kind = t.Literal["name", "number", "sign", "newline", "open", "close", "text", "enter", "leave"]


class Token(t.NamedTuple):
    """A piece of text. C(level) is 0 outside of strings, and grows with each string and each interpolation in one."""

    kind: Kind
    start: int
    end: int
    level: int


_CODE = re.compile(
    r"(?P<blank>[ \t\r\ufeff]+|\#[^\n]*|//[^\n]*|/\*.*?(?:\*/|\Z))"
    r"|(?P<newline>\n)"
    r"|<<-?(?P<heredoc>[^\W\d][\w-]*)[ \t]*\r?(?:\n|\Z)"
    r'|(?P<quote>")'
    r"|(?P<name>[^\W\d][\w-]*)"
    r"|(?P<number>\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)"
    r"|(?P<sign>.)",
    re.DOTALL,
)
_INTERPOLATION = re.compile(r"[$%]\{~?")
# A doubled sign stands for itself: no interpolation begins there.
_QUOTED = re.compile(r'(?:[^"\\$%\n]|\\.|\$\$\{|%%\{|[$%](?!\{))+')
_HEREDOC_LINE = re.compile(r"(?:[^$%\n]|\$\$\{|%%\{|[$%](?!\{))*\n?")


@dataclasses.dataclass
class _Mode:
    """What the scanner is in: code (up to a brace, when it is an interpolation), a string, or a heredoc."""

    kind: t.Literal["code", "quote", "heredoc"]
    marker: str = ""
    depth: int = 0
    line_start: bool = True


class _Scanner:
    """Cuts text into tokens."""

    def __init__(self, text: str, mode: _Mode) -> None:
        self._text = text
        self._at = 0
        self._modes = [mode]
        self._tokens: list[Token] = []

    def scan(self) -> list[Token]:
        while self._at < len(self._text):
            mode = self._modes[-1]
            {"code": self._code, "quote": self._quote, "heredoc": self._heredoc}[mode.kind](mode)
        return self._tokens

    def _put(self, kind: Kind, end: int) -> None:
        self._tokens.append(Token(kind, self._at, end, len(self._modes) - 1))
        self._at = end

    def _code(self, mode: _Mode) -> None:
        found = _CODE.match(self._text, self._at)
        if found is None or found.lastgroup == "blank":
            self._at = found.end() if found else self._at + 1
        elif found.lastgroup == "heredoc":
            self._put("open", found.end())
            self._modes.append(_Mode("heredoc", found["heredoc"]))
        elif found.lastgroup == "quote":
            self._put("open", found.end())
            self._modes.append(_Mode("quote"))
        elif found.lastgroup == "sign":
            self._sign(mode, found[0], found.end())
        else:
            self._put(t.cast("Kind", found.lastgroup), found.end())

    def _sign(self, mode: _Mode, sign: str, end: int) -> None:
        if sign == "}" and mode.depth == 0 and len(self._modes) > 1:
            self._modes.pop()
            self._put("leave", end)
            return
        mode.depth += (sign == "{") - (sign == "}")
        self._put("sign", end)

    def _quote(self, _mode: _Mode) -> None:
        if self._text[self._at] in '"\n':
            # A string that is not closed ends with its line, so that the rest of the file is still understood.
            closed = self._text[self._at] == '"'
            if len(self._modes) > 1:
                self._modes.pop()
                self._put("close", self._at + closed)
            else:
                self._put("text", self._at + 1)
        elif not self._enter():
            found = _QUOTED.match(self._text, self._at)
            self._put("text", found.end() if found else self._at + 1)

    def _enter(self) -> bool:
        found = _INTERPOLATION.match(self._text, self._at)
        if found:
            self._put("enter", found.end())
            self._modes.append(_Mode("code"))
        return bool(found)

    def _heredoc(self, mode: _Mode) -> None:
        if mode.line_start:
            line_end = self._text.find("\n", self._at)
            line = self._text[self._at : line_end if line_end >= 0 else len(self._text)]
            if line.strip() == mode.marker:
                self._modes.pop()
                self._put("close", self._at + len(line.rstrip("\r")))
                return
        mode.line_start = False
        if not self._enter():
            found = _HEREDOC_LINE.match(self._text, self._at)
            end = found.end() if found and found.end() > self._at else self._at + 1
            mode.line_start = self._text[end - 1] == "\n"
            self._put("text", end)


def tokens(text: str, *, template: bool = False) -> list[Token]:
    """The tokens of a file; of a C(template) as HCL's JSON form has them in its strings, quotes mean nothing."""
    return _Scanner(text, _Mode("heredoc", "\n") if template else _Mode("code")).scan()


@dataclasses.dataclass(frozen=True)
class Attribute:
    """C(name = expression). The span is that of the expression, whose text it has as it stands in the file."""

    name: str
    expression: str
    line: int
    start: int
    end: int


@dataclasses.dataclass(frozen=True)
class Block:
    """C(kind "label" { … }): its span, that of what is between its braces, and what is in there."""

    kind: str
    labels: tuple[str, ...]
    line: int
    start: int
    end: int
    inner_start: int
    inner_end: int
    body: Body

    def inner(self, text: str) -> str:
        """What is between its braces, as it stands in the file."""
        return text[self.inner_start : self.inner_end]


@dataclasses.dataclass(frozen=True)
class Body:
    """What is in a file or a block, in the order in which it stands there."""

    attributes: tuple[Attribute, ...] = ()
    blocks: tuple[Block, ...] = ()
    # Of a file: that not all of it could be understood.
    broken: bool = False

    def attribute(self, name: str) -> Attribute | None:
        return next((one for one in self.attributes if one.name == name), None)

    def expression(self, name: str) -> str | None:
        found = self.attribute(name)
        return found.expression if found else None

    def of_kind(self, *kinds: str) -> c.Iterator[Block]:
        return (block for block in self.blocks if block.kind in kinds)


_OPENING, _CLOSING = "([{", ")]}"


class _Parser:
    """Finds blocks and attributes in tokens."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._all = [one for one in tokens(text) if one.level == 0]
        self._at = 0
        self.broken = False
        self._lines = [0, *(found.end() for found in re.finditer("\n", text))]

    def body(self, *, nested: bool = False) -> Body:
        attributes: list[Attribute] = []
        blocks: list[Block] = []
        while self._at < len(self._all):
            if self._is("}"):
                if nested:
                    break
                self.broken = True
                self._at += 1
                continue
            found = self._definition() if self._all[self._at].kind == "name" else None
            if isinstance(found, Attribute):
                attributes.append(found)
            elif isinstance(found, Block):
                blocks.append(found)
            else:
                self._skip()
        return Body(tuple(attributes), tuple(blocks))

    def _word(self, position: int) -> str:
        token = self._all[position]
        return self._text[token.start : token.end]

    def _is(self, sign: str, position: int | None = None) -> bool:
        position = self._at if position is None else position
        return position < len(self._all) and self._all[position].kind == "sign" and self._word(position) == sign

    def line(self, offset: int) -> int:
        return bisect.bisect_right(self._lines, offset)

    def _definition(self) -> Attribute | Block | None:
        first = self._at
        if self._is("=", first + 1) and not self._is("=", first + 2):
            self._at = first + 2
            start = self._all[self._at].start if self._at < len(self._all) else len(self._text)
            end = self._expression_end(start)
            line = self.line(self._all[first].start)
            return Attribute(self._word(first), self._text[start:end], line, start, end)
        labels, after = self._labels(first + 1)
        return self._block(first, labels, after) if self._is("{", after) else None

    def _labels(self, position: int) -> tuple[tuple[str, ...], int]:
        """Words and strings between a block's kind and its brace. A string is two tokens at this level: its quotes."""
        labels: list[str] = []
        while position < len(self._all):
            token = self._all[position]
            if token.kind == "name":
                labels.append(self._word(position))
                position += 1
            elif token.kind == "open" and position + 1 < len(self._all) and self._all[position + 1].kind == "close":
                labels.append(self._text[token.end : self._all[position + 1].end - 1])
                position += 2
            else:
                break
        return tuple(labels), position

    def _block(self, first: int, labels: tuple[str, ...], brace: int) -> Block:
        self._at = brace + 1
        inner_start = self._all[brace].end
        body = self.body(nested=True)
        closed = self._at < len(self._all)
        self.broken |= not closed
        inner_end = self._all[self._at].start if closed else len(self._text)
        end = self._all[self._at].end if closed else inner_end
        self._at += 1
        start = self._all[first].start
        return Block(self._word(first), labels, self.line(start), start, end, inner_start, inner_end, body)

    def _expression_end(self, start: int) -> int:
        """To the end of the line, or of the block on one line, but for lines inside of brackets."""
        depth, end = 0, start
        while self._at < len(self._all):
            token = self._all[self._at]
            word = self._word(self._at) if token.kind == "sign" else ""
            if depth == 0 and (token.kind == "newline" or word == "}"):
                break
            depth += bool(word and word in _OPENING) - bool(word and word in _CLOSING)
            if token.kind != "newline":
                end = token.end
            self._at += 1
        self.broken |= depth != 0 or end == start
        return end

    def _skip(self) -> None:
        """What is no definition, to the end of its line; brackets in it are passed as a whole."""
        if self._all[self._at].kind != "newline":
            self.broken = True
            self._expression_end(self._all[self._at].start)
        if self._at < len(self._all) and self._all[self._at].kind == "newline":
            self._at += 1


def parse(text: str) -> Body:
    """What is in a file, as far as it can be understood."""
    parser = _Parser(text)
    body = parser.body()
    return dataclasses.replace(body, broken=parser.broken or not _closed(tokens(text)))


def _closed(cut: list[Token]) -> bool:
    """Whether each string and each interpolation ends, and no string with its line only."""
    opened = sum(one.kind in ("open", "enter") for one in cut) - sum(one.kind in ("close", "leave") for one in cut)
    return opened == 0 and all(one.end > one.start for one in cut)


Edit = tuple[int, int, str]


def apply(text: str, edits: c.Iterable[Edit]) -> str:
    """Text with parts of it replaced; the spans are those in the old text, and do not overlap."""
    for start, end, new in sorted(edits, reverse=True):
        text = text[:start] + new + text[end:]
    return text


def insertion(text: str, block: Block, lines: str) -> list[Edit]:
    """The edits that add whole lines at the end of a block, be it one that stands on a single line."""
    added = (block.inner_end, block.inner_end, f"\n{lines}\n")
    return [added] if "\n" in block.inner(text) else [(block.inner_start, block.inner_start, "\n"), added]


def blanked(text: str, block: Block) -> Edit:
    """The edit that takes a block away, and leaves all other lines where they are."""
    return (block.start, block.end, "\n" * text.count("\n", block.start, block.end))


def escape(value: str) -> str:
    """A text in which nothing is interpolated."""
    return re.sub(r"([$%])(?=\{)", r"\1\1", value)


_PLAIN_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", '"': '"', "\\": "\\"}
_ESCAPED = {value: f"\\{letter}" for letter, value in _PLAIN_ESCAPES.items()}
_TO_ESCAPE = re.compile(r'[\x00-\x1f\x7f"\\]')


def quote(value: str) -> str:
    """A string as HCL writes it, in which nothing is interpolated."""
    written = _TO_ESCAPE.sub(lambda found: _ESCAPED.get(found[0]) or f"\\u{ord(found[0]):04x}", value)
    return f'"{escape(written)}"'


def quote_map(values: c.Mapping[str, str]) -> str:
    """An object of strings on one line."""
    return "{ " + ", ".join(f"{quote(name)} = {quote(value)}" for name, value in values.items()) + " }"


_ESCAPE = re.compile(r'\\(?:([nrt"\\])|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8}))|([$%])\4\{')


def _unescape(found: re.Match[str]) -> str:
    if found[1]:
        return _PLAIN_ESCAPES[found[1]]
    if found[4]:
        return found[4] + "{"
    return chr(int(found[2] or found[3], 16))


def string(expression: str | None) -> str | None:
    """The value of an expression that is a string and nothing else, without interpolation; None for all others."""
    cut = tokens(expression or "")
    quoted = expression and cut and (cut[0].kind, cut[-1].kind) == ("open", "close") and expression[cut[0].start] == '"'
    if not expression or not quoted or any(one.kind != "text" for one in cut[1:-1]):
        return None
    try:
        return _ESCAPE.sub(_unescape, expression[cut[0].end : cut[-1].start])
    except (ValueError, OverflowError):
        return None


def _entries(expression: str, opening: str, closing: str) -> list[list[Token]] | None:
    """The tokens of each thing in a list or an object; None when the expression is something else."""
    cut = tokens(expression)
    if not cut or expression[cut[0].start : cut[0].end] != opening or expression[cut[-1].start :].strip() != closing:
        return None
    if len(cut) > 1 and expression[cut[1].start : cut[1].end] == "for":
        return None
    entries: list[list[Token]] = [[]]
    depth = 0
    for token in cut[1:-1]:
        word = expression[token.start : token.end] if (token.kind, token.level) == ("sign", 0) else ""
        depth += bool(word and word in _OPENING) - bool(word and word in _CLOSING)
        if depth < 0:
            return None
        if depth == 0 and (word == "," or (opening == "{" and token.kind == "newline" and token.level == 0)):
            entries.append([])
        elif token.kind != "newline" or token.level or depth:
            entries[-1].append(token)
    return [entry for entry in entries if entry]


def items(expression: str | None) -> list[str] | None:
    """The expressions in a list, as they stand there; None when it is no list in so many words."""
    entries = _entries(expression, "[", "]") if expression else None
    if expression is None or entries is None:
        return None
    return [expression[entry[0].start : entry[-1].end] for entry in entries]


def members(expression: str | None) -> dict[str, str]:
    """The expressions in an object by name, as they stand there; empty when it is no object in so many words."""
    found: dict[str, str] = {}
    for entry in (expression and _entries(expression, "{", "}")) or []:
        text = t.cast("str", expression)
        sign = next((i for i, one in enumerate(entry) if one.level == 0 and text[one.start : one.end] in ("=", ":")), 0)
        if 0 < sign < len(entry) - 1:
            key = text[entry[0].start : entry[sign - 1].end]
            value = text[entry[sign + 1].start : entry[-1].end]
            found[string(key) or key] = value
    return found


def _path_root(text: str, cut: list[Token], at: int) -> int:
    """How many tokens from here on are C(path.root), or C(path["root"])."""
    if at and text[cut[at - 1].start : cut[at - 1].end] == "." and cut[at - 1].kind == "sign":
        return 0
    words = [text[one.start : one.end] for one in cut[at : at + 6]]
    same = all(one.level == cut[at].level for one in cut[at : at + 3])
    if words[:3] == ["path", ".", "root"] and same:
        return 3
    return 6 if words == ["path", "[", '"', "root", '"', "]"] else 0


def replace_path_root(text: str, directory: str, *, template: bool = False) -> str:
    """Text in which C(path.root) is a directory by its name, in expressions and in interpolations, not in words.

    The text is that of a file, or of one string of HCL's JSON form (C(template)).
    """
    cut = tokens(text, template=template)
    edits: list[Edit] = []
    for at, token in enumerate(cut):
        length = _path_root(text, cut, at) if token.kind == "name" else 0
        if length:
            edits.append((token.start, cut[at + length - 1].end, quote(directory)))
    return apply(text, edits)
