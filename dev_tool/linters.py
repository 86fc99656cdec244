"""The linters; their settings are in pyproject.toml."""

import subprocess

from .places import ROOT, addons
from .python_env import Environment


def check(environment: Environment):
    """Run every linter, also after one has found something; return an exit status."""
    programs = environment.folder / "bin"
    commands = [
        ["ruff", "check"],
        ["ruff", "format", "--check"],
        # One README.md at the top speaks for all addons.
        ["pylint", "--disable=missing-readme", *_names()],
        ["oca-checks-odoo-module", *_names()],
    ]
    failed = False
    for program, *arguments in commands:
        print(f"  {program} {' '.join(arguments)}", flush=True)
        result = subprocess.run([programs / program, *arguments], cwd=ROOT)
        failed |= result.returncode != 0
    return int(failed)


def _names():
    return [addon.name for addon in addons()]
