"""The linters, with their settings in pyproject.toml and .pylintrc."""

import subprocess

from .places import ROOT, addons
from .python_env import Environment


def check(environment: Environment):
    """Run every linter, also after one has found something; return an exit status."""
    programs = environment.folder / "bin"
    commands = [
        ["ruff", "check"],
        ["ruff", "format", "--check"],
        ["pylint", *addons()],
        ["oca-checks-odoo-module", "--enable=all", *addons()],
    ]
    failed = False
    for program, *arguments in commands:
        print(f"  {program} {' '.join(str(one) for one in arguments)}", flush=True)
        result = subprocess.run([programs / program, *arguments], cwd=ROOT)
        failed |= result.returncode != 0
    return int(failed)
