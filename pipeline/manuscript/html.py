"""(X)HTML to passages: what a reader sees is spoken, everything else is skipped for a named reason."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from lxml import etree

from pipeline.manuscript.blocks import build_block, build_skip, is_scene_break
from pipeline.manuscript.element_rules import BLOCKS, HEADINGS, breaks_scene, classes_of, types_of, unspoken
from pipeline.manuscript.folding import NOTHING, Run, Says
from pipeline.manuscript.matter import matter_by_type
from pipeline.manuscript.model import Block, BlockKind, SkipReason, Source
from pipeline.manuscript.page_language import primary, tag_of
from pipeline.manuscript.passages import Anchor, Matter, Passage
from pipeline.manuscript.traces import Origin, Slot, Traced
from pipeline.manuscript.xmltree import SSML, attribute, line_of, local_name, text_within


@dataclass(frozen=True, slots=True)
class Page:
    """What is known of a document besides its tree.

    ``file`` goes into sources; ``document`` is its name inside an EPUB, else None. ``language`` is the language
    that listeners expect (BCP 47): only what differs from it is marked. None: whatever the document declares.
    ``matter`` where the whole document is front or back matter. ``anchors`` are the elements that navigation
    points at. ``first_line`` is the line of the file at which the document starts.
    """

    file: str
    document: str | None = None
    language: str | None = None
    matter: Matter | None = None
    anchors: Mapping[etree._Element, str] = field(default_factory=dict)
    first_line: int = 1


def read_page(root: etree._Element, page: Page) -> tuple[Passage, ...]:
    """The passages of a document, in order. Every character of its body is in one block or one skip."""
    return tuple(_walked(root, page).passages)


def trace_page(root: etree._Element, page: Page) -> tuple[Traced, ...]:
    """The spoken blocks of a document, in order, with the places in the tree that their text comes from."""
    return tuple(_walked(root, page).traced)


def _walked(root: etree._Element, page: Page) -> _Walk:
    body = next((element for element in root.iter("{*}body", "body")), root)
    walk = _Walk(page, body)
    steps = etree.iterwalk(body, events=("start", "end", "comment", "pi"))
    for event, element in steps:
        if event == "start":
            if walk.enter(element):
                steps.skip_subtree()
        elif event == "end":
            walk.leave(element)
        else:
            walk.remark(element, counts=event == "comment")
    return walk


@dataclass(slots=True)
class _Frame:
    """An element that is being read, with what it inherits."""

    element: etree._Element
    path: str
    is_block: bool
    language: str | None
    block: _Frame | None
    level: int
    matter: Matter | None
    classes: tuple[str, ...] = ()
    voice: str | None = None
    ipa: str | None = None
    ipa_id: int = 0
    ipa_alphabet: bool = True
    says: Says = NOTHING
    counts: dict[str, int] = field(default_factory=dict)


@dataclass(slots=True)
class _Open:
    """A block that is being gathered."""

    frame: _Frame
    runs: list[Run] = field(default_factory=list)
    origins: list[Origin] = field(default_factory=list)
    spoken: int = 0
    anchors: list[tuple[int, str]] = field(default_factory=list)
    after_break: bool = False


class _Walk:
    """The state of reading one document."""

    def __init__(self, page: Page, body: etree._Element) -> None:
        self.page = page
        self.passages: list[Passage] = []
        self.traced: list[Traced] = []
        self._open: _Open | None = None
        outer = _outer_language(body)
        self._assumed = page.language or outer
        root = _Frame(body, _outer_path(body), True, outer, None, 0, page.matter)
        root.ipa_alphabet = _alphabet_is_ipa(body.getparent(), inherited=True)
        root.block = root
        self._stack = [root]

    def enter(self, element: etree._Element) -> bool:
        """Begin an element; true where nothing within it is spoken, and it is dealt with."""
        name = local_name(element)
        frame = self._frame(element, name)
        self._note_anchor(element)
        if frame.is_block:
            self._flush()
        if breaks_scene(element):
            self._flush()
            self._add_break(frame)
        self._stack.append(frame)
        notes = frame.matter is not None and frame.matter.reason is SkipReason.FOOTNOTE
        reason = unspoken(element, in_notes=notes)
        if reason is not None:
            self._skip(element, frame, reason)
            return True
        if name == "br":
            self._break_line(element, frame)
        elif name == "img":
            self._picture(element, frame)
        self._say(element.text, frame, Origin(element, Slot.TEXT))
        return False

    def leave(self, element: etree._Element) -> None:
        """End an element and go on with what follows it."""
        frame = self._stack.pop()
        if frame.is_block:
            self._flush()
        if self._stack[1:]:
            self._say(element.tail, self._stack[-1], Origin(element, Slot.TAIL))

    def remark(self, node: etree._Element, *, counts: bool) -> None:
        """A comment, or a processing instruction: nothing that is read."""
        if counts:
            source = self._source(self._stack[-1], node)
            self._pass(build_skip(node.text or "", SkipReason.COMMENT, source), self._stack[-1])
        if node.getparent() is not None:
            self._say(node.tail, self._stack[-1], Origin(node, Slot.TAIL))

    def _frame(self, element: etree._Element, name: str) -> _Frame:
        parent = self._stack[-1]
        parent.counts[name] = nth = parent.counts.get(name, 0) + 1
        path = f"{parent.path}/{name}" if nth == 1 else f"{parent.path}/{name}[{nth}]"
        if parent.element is element:  # the body itself, which the root frame stands for
            path = parent.path
        frame = _Frame(
            element,
            path,
            name in BLOCKS,
            parent.language,
            parent.block,
            parent.level,
            parent.matter,
            parent.classes,
            parent.voice,
            parent.ipa,
            parent.ipa_id,
            parent.ipa_alphabet,
            parent.says,
        )
        if name in BLOCKS:
            frame.block, frame.ipa, frame.says = frame, None, NOTHING
            frame.level = _heading_level(element, name) or parent.level
        if element.attrib:
            self._read_attributes(element, frame)
        return frame

    def _read_attributes(self, element: etree._Element, frame: _Frame) -> None:
        frame.language = tag_of(element) or frame.language
        frame.voice = element.get("data-voice") or frame.voice
        frame.ipa_alphabet = _alphabet_is_ipa(element, inherited=frame.ipa_alphabet)
        if local_name(element) != "body":
            frame.classes = (*frame.classes, *classes_of(element))
        if frame.is_block:
            frame.matter = frame.matter or self._matter(element, frame)
        elif frame.ipa is None:
            self._read_inline(element, frame)

    def _read_inline(self, element: etree._Element, frame: _Frame) -> None:
        block = frame.block or frame
        frame.ipa = attribute(element, SSML, "ssml", "ph") if frame.ipa_alphabet else None
        if frame.ipa is not None:
            frame.ipa_id = len(self.passages) * 1_000_000 + (self._open.spoken if self._open else 0)
            frame.ipa = " ".join(frame.ipa.split()) or None
        expected = primary(block.language) or primary(self._assumed)
        frame.says = Says(
            voice=frame.voice if frame.voice != block.voice else None,
            language=frame.language if primary(frame.language) != expected else None,
            ipa=frame.ipa,
            ipa_id=frame.ipa_id if frame.ipa else 0,
            classes=frame.classes[len(block.classes) :],
        )

    def _matter(self, element: etree._Element, frame: _Frame) -> Matter | None:
        found = matter_by_type(types_of(element))
        if found is None:
            return None
        return Matter(found[0], found[1], element.get("id"), self._source(frame, element))

    def _note_anchor(self, element: etree._Element) -> None:
        if element not in self.page.anchors:
            return
        element_id = self.page.anchors[element]
        if self._open is not None and local_name(element) not in BLOCKS:
            self._open.anchors.append((self._open.spoken, element_id))
        else:
            self._flush()
            self.passages.append(Passage(Anchor(element_id)))

    def _say(self, text: str | None, frame: _Frame, origin: Origin) -> None:
        if not text:
            return
        blank = text.isspace()
        if self._open is None:
            if blank:
                return
            self._open = _Open(frame.block or frame)
        self._open.runs.append(Run(text, frame.says))
        self._open.origins.append(origin)
        if not blank:
            self._open.spoken += 1
            self._open.after_break = False

    def _break_line(self, element: etree._Element, frame: _Frame) -> None:
        """A line break is a space; within a heading, and where two follow each other, it ends the block."""
        if self._open is None:
            return
        if frame.level or self._open.after_break:
            self._flush()
        else:
            self._open.runs.append(Run(" ", NOTHING))
            self._open.origins.append(Origin(element, Slot.WHOLE))
            self._open.after_break = True

    def _picture(self, element: etree._Element, frame: _Frame) -> None:
        """Pictures are not described, but a decorated initial is the first letter of its word."""
        alt = element.get("alt") or ""
        tail = element.tail or ""
        if len(alt.strip("“”\"'‘’ ")) == 1 and alt.strip()[-1].isalpha() and tail[:1].isalpha():
            self._say(alt.strip(), frame, Origin(element, Slot.WHOLE))
        else:
            self._pass(build_skip(alt, SkipReason.IMAGE, self._source(frame, element)), frame)

    def _skip(self, element: etree._Element, frame: _Frame, reason: SkipReason) -> None:
        if self.page.anchors:
            for inner in element.iterdescendants():
                self._note_anchor(inner)
        skips = build_skip(text_within(element), reason, self._source(frame, element))
        self._pass(skips, frame)
        if reason is SkipReason.HIDDEN and frame.is_block and skips and is_scene_break(skips[0].text):
            self._add_break(frame)

    def _add_break(self, frame: _Frame) -> None:
        self._pass([Block(BlockKind.SCENE_BREAK, "", self._source(frame, frame.element))], frame)

    def _flush(self) -> None:
        """End the block being gathered. A place in the middle of a block counts as one before it."""
        gathered, self._open = self._open, None
        if gathered is None:
            return
        frame = gathered.frame
        last = [name for at, name in gathered.anchors if at and at == gathered.spoken]
        first = [name for at, name in gathered.anchors if not (at and at == gathered.spoken)]
        self.passages += [Passage(Anchor(name)) for name in first]
        built = self._built(gathered, frame)
        texts = tuple(run.text for run in gathered.runs)
        self.traced += [
            Traced(block, texts, tuple(gathered.origins)) for block in built if isinstance(block, Block) and block.text
        ]
        self._pass(built, frame)
        self.passages += [Passage(Anchor(name)) for name in last]

    def _built(self, gathered: _Open, frame: _Frame) -> Sequence[object]:
        lines = sum(run.text.count("\n") for run in gathered.runs)
        differs = primary(frame.language) != primary(self._assumed)
        return build_block(
            BlockKind.HEADING if frame.level else BlockKind.PARAGRAPH,
            gathered.runs,
            self._source(frame, frame.element, lines),
            level=frame.level,
            voice=frame.voice,
            language=frame.language if differs else None,
            classes=frame.classes,
        )

    def _pass(self, contents: Sequence[object], frame: _Frame) -> None:
        self.passages += [Passage(content, frame.matter) for content in contents]  # type: ignore[arg-type]

    def _source(self, frame: _Frame, element: etree._Element, lines: int = 0) -> Source:
        line = line_of(element) + self.page.first_line - 1
        path = f"{self.page.document}#{frame.path}" if self.page.document else None
        return Source(self.page.file, line, line + lines, path)


def _heading_level(element: etree._Element, name: str) -> int:
    if name in HEADINGS:
        return HEADINGS[name]
    if name == "hgroup":
        return min((HEADINGS[local_name(child)] for child in element if local_name(child) in HEADINGS), default=0)
    if element.get("role") == "heading":
        level = element.get("aria-level", "2")
        return int(level) if level in "123456" else 2
    return 0


def _alphabet_is_ipa(element: etree._Element | None, *, inherited: bool) -> bool:
    alphabet = None if element is None else attribute(element, SSML, "ssml", "alphabet")
    return inherited if alphabet is None else alphabet.strip().lower() == "ipa"


def _outer_language(body: etree._Element) -> str | None:
    """What the document declares as its language: on the body, or on the root."""
    return next((tag for tag in map(tag_of, [body, *body.iterancestors()]) if tag), None)


def _outer_path(body: etree._Element) -> str:
    return "/" + "/".join(local_name(element) for element in [*reversed([*body.iterancestors()]), body])
