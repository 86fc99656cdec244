"""Text of the API, and the HTML that Odoo keeps of it: there and back the same."""

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
BREAK = object()
FIRST_BLANK_LINE = re.compile(r"(?<!\n)\n\n")


def to_html(text):
    """Return a client's text as HTML, with links where it names addresses."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
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
        elif not (apart and piece == " "):
            pieces += ["\n" * (breaks + (apart if pieces else 0)), piece]
            apart = breaks = 0
    return "".join(pieces)


def _read(element):
    """Yield text, breaks, and numbers where that many lines are begun at least."""
    line_breaks = LINE_BREAKS.get(element.tag)
    if line_breaks:
        yield line_breaks
    if element.tag == "br":
        yield BREAK
    elif isinstance(element.tag, str):
        yield from _read_text(element.text)
    for child in element:
        yield from _read(child)
        yield from _read_text(child.tail)
    if line_breaks:
        yield line_breaks
    elif element.tag in CELLS and element.getnext() is not None:
        yield " "


def _read_text(text):
    # Where HTML has a new line, people see a space.
    if text:
        yield re.sub(r"\s*\n\s*", " ", text)
