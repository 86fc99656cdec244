"""The linters; their settings are in pyproject.toml."""

import subprocess

from .places import ROOT, addons
from .python_env import Environment

DISABLED = (
    # One README.md at the top speaks for all addons.
    "missing-readme",
    # Large models have a file for each of their subjects.
    "consider-merging-classes-inherited",
)


def check(environment: Environment):
    """Run every linter, also after one has found something; return an exit status."""
    programs = environment.folder / "bin"
    commands = [
        ["ruff", "check"],
        ["ruff", "format", "--check"],
        ["pylint", f"--disable={','.join(DISABLED)}", *_names()],
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
