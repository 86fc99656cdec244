"""Each addon is a package that pip installs beside Odoo."""

import shutil
import subprocess
import sys

from dev_tool.places import addons


def _run(*command):
    subprocess.run(
        [str(part) for part in command],
        check=True,
        capture_output=True,
        text=True,
    )


def test_addons_install_as_wheels(tmp_path):
    """Build from copies, so that nothing but what is there gets into the wheels."""
    ignored = shutil.ignore_patterns("__pycache__")
    sources = [
        shutil.copytree(addon, tmp_path / addon.name, ignore=ignored)
        for addon in addons()
    ]
    build = ("-m", "pip", "wheel", "--no-deps", "--no-build-isolation", "--no-index")
    _run(sys.executable, *build, "-w", tmp_path, *sources)

    wheels = sorted(tmp_path.glob("odoo_addon_*.whl"))
    names = sorted(f"odoo_addon_{source.name}" for source in sources)
    assert [wheel.name.partition("-19.0.")[0] for wheel in wheels] == names

    environment = tmp_path / "environment"
    _run(sys.executable, "-m", "venv", "--without-pip", environment)
    python = environment / "bin" / "python"
    pip = (sys.executable, "-m", "pip", "--python", python)
    _run(*pip, "install", "--no-deps", "--no-index", "--no-compile", *wheels)

    [packages] = environment.glob("lib/python3*/site-packages/odoo/addons")
    for source in sources:
        assert _files(packages / source.name) == _files(source)


def _files(folder):
    """The addon's files, less what is only there to build it."""
    return {
        str(file.relative_to(folder))
        for file in folder.rglob("*")
        if file.is_file() and file.name != "pyproject.toml"
    }
