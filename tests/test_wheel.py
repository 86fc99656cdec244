"""Each addon is a package that pip installs beside Odoo."""

import shutil
import subprocess
import sys

import pytest

from dev_tool.places import addons


def _run(*command):
    subprocess.run(
        [str(part) for part in command],
        check=True,
        capture_output=True,
        text=True,
    )


@pytest.mark.parametrize("addon", addons(), ids=lambda addon: addon.name)
def test_addon_installs_as_a_wheel(addon, tmp_path):
    """Build from a copy, so that nothing but what is there gets into the wheel."""
    source = tmp_path / addon.name
    shutil.copytree(addon, source, ignore=shutil.ignore_patterns("__pycache__"))
    build = ("-m", "pip", "wheel", "--no-deps", "--no-build-isolation", "--no-index")
    _run(sys.executable, *build, "-w", tmp_path, source)

    [wheel] = tmp_path.glob("odoo_addon_*.whl")
    assert wheel.name.startswith(f"odoo_addon_{addon.name}-19.0.")

    environment = tmp_path / "environment"
    _run(sys.executable, "-m", "venv", "--without-pip", environment)
    python = environment / "bin" / "python"
    pip = (sys.executable, "-m", "pip", "--python", python)
    _run(*pip, "install", "--no-deps", "--no-index", wheel)

    [installed] = environment.glob(
        f"lib/python3*/site-packages/odoo/addons/{addon.name}"
    )
    assert _files(installed) == _files(source)


def _files(folder):
    """The addon's files, less what is only there to build it."""
    return {
        str(file.relative_to(folder))
        for file in folder.rglob("*")
        if file.is_file() and file.suffix != ".pyc" and file.name != "pyproject.toml"
    }
