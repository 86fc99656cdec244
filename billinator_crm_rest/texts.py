"""Text of the API, and the HTML that Odoo keeps of it.

There and back it is the same, but for blank lines and spaces at the ends.
"""

import re
from urllib.parse import unquote

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
# What HTML takes for one space; a non-breaking one is seen.
SPACES = " \t\n\r\f"
# Not from the middle of spaces, which would take ages where there are many.
NEW_LINE = re.compile(r"(?<![ \t\n\r\f])[ \t\r\f]*\n[ \t\n\r\f]*")
LINK = re.compile(r'<a href="([^"]*)"([^>]*)>([^<]*)</a>')
# What follows an address, and is not of it.
PUNCTUATION = ").,!?]"
FIRST_BLANK_LINE = re.compile(r"(?<!\n)\n\n")


def to_html(text):
    """Return a client's text as HTML, with links where it names addresses."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").strip("\n")
    html_text = Markup().join(
        plaintext2html(paragraph, "p", with_paragraph=False)
        for paragraph in FIRST_BLANK_LINE.split(text)
    )
    return Markup(LINK.sub(_end_link, html_text))


def _end_link(link):
    """Return a link that ends before the punctuation behind the address."""
    address, attributes, said = link.groups()
    end = said.rstrip(PUNCTUATION)
    behind = said[len(end) :]
    if not behind or "(" in said or not address.endswith(behind):
        return link[0]
    return f'<a href="{address.removesuffix(behind)}"{attributes}>{end}</a>{behind}'


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
        elif piece and not (apart and not piece.strip(SPACES)):
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
        yield NEW_LINE.sub(" ", text)
        return
    first, *others = text.split("\n")
    yield first
    for line in others:
        yield BREAK
        yield line


def _get_tail(element):
    """Return the text after an element; a new line after a break is seen by nobody."""
    tail = element.tail
    if tail and element.tag == "br" and (new_line := NEW_LINE.match(tail)):
        return tail[new_line.end() :]
    return tail


def _read_address(link):
    """Yield where a link leads, unless it says so itself."""
    address = (link.get("href") or "").strip()
    said = link.text_content().strip()
    # Odoo encodes the letters of addresses that it keeps.
    is_said = unquote(address.removeprefix("mailto:")) == unquote(said)
    if address.startswith(ADDRESSES) and not is_said:
        yield f" ({address})"
