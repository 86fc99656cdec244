"""The two programs Odoo drives that are no Python packages."""

import shutil
import subprocess

from .places import DEV
from .terminal import Problem

# The names Odoo's browser tests look for.
BROWSERS = ("google-chrome", "chromium", "chromium-browser", "google-chrome-stable")
FOLDER = DEV / "bin"


def check_browser():
    """Odoo would skip its browser tests without a word."""
    if not any(map(shutil.which, BROWSERS)):
        raise Problem(
            "The browser tests need Chromium, and there is none: install it, "
            "for example with: apt-get install chromium"
        )


def provide_pdf_printer(environment):
    """Link the best wkhtmltopdf there is into a folder of ours.

    The packaged one is preferred to the system's: it is built with the patched Qt,
    without which headers, footers and several documents at once do not print.
    """
    packaged = environment.folder / "bin" / "wkhtmltopdf-pack"
    system = shutil.which("wkhtmltopdf")
    program = next((one for one in (packaged, system) if one and _starts(one)), None)
    if not program:
        raise Problem(
            "Quotes cannot be printed: the packaged wkhtmltopdf does not start here. "
            "Install one with patched Qt, or apt-get install wkhtmltopdf."
        )
    FOLDER.mkdir(exist_ok=True)
    link = FOLDER / "wkhtmltopdf"
    link.unlink(missing_ok=True)
    link.symlink_to(program)


def _starts(program):
    try:
        check = subprocess.run([program, "--version"], capture_output=True)
    except OSError:
        return False
    return check.returncode == 0
