"""Markdown (CommonMark, with tables, footnotes, fenced divs and bracketed spans) to passages.

What is spoken and what is not:

- headings, paragraphs, block quotes and list items (a paragraph each, without bullet or number) are spoken
- a thematic break, or an empty heading ``#``, is a scene break
- emphasis is not heard; the text of a link is spoken, its address is not; inline code is spoken as text
- fenced code, tables, pictures, footnotes, comments and front matter are skipped, each by its name
- text indented by four spaces is prose, since that is how people indent paragraphs, and not code
- HTML blocks are read as HTML; inline tags are markup, but for those that engines interpret
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock, html_block
from markdown_it.token import Token
from mdit_py_plugins.attrs import attrs_plugin
from mdit_py_plugins.footnote import footnote_plugin

from pipeline.errors import InputError, Problem
from pipeline.manuscript.blocks import build_block, build_skip
from pipeline.manuscript.engine_tags import ENGINE_TAG, is_only_tags
from pipeline.manuscript.fenced_divs import (
    Attributes,
    add_fenced_divs,
    is_stray_fence,
    problems_of,
    understood,
)
from pipeline.manuscript.folding import Run
from pipeline.manuscript.front_matter import FrontMatter, read_front_matter
from pipeline.manuscript.markdown_coverage import unread_line
from pipeline.manuscript.markdown_inline import Inline, read_inline, without_heading_braces
from pipeline.manuscript.model import Block, BlockKind, Skip, SkipReason, Source
from pipeline.manuscript.passages import Passage

_DEEPEST = 100
_COMMENT = re.compile(r"<!--.*?(?:-->|\Z)", re.DOTALL)
_TAG = re.compile(r"<[^<>]*>")


@dataclass(frozen=True, slots=True)
class MarkdownDocument:
    """A Markdown file, read; ``title`` is its front matter's."""

    passages: tuple[Passage, ...]
    title: str | None


def read_markdown(text: str, file: str) -> MarkdownDocument:
    """Read Markdown with LF line ends; ``file`` is what sources and messages name.

    Raises InputError with every problem: a div that is not closed, attributes that mean nothing, text nested so
    deep that the parser gives it up.
    """
    front = read_front_matter(text, file)
    body = "\n" * front.lines + text.split("\n", front.lines)[-1] if front.lines else text
    env: dict[str, Any] = {}
    tokens = _parser().parse(body, env)
    reader = _Reader(file, env)
    reader.read(tokens)
    reader.problems += problems_of(env)
    unread = unread_line(body, tokens, env)
    if unread and not reader.problems:
        reader.problems.append((unread, "is nested too deep to be read; take away some of the > or list levels"))
    if reader.problems:
        raise InputError(Problem(file, line, 0, message) for line, message in sorted(reader.problems))
    return MarkdownDocument(tuple(_in_order(reader.contents, front, body, env, file)), front.title)


@cache
def _parser() -> MarkdownIt:
    """The parser: it keeps no state between texts."""
    parser = MarkdownIt("commonmark", {"maxNesting": _DEEPEST})
    parser.enable(["table", "strikethrough"]).disable("code")
    footnote_plugin(parser, move_to_end=False)
    attrs_plugin(parser, spans=True)
    add_fenced_divs(parser)
    parser.block.ruler.at("html_block", _html_block, {"alt": ["paragraph", "reference", "blockquote"]})
    return parser


def _html_block(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """Blocks of HTML, but for lines that begin with a tag for engines: those are text, and a div may open below one."""
    line = state.src[state.bMarks[start] + state.tShift[start] : state.eMarks[start]]
    return not ENGINE_TAG.match(line) and html_block(state, start, end, silent)


def _in_order(
    contents: Iterable[Block | Skip], front: FrontMatter, body: str, env: dict[str, Any], file: str
) -> Iterable[Passage]:
    """Passages by line, with what leaves no token among them: front matter and link definitions."""
    found = list(contents)
    if front.lines:
        found += build_skip(front.text, SkipReason.FRONT_MATTER, Source(file, 1, front.lines))
    lines = body.split("\n")
    for definition in [*env.get("references", {}).values(), *env.get("duplicate_refs", [])]:
        start, end = definition["map"]
        end = max(end, start + 1)
        found += build_skip(" ".join(lines[start:end]), SkipReason.MARKUP, Source(file, start + 1, end))
    return map(Passage, sorted(found, key=lambda content: content.source.line))


class _Reader:
    """The state of reading one file's tokens."""

    def __init__(self, file: str, env: dict[str, Any]) -> None:
        self.file = file
        self.env = env
        self.contents: list[Block | Skip] = []
        self.problems: list[tuple[int, str]] = []
        self._around = [Attributes()]
        self._level = 0
        self._held = ""

    def read(self, tokens: Sequence[Token]) -> None:
        """Read block tokens."""
        at = 0
        while at < len(tokens):
            token = tokens[at]
            if token.type in {"table_open", "footnote_reference_open"}:
                at = self._skip_to_close(tokens, at)
            else:
                self._token(token)
            at += 1
        if self._held:
            self.contents += build_skip(self._held, SkipReason.MARKUP, Source(self.file))

    def _token(self, token: Token) -> None:
        if token.type == "inline":
            self._inline(token)
        elif token.type == "heading_open":
            self._level = int(token.tag[1])
        elif token.type == "heading_close":
            self._level = 0
        elif token.type == "div_open":
            self._enter(token)
        elif token.type == "div_close":
            self._around.pop()
        elif token.type == "hr":
            self._scene_break(token.markup, self._source(token))
        elif token.type == "fence":
            self._skip(f"{token.info} {token.content}", SkipReason.CODE, self._source(token))
        elif token.type == "html_block":
            self._html(token)
        elif token.type == "list_item_open" and token.info:
            source = self._source(token)
            self._skip(f"{token.info}{token.markup}", SkipReason.MARKUP, replace(source, end_line=source.line))

    def _inline(self, token: Token) -> None:
        source = self._source(token)
        inline = read_inline(token.children or [], self.env)
        if self._level:
            inline = without_heading_braces(inline)
        elif is_stray_fence(token.content):
            self._report(source, "::: closes nothing, or its attributes cannot be read")
        self._block(inline, source)

    def _block(self, inline: Inline, source: Source) -> None:
        for message in inline.problems:
            self._report(source, message)
        around = _within(self._around[-1], inline.attributes)
        text = "".join(run.text for run in inline.runs)
        if self._level and not text.strip():
            self._scene_break("#" * self._level, source)
        elif is_only_tags(text):
            self._attach(" ".join(text.split()))
        else:
            runs = [Run(f"{self._held} "), *inline.runs] if self._held and not self._level else inline.runs
            self._held = "" if runs is not inline.runs else self._held
            self.contents += build_block(
                BlockKind.HEADING if self._level else BlockKind.PARAGRAPH,
                runs,
                source,
                level=self._level,
                voice=around.voice,
                language=around.language,
                classes=around.classes,
            )
        for reason, skipped in inline.skips:
            self._skip(skipped, reason, source)

    def _attach(self, tags: str) -> None:
        """A line of tags alone, such as a pause, belongs to the paragraph before it, or else to the next."""
        last = next((at for at in reversed(range(len(self.contents))) if isinstance(self.contents[at], Block)), None)
        block = None if last is None else self.contents[last]
        if last is not None and isinstance(block, Block) and block.kind is BlockKind.PARAGRAPH:
            self.contents[last] = replace(block, text=f"{block.text} {tags}")
        else:
            self._held = f"{self._held} {tags}".strip()

    def _html(self, token: Token) -> None:
        """A block of HTML: paragraphs of it are spoken, tags and comments are not."""
        source = self._source(token)
        for comment in _COMMENT.findall(token.content):
            self._skip(comment, SkipReason.COMMENT, source)
        content = _COMMENT.sub(lambda comment: "\n" * comment.group().count("\n"), token.content)
        if ENGINE_TAG.match(content.lstrip()):  # a comment stood before it
            children = _parser().parseInline(content.strip(), self.env)[0].children or []
            self._block(read_inline(children, self.env), source)
            return
        self._skip(" ".join(_TAG.findall(content)), SkipReason.MARKUP, source)
        around = self._around[-1]
        for passage in _html_passages(content, self.file, source.line):
            found = passage.content
            if isinstance(found, Block):
                found = replace(found, voice=found.voice or around.voice, language=found.language or around.language)
            if not isinstance(found, Skip) or found.reason is not SkipReason.MARKUP:
                self.contents.append(found)  # type: ignore[arg-type]

    def _enter(self, token: Token) -> None:
        source = self._source(token)
        shown = " ".join(f"{key}={value}" for key, value in token.attrs.items())
        self._skip(shown, SkipReason.MARKUP, replace(source, end_line=source.line))
        try:
            inner = understood(token.attrs)
        except ValueError as exc:
            self._report(source, f"::: {exc}")
            inner = Attributes()
        self._around.append(_within(self._around[-1], inner))

    def _skip_to_close(self, tokens: Sequence[Token], start: int) -> int:
        """Skip a table or a footnote whole; the index of its last token."""
        opening = tokens[start]
        closing = opening.type.replace("_open", "_close")
        end = next(at for at in range(start, len(tokens)) if tokens[at].type == closing)
        texts = [token.content for token in tokens[start:end] if token.type in {"inline", "fence", "html_block"}]
        reason = SkipReason.TABLE if opening.type == "table_open" else SkipReason.FOOTNOTE
        label = f"[^{opening.meta['label']}]: " if reason is SkipReason.FOOTNOTE else ""
        source = self._source(next((token for token in tokens[start:end] if token.map), opening))
        self._skip(label + " ".join(texts), reason, source)
        return end

    def _scene_break(self, marks: str, source: Source) -> None:
        self._skip(marks, SkipReason.MARKUP, source)
        self.contents.append(Block(BlockKind.SCENE_BREAK, "", source))

    def _skip(self, text: str, reason: SkipReason, source: Source) -> None:
        self.contents += build_skip(text, reason, source)

    def _report(self, source: Source, message: str) -> None:
        self.problems.append((source.line, message))

    def _source(self, token: Token) -> Source:
        start, end = token.map or (0, 0)
        return Source(self.file, start + 1, max(start + 1, end))


def _within(outer: Attributes, inner: Attributes) -> Attributes:
    return Attributes(
        inner.voice or outer.voice,
        inner.language or outer.language,
        None,
        (*outer.classes, *inner.classes),
    )


def _html_passages(content: str, file: str, first_line: int) -> Sequence[Passage]:
    if not _TAG.sub("", content).strip() and "<hr" not in content.lower() and "<img" not in content.lower():
        return ()
    from pipeline.manuscript.html import Page, read_page  # noqa: PLC0415 -- lxml loads only where there is HTML
    from pipeline.manuscript.xmltree import parse_html  # noqa: PLC0415

    root = parse_html(content.encode(), shown=file)
    return () if root is None else read_page(root, Page(file, first_line=first_line))
