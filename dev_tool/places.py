"""Where things are, and folders that are either complete or absent."""

import ast
import fcntl
import hashlib
import shutil
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
DEV = ROOT / ".dev"
LOGS = DEV / "logs"
# Apps of Odoo's that most of our users do without.
FURTHER_APPS = {"crm", "website"}


def addons():
    """The folders of our addons, in a fixed order."""
    return sorted(manifest.parent for manifest in ROOT.glob("*/__manifest__.py"))


def core_addons():
    """Our addons without those that build on an app that most do without."""
    return [addon for addon in addons() if FURTHER_APPS.isdisjoint(dependencies(addon))]


def dependencies(addon):
    """The modules that an addon's manifest asks for."""
    return read_manifest(addon)["depends"]


def read_manifest(addon):
    """Return what an addon's manifest says."""
    return ast.literal_eval((addon / "__manifest__.py").read_text())


def digest(*parts):
    """A short fingerprint of ``parts``."""
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:12]


def addons_fingerprint(folders):
    """Changes whenever a file that an installed addon is made of changes."""
    paths = (path for addon in folders for path in sorted(addon.rglob("*")))
    files = [path for path in paths if _ships(path)]
    return digest([(str(file.relative_to(ROOT)), file.read_bytes()) for file in files])


def _ships(path):
    """Whether ``path`` is part of what gets installed, rather than a Python test."""
    inside = path.relative_to(ROOT).parts[1:]
    return (
        path.is_file()
        and inside[0] not in ("tests", "readme")
        and "__pycache__" not in inside
    )


@contextmanager
def complete_or_absent(folder):
    """Give a new folder to fill, which gets the name ``folder`` once it is complete."""
    partial = folder.with_name(folder.name + ".part")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    yield partial
    partial.rename(folder)


@contextmanager
def setup_lock(name="setup"):
    """Only one command at a time changes what is below ``.dev/``.

    The linters have a lock and a place of their own.
    """
    DEV.mkdir(exist_ok=True)
    with (DEV / f"{name}.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print("  Waiting for another ./dev to finish its set-up ...", flush=True)
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield
