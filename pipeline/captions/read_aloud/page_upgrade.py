"""Documents of EPUB 2 (XHTML 1.1) as documents of EPUB 3 (HTML in XML syntax): same text, same look, valid markup."""

from __future__ import annotations

import re

from lxml import etree

from pipeline.captions.read_aloud.marking import XHTML, XHTML_PREFIXES
from pipeline.manuscript.xmltree import EPUB, XML, language_of, local_name, text_within

_SVG, _MATHML = "http://www.w3.org/2000/svg", "http://www.w3.org/1998/Math/MathML"
_NAME = re.compile(r"[A-Za-z_][\w.-]*")
_VOID = frozenset(
    {*("area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source", "track", "wbr")}
)
_RENAMED = {
    "center": ("div", "text-align: center"),
    "font": ("span", ""),
    "basefont": ("span", ""),
    "big": ("span", "font-size: larger"),
    "tt": ("span", "font-family: monospace"),
    "strike": ("s", ""),
    "acronym": ("abbr", ""),
    "dir": ("ul", ""),
    "menu": ("ul", ""),
}
"""What HTML no longer has (HTML, 16.2), what stands for it, and the style it had."""
_DROPPED = frozenset(
    {
        *("alink", "archive", "axis", "background", "cellpadding", "cellspacing", "char", "charoff", "charset", "code"),
        *("codebase", "codetype", "compact", "declare", "frame", "frameborder", "hspace", "longdesc"),
        *("marginheight", "marginwidth", "noshade", "profile", "rev", "rules", "scheme", "scrolling", "standby"),
        *("summary", "valuetype", "version", "vlink", "vspace"),
    }
)
_DROPPED_ON = frozenset(
    {
        *(("a", "coords"), ("a", "shape"), ("ul", "type"), ("li", "type"), ("td", "scope"), ("td", "abbr")),
        *(("script", "language"), ("font", "size"), ("basefont", "size"), ("hr", "size"), ("body", "link")),
    }
)
_SIZED = frozenset({"img", "svg", "video", "canvas", "iframe", "object", "embed", "input", "source"})
_NUMBER = re.compile(r"\d+")


def as_xhtml(root: etree._Element) -> etree._Element:
    """The tree in the XHTML namespace; one that was mended as HTML, which knows none, is built anew."""
    if str(root.tag).startswith("{"):
        return root
    made = etree.Element(f"{{{XHTML}}}{local_name(root)}", nsmap=XHTML_PREFIXES)
    _rebuild(root, made, XHTML)
    return made


def keep_tags_open(root: etree._Element) -> None:
    """See to it that an empty element is written with both tags: ``<a id="x"/>`` is no end to readers of HTML."""
    for element in root.iter(f"{{{XHTML}}}*"):
        if not len(element) and element.text is None and local_name(element) not in _VOID:
            element.text = ""


def upgrade_page(root: etree._Element, title: str) -> None:
    """Replace what HTML no longer has by what it has, in place; text and elements that hold it stay.

    ``title`` is for a document without one.
    """
    _mend_head(root, title)
    for element in root.iter(f"{{{XHTML}}}*"):
        name = local_name(element)
        _mend_attributes(element, name)
        if name in _RENAMED:
            tag, style = _RENAMED[name]
            element.tag = f"{{{XHTML}}}{tag}"
            _add_style(element, style)


def properties_of(root: etree._Element) -> str:
    """What the manifest has to say of a document (EPUB 3.3, 5.6.2.1)."""
    found = []
    if next(root.iter(f"{{{_MATHML}}}math"), None) is not None:
        found.append("mathml")
    if any((e.get("src") or "").startswith(("http:", "https:")) for e in root.iter("{*}img", "{*}audio", "{*}video")):
        found.append("remote-resources")
    scripts = [s for s in root.iter(f"{{{XHTML}}}script") if (s.get("type") or "").strip() in {"", "text/javascript"}]
    if scripts or next(root.iter(f"{{{XHTML}}}form"), None) is not None:
        found.append("scripted")
    if next(root.iter(f"{{{_SVG}}}svg"), None) is not None:
        found.append("svg")
    return " ".join(found)


def _rebuild(old: etree._Element, new: etree._Element, namespace: str) -> None:
    new.text = old.text
    for key, value in old.attrib.items():
        name, text = str(key), str(value)
        prefix, _, local = name.rpartition(":")
        if prefix in {"xml", "epub"} and _NAME.fullmatch(local):
            new.set(f"{{{XML if prefix == 'xml' else EPUB}}}{local}", text)
        elif not prefix and _NAME.fullmatch(name) and not name.startswith("xmlns"):
            new.set(name, text)
    for child in old:
        if not isinstance(child.tag, str):
            copied = etree.Comment((child.text or "").replace("--", "- -")) if child.tag is etree.Comment else None
            if copied is None:
                _append_text(new, child.tail)
                continue
        else:
            within = {"svg": _SVG, "math": _MATHML}.get(local_name(child), namespace)
            copied = etree.Element(f"{{{within}}}{_plain(local_name(child))}")
            _rebuild(child, copied, within)
        copied.tail = child.tail
        new.append(copied)


def _plain(name: str) -> str:
    local = name.rpartition(":")[2]
    return local if _NAME.fullmatch(local) else "span"


def _append_text(element: etree._Element, text: str | None) -> None:
    if len(element):
        element[-1].tail = (element[-1].tail or "") + (text or "")
    else:
        element.text = (element.text or "") + (text or "")


def _mend_head(root: etree._Element, title: str) -> None:
    head = next(root.iter(f"{{{XHTML}}}head"), None)
    if head is None:
        head = etree.Element(f"{{{XHTML}}}head")
        root.insert(0, head)
    for meta in list(head.iter(f"{{{XHTML}}}meta")):
        if meta.get("http-equiv") is not None or (meta.get("charset") is None and meta.get("content") is None):
            _append_text_before(meta)
            head.remove(meta)
    found = next(head.iter(f"{{{XHTML}}}title"), None)
    if found is None:
        found = etree.Element(f"{{{XHTML}}}title")
        head.insert(0, found)
    if not text_within(found).strip():
        found.text = title


def _append_text_before(element: etree._Element) -> None:
    """Leave an element's tail where it is when the element goes."""
    before, parent = element.getprevious(), element.getparent()
    if before is not None:
        before.tail = (before.tail or "") + (element.tail or "")
    elif parent is not None:
        parent.text = (parent.text or "") + (element.tail or "")
    element.tail = None


def _mend_attributes(element: etree._Element, name: str) -> None:
    language = language_of(element)
    if language is not None and (element.get("lang") is not None or element.get(f"{{{XML}}}lang") is not None):
        element.set("lang", language)
        element.set(f"{{{XML}}}lang", language)
    if element.get(f"{{{XML}}}space") is not None:
        del element.attrib[f"{{{XML}}}space"]
    for key, value in [(str(key), str(value)) for key, value in element.attrib.items()]:
        style = _style_for(name, key, value.strip())
        if style is not None:
            del element.attrib[key]
            _add_style(element, style)
        elif key == "name" and name in {"a", "img", "applet", "map"}:
            _name_to_id(element, name, value)


def _style_for(name: str, key: str, value: str) -> str | None:
    """The style that an attribute stood for; empty where it stood for none worth keeping, None for a good one."""
    style: str | None
    if key in _DROPPED or (name, key) in _DROPPED_ON:
        style = ""
    elif key == "align":
        style = _alignment(name, value.lower())
    elif key == "valign":
        style = f"vertical-align: {value}"
    elif key in {"width", "height"}:
        style = None if name in _SIZED and _NUMBER.fullmatch(value) else f"{key}: {_length(value)}"
    elif key == "border" and name in {"table", "img", "object"}:
        style = f"border-width: {_length(value)}" if _NUMBER.match(value) else ""
    elif key == "nowrap":
        style = "white-space: nowrap"
    elif key == "clear" and name == "br":
        style = f"clear: {value if value in {'left', 'right'} else 'both'}"
    else:
        style = _colour_or_face(name, key, value)
    return style


def _colour_or_face(name: str, key: str, value: str) -> str | None:
    if key == "bgcolor":
        return f"background-color: {value}"
    if (key == "text" and name == "body") or (key == "color" and name in {"font", "basefont", "hr"}):
        return f"color: {value}"
    if key == "face" and name in {"font", "basefont"}:
        return f"font-family: {value}"
    return None


def _alignment(name: str, value: str) -> str:
    if name in {"img", "object", "table", "iframe"} and value in {"left", "right"}:
        return f"float: {value}"
    if name == "table" and value == "center":
        return "margin-left: auto; margin-right: auto"
    if name in {"img", "object"}:
        return f"vertical-align: {value}"
    return f"text-align: {value}"


def _length(value: str) -> str:
    return f"{value}px" if _NUMBER.fullmatch(value) else value


def _name_to_id(element: etree._Element, name: str, value: str) -> None:
    if name == "map":
        return
    if element.get("id") is None and value and not any(character.isspace() for character in value):
        element.set("id", value)
    del element.attrib["name"]


def _add_style(element: etree._Element, style: str) -> None:
    if style:
        own = (element.get("style") or "").rstrip("; ")
        element.set("style", f"{style}; {own}" if own else style)
