"""XML and HTML parsed without risk: no network, no external files, no entities but characters, bounded depth."""

from __future__ import annotations

import re
from functools import lru_cache
from html.entities import html5

from lxml import etree

from pipeline.errors import InputError, Problem

XML = "http://www.w3.org/XML/1998/namespace"
EPUB = "http://www.idpf.org/2007/ops"
SSML = "http://www.w3.org/2001/10/synthesis"

_NAMED = re.compile(rb"&([A-Za-z][A-Za-z0-9]{1,31});")
_XML_OWN = {b"amp", b"lt", b"gt", b"quot", b"apos"}
_BYTE_ORDER_MARKS = ((b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
_DECLARATION = re.compile(r"^\s*<\?xml[^>]*\?>")
_ENTITY = re.compile(rb"<!ENTITY\b", re.IGNORECASE)


def parse_xml(data: bytes, *, shown: str) -> etree._Element:
    """The root of an XML document. Raises InputError where it is not well-formed, or declares entities.

    Named characters of HTML (``&nbsp;``) are read without a DTD. Declared entities are refused outright: no book
    needs them, and they are how a small file becomes gigabytes, or another file of the machine.
    """
    data = _refuse_entities(_as_ascii_superset(data), shown)
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, dtd_validation=False, huge_tree=False
    )
    try:
        return etree.fromstring(_NAMED.sub(_numbered, data), parser)
    except etree.XMLSyntaxError as exc:
        line, column = exc.position
        raise InputError(
            [
                Problem(
                    shown,
                    line or 0,
                    column or 0,
                    f"is not well-formed XML: {exc.msg}; mend it there, or export the book again",
                )
            ]
        ) from exc


def parse_html(data: bytes, *, shown: str) -> etree._Element | None:
    """The root of an HTML document in UTF-8, mended as browsers do; None where it is empty.

    Raises InputError where the parser would give up half-way (elements nested hundreds deep, a text of many
    megabytes in one element), because the rest would be lost.
    """
    parser = etree.HTMLParser(encoding="utf-8", no_network=True, huge_tree=False)
    try:
        root = etree.fromstring(data, parser)
    except etree.XMLSyntaxError:
        root = None
    for error in parser.error_log:
        if error.type == etree.ErrorTypes.ERR_RESOURCE_LIMIT:
            raise InputError([Problem(shown, error.line, 0, f"cannot be read whole: {error.message.strip()}")])
    return root


def parse_page(data: bytes, *, shown: str) -> etree._Element:
    """The root of an XHTML document; one that is not well-formed is mended as HTML, as reading systems do.

    Raises InputError for declared entities, for nesting too deep, and for a document without content.
    """
    try:
        return parse_xml(data, shown=shown)
    except InputError:
        text = _as_ascii_superset(data)
        _refuse_entities(text, shown)
        root = parse_html(_utf8(text), shown=shown)
        if root is None:
            raise
        return root


def local_name(element: etree._Element) -> str:
    """The element's name without namespace, in lower case; empty for comments and processing instructions."""
    tag: object = element.tag
    return _local(tag) if isinstance(tag, str) else ""


@lru_cache(maxsize=1024)
def _local(tag: str) -> str:
    return tag.rpartition("}")[2].lower()


def line_of(element: etree._Element) -> int:
    """The line of the document that the element begins on; 0 where it is unknown."""
    return getattr(element, "sourceline", None) or 0


def text_within(element: etree._Element) -> str:
    """The text of an element and all within it, without comments."""
    pieces = []
    for node in element.iter():
        if local_name(node):
            pieces.append(node.text or "")
        if node is not element:
            pieces.append(node.tail or "")
    return "".join(pieces)


def attribute(element: etree._Element, namespace: str, prefix: str, name: str) -> str | None:
    """A namespaced attribute, however the document was parsed (HTML keeps the prefix as part of the name)."""
    return element.get(f"{{{namespace}}}{name}", element.get(f"{prefix}:{name}"))


def epub_types(element: etree._Element) -> tuple[str, ...]:
    """The values of ``epub:type``."""
    return tuple((attribute(element, EPUB, "epub", "type") or "").split())


def language_of(element: etree._Element) -> str | None:
    """``xml:lang``, or else ``lang``."""
    return attribute(element, XML, "xml", "lang") or element.get("lang")


def _refuse_entities(data: bytes, shown: str) -> bytes:
    declared = _ENTITY.search(data)
    if declared:
        line = data.count(b"\n", 0, declared.start()) + 1
        message = (
            "declares XML entities, which can blow up or read other files; replace them by the text they stand for"
        )
        raise InputError([Problem(shown, line, 0, message)])
    return data


def _as_ascii_superset(data: bytes) -> bytes:
    """UTF-16 as UTF-8, so that patterns over bytes see what the parser sees."""
    for mark, codec in _BYTE_ORDER_MARKS:
        if data.startswith(mark):
            text = data.decode(codec, "replace")
            return _DECLARATION.sub("", text).encode("utf-8", "replace")
    return data


def _utf8(data: bytes) -> bytes:
    """Bytes for the HTML parser: what is not UTF-8 is Windows-1252 (the WHATWG default for legacy documents)."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = data.decode("cp1252", "replace")
    return _DECLARATION.sub("", text).encode()


def _numbered(match: re.Match[bytes]) -> bytes:
    name = match[1]
    if name in _XML_OWN:
        return match[0]
    characters = html5.get(f"{name.decode('ascii')};")
    if characters is None:
        return b"&amp;" + name + b";"
    return b"".join(b"&#%d;" % ord(character) for character in characters)
