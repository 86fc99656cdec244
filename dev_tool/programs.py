"""The two programs Odoo drives that are no Python packages."""

import shutil
import subprocess

from .places import DEV
from .terminal import Problem

# The names Odoo's browser tests look for.
BROWSERS = ("google-chrome", "chromium", "chromium-browser", "google-chrome-stable")
FOLDER = DEV / "bin"
PDF_PRINTER = FOLDER / "wkhtmltopdf"
PDF_HINT = (
    "the packaged wkhtmltopdf does not start here. It needs these: "
    "apt-get install libfontconfig1 libxext6 libxrender1"
)


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
    FOLDER.mkdir(exist_ok=True)
    PDF_PRINTER.unlink(missing_ok=True)
    for program in (packaged, system):
        if program and _starts(program):
            PDF_PRINTER.symlink_to(program)
            return
    print(f"  Everything works but PDF: {PDF_HINT}")


def check_pdf_printer():
    """The tests print, where a person may do without."""
    if not PDF_PRINTER.exists():
        raise Problem(f"The tests need a PDF printer: {PDF_HINT}")


def _starts(program):
    try:
        check = subprocess.run([program, "--version"], capture_output=True)
    except OSError:
        return False
    return check.returncode == 0
