"""Amounts are read from left to right in every language.

In a page from right to left, the minus and the currency of a plain “$ -5.00” change
places. Odoo's class o_force_ltr keeps them, as Odoo's own fields do.
"""

import re
from pathlib import Path
from xml.etree import ElementTree

ROOT = Path(__file__).parents[1]
TEMPLATES = (
    "billinator_crm*/static/src/**/*.xml",
    "billinator_crm*/views/*templates.xml",
)
AMOUNT = re.compile(
    r"format(Value|Amount|Forecast|Aggregate)?\(|_format_amount\(|amount_label"
    r"|\.amount_total$|^(weighted|committed)$"
)


def _find_amounts():
    for pattern in TEMPLATES:
        for path in ROOT.glob(pattern):
            for element in ElementTree.parse(path).iter():
                shown = {
                    element.get(name, "") for name in ("t-out", "t-esc", "t-field")
                }
                if any(map(AMOUNT.search, shown)):
                    yield path.relative_to(ROOT), element


def test_amounts_are_read_from_left_to_right():
    amounts = list(_find_amounts())
    assert len({path for path, _element in amounts}) > 5
    assert not [
        f"{path}: {ElementTree.tostring(element, encoding='unicode').strip()}"
        for path, element in amounts
        if "o_force_ltr" not in element.get("class", "").split()
    ]
