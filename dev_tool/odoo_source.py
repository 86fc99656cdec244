"""The Odoo tree: one that is there, Debian's package, or a clone."""

import os
import re
import shutil
from dataclasses import dataclass
from pathlib import Path

from . import debian
from .places import DEV, LOGS, complete_or_absent
from .terminal import Problem, run_logged, step

SERIES = "19.0"
REPOSITORY = "https://github.com/odoo/odoo.git"
# Debian's Odoo links its fonts and libraries to these. Two fonts keep the paths it
# links to only in the machine's own release.
UNSTABLE_PACKAGES = [
    "odoo-19",
    "fonts-glyphicons-halflings",
    "fonts-montserrat",
    "fonts-ocr-b",
    "fonts-roboto-unhinted",
    "libjs-jquery",
    "libjs-jquery-form",
    "libjs-underscore",
]
RELEASE_PACKAGES = ["fonts-font-awesome", "fonts-inconsolata"]
DEBIAN_ROOT = "usr/lib/python3/dist-packages"


@dataclass
class OdooTree:
    """``root`` is the folder that makes ``import odoo`` work."""

    root: Path

    def __post_init__(self):
        release = self.root / "odoo" / "release.py"
        if not release.is_file():
            raise Problem(f"{self.root} is no Odoo source: it has no odoo/release.py.")
        major = re.search(r"version_info = \((\d+), (\d+)", release.read_text())
        found = ".".join(major.groups()) if major else "of an unknown series"
        if found != SERIES:
            raise Problem(f"{self.root} is Odoo {found}; these addons need {SERIES}.")

    def addons_paths(self):
        """A checkout keeps most addons beside the package, Debian all inside it."""
        checkout = [self.root / "addons"] if (self.root / "odoo-bin").exists() else []
        return [*checkout, self.root / "odoo" / "addons"]


def provide():
    """Return the Odoo tree to use, fetched when there is none yet."""
    if path := os.environ.get("ODOO_PATH"):
        return OdooTree(Path(path).resolve())
    if address := os.environ.get("ODOO_GIT"):
        return clone(address)
    if (DEV / "odoo-git").exists() or not debian.codename():
        return clone(REPOSITORY)
    try:
        return unpack_debian()
    except Problem as problem:
        print(f"  Debian's package cannot be had, so Odoo is cloned: {problem}")
        return clone(REPOSITORY)


def unpack_debian():
    """Odoo from Debian's package, which only the unstable suite offers."""
    target = DEV / "odoo-debian"
    if not target.exists():
        with step("Odoo 19 from the Debian mirror"), complete_or_absent(target) as root:
            debian.unpack(RELEASE_PACKAGES, debian.codename(), root)
            debian.unpack(UNSTABLE_PACKAGES, "sid", root)
            _mend(root / DEBIAN_ROOT)
    return OdooTree(target / DEBIAN_ROOT)


def _mend(root):
    """Add the one file that Debian leaves out; drop its partial second copy."""
    folder = root / "odoo/addons/mail/static/lib/selfie_segmentation"
    folder.mkdir(exist_ok=True)
    (folder / "selfie_segmentation.js").touch()
    shutil.rmtree(root / "addons")


def clone(address):
    """Odoo's own repository, without history."""
    target = DEV / "odoo-git"
    if not target.exists():
        if not shutil.which("git"):
            raise Problem(
                "There is no Odoo: install git, or set ODOO_PATH to an Odoo "
                f"{SERIES} source folder."
            )
        with step(f"Odoo from {address}"), complete_or_absent(target) as root:
            run_logged(
                ["git", "clone", "--depth=1", f"--branch={SERIES}", address, root],
                LOGS / "clone.log",
                env={**os.environ, "GIT_TERMINAL_PROMPT": "0"},
            )
    return OdooTree(target)
