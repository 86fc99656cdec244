"""Text of the API, and the HTML that Odoo keeps of it.

There and back it is the same, but for blank lines at the ends.
"""

import re

from lxml import html
from markupsafe import Markup

from odoo.tools import plaintext2html

# How many line breaks there are at least before and after an element.
LINE_BREAKS = {
    **dict.fromkeys(("div", "dd", "dt", "hr", "li", "tr"), 1),
    **dict.fromkeys(("blockquote", "dl", "ol", "p", "pre", "table", "ul"), 2),
    **dict.fromkeys(("h1", "h2", "h3", "h4", "h5", "h6"), 2),
}
CELLS = ("td", "th")
ADDRESSES = ("http://", "https://", "mailto:")
BREAK = object()
FIRST_BLANK_LINE = re.compile(r"(?<!\n)\n\n")


def to_html(text):
    """Return a client's text as HTML, with links where it names addresses."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").strip("\n")
    return Markup().join(
        plaintext2html(paragraph, "p", with_paragraph=False)
        for paragraph in FIRST_BLANK_LINE.split(text)
    )


def to_text(markup):
    """Return what people read of HTML."""
    if not (markup and markup.strip()):
        return ""
    root = html.fragment_fromstring(markup, create_parent="span")
    pieces, apart, breaks = [], 0, 0
    for piece in _read(root):
        if piece is BREAK:
            breaks += 1
        elif isinstance(piece, int):
            # The last break in an element ends its line, and makes no other one.
            apart, breaks = max(apart, piece), max(breaks - 1, 0)
        elif piece and not (apart and piece.isspace()):
            pieces += ["\n" * (breaks + (apart if pieces else 0)), piece]
            apart = breaks = 0
    return "".join(pieces)


def _read(element, is_pre=False):
    """Yield text, breaks, and numbers where that many lines are begun at least."""
    line_breaks = LINE_BREAKS.get(element.tag)
    is_pre = is_pre or element.tag == "pre"
    if line_breaks:
        yield line_breaks
    if element.tag == "br":
        yield BREAK
    elif isinstance(element.tag, str):
        yield from _read_text(element.text, is_pre)
    for child in element:
        yield from _read(child, is_pre)
        yield from _read_text(_get_tail(child), is_pre)
    if element.tag == "a":
        yield from _read_address(element)
    if line_breaks:
        yield line_breaks
    elif element.tag in CELLS and element.getnext() is not None:
        yield " "


def _read_text(text, is_pre):
    if not text:
        return
    if not is_pre:
        # Where HTML has a new line, people see a space.
        yield re.sub(r"\s*\n\s*", " ", text)
        return
    first, *others = text.split("\n")
    yield first
    for line in others:
        yield BREAK
        yield line


def _get_tail(element):
    """Return the text after an element; a new line after a break is seen by nobody."""
    tail = element.tail
    return re.sub(r"^\s*\n\s*", "", tail) if tail and element.tag == "br" else tail


def _read_address(link):
    """Yield where a link leads, unless it says so itself."""
    address = (link.get("href") or "").strip()
    said = link.text_content().strip()
    if address.startswith(ADDRESSES) and address.removeprefix("mailto:") != said:
        yield f" ({address})"
