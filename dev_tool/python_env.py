"""Virtual environments with the pinned packages."""

import importlib.util
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from . import debian
from .places import DEV, LOGS, ROOT, complete_or_absent, digest
from .terminal import Problem, run_logged, step

SUPPORTED = ((3, 10), (3, 13))


@dataclass
class Environment:
    """A virtual environment below ``.dev/`` with the packages of some pin files."""

    name: str
    requirements: tuple

    @property
    def folder(self):
        return DEV / self.name

    @property
    def python(self):
        return self.folder / "bin" / "python"

    @property
    def packages(self):
        version = f"python{sys.version_info.major}.{sys.version_info.minor}"
        return self.folder / "lib" / version / "site-packages"

    def provide(self):
        """Create the environment, or bring it up to date with its pin files."""
        pins = [ROOT / name for name in self.requirements]
        marker = self.folder / "complete"
        wanted = digest(sys.version, [pin.read_text() for pin in pins])
        if marker.is_file() and marker.read_text() == wanted:
            return
        with step(f"Python packages of {' and '.join(self.requirements)}"):
            marker.unlink(missing_ok=True)
            self._create()
            install = [*self._pip(), "install", "--no-deps", "--no-compile"]
            install += ["--only-binary=:all:"]
            for pin in pins:
                install += ["-r", pin]
            run_logged(install, LOGS / f"pip-{self.name}.log")
            marker.write_text(wanted)

    def make_importable(self, folder):
        """Have ``folder`` on the environment's import path."""
        (self.packages / "odoo_tree.pth").write_text(f"{folder}\n")

    def _create(self):
        """Packages can be added to an environment; another Python needs a new one."""
        if self._is_usable():
            return
        options = ["--clear"] if _has_ensurepip() else ["--clear", "--without-pip"]
        run_logged(
            [sys.executable, "-m", "venv", *options, self.folder],
            LOGS / f"venv-{self.name}.log",
        )

    def _is_usable(self):
        """Whether its Python is this one, and pip starts."""
        # The Python that it leads to may be gone.
        if not (self.packages.is_dir() and self.python.exists()):
            return False
        version = subprocess.run(
            [self.python, "-c", "import sys; print(sys.version)"],
            capture_output=True,
            text=True,
        ).stdout
        pip = subprocess.run([*self._pip(), "--version"], capture_output=True)
        return version.strip() == sys.version and pip.returncode == 0

    def _pip(self):
        if _has_ensurepip():
            return [self.python, "-m", "pip"]
        return [self.python, _pip_wheel() / "pip"]


def check_python():
    """Odoo refuses other versions, with a message that is harder to read."""
    lowest, highest = SUPPORTED
    if not lowest <= sys.version_info[:2] <= highest:
        raise Problem(
            f"Odoo 19 needs Python 3.10 to 3.13, and this is {sys.version.split()[0]}: "
            "start this tool with another one, such as: python3.12 dev run"
        )


def _has_ensurepip():
    """Debian takes pip's installer out of Python and into a package of its own."""
    return bool(importlib.util.find_spec("ensurepip"))


def _pip_wheel() -> Path:
    """The pip that Debian keeps for its virtual environments."""
    if not debian.codename():
        raise Problem("This Python has no ensurepip: install its venv package.")
    folder = DEV / "pip"
    if not folder.exists():
        with complete_or_absent(folder) as root:
            debian.unpack(["python3-pip-whl"], debian.codename(), root)
    return next(folder.glob("usr/share/python-wheels/pip-*.whl"))
