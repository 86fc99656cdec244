"""What the README promises is what the tests run."""

import re
from pathlib import Path

ROOT = Path(__file__).parent.parent


def test_readme_shows_the_tested_example():
    [shown] = re.findall(
        r"```python\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL
    )
    assert shown in (ROOT / "examples" / "xmlrpc_quote_to_invoice.py").read_text()


def test_pictures_are_there():
    pictures = re.findall(r"!\[.*?\]\((.*?)\)", (ROOT / "README.md").read_text())
    assert pictures
    for picture in pictures:
        assert (ROOT / picture).is_file()
