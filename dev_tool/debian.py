"""Packages from the machine's own Debian mirror: unpacked, not installed, no root."""

import os
import platform
import re
import shutil
import subprocess

from .places import LOGS
from .terminal import Problem, run_logged

KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"


def codename():
    """The name of this machine's Debian release, or None on any other system."""
    system = platform.freedesktop_os_release()
    has_tools = all(map(shutil.which, ("apt-get", "dpkg-deb")))
    if system["ID"] == "debian" and has_tools and os.path.exists(KEYRING):
        return system.get("VERSION_CODENAME")
    return None


def unpack(packages, suite, folder):
    """Unpack ``packages`` of ``suite`` into ``folder``, which also holds the scraps."""
    scraps = folder / f"apt-{suite}"
    mirrors = _mirrors(scraps)
    for mirror in mirrors:
        try:
            _download(packages, suite, mirror, scraps)
            break
        except Problem as problem:
            reason = problem
    else:
        reason = reason if mirrors else "apt names none"
        raise Problem(f"No Debian mirror could be used: {reason}")
    for package in scraps.glob("debs/*.deb"):
        run_logged(["dpkg-deb", "-x", package, folder], LOGS / "unpack.log")
    shutil.rmtree(scraps)


def _mirrors(scraps):
    """The addresses this machine takes its own release from.

    An empty list folder makes apt say what it would fetch, from its own settings.
    """
    lists = scraps / "no-lists"
    (lists / "partial").mkdir(parents=True)
    planned = subprocess.run(
        ["apt-get", "-o", f"Dir::State::Lists={lists}", "update", "--print-uris"],
        capture_output=True,
        text=True,
    ).stdout
    return re.findall(rf"'(\S+)/dists/{codename()}/InRelease'", planned)


def _download(packages, suite, mirror, scraps):
    """Download with signatures verified, in a state folder of our own."""
    for name in ("lists/partial", "cache/archives/partial", "debs"):
        (scraps / name).mkdir(parents=True, exist_ok=True)
    sources = scraps / "sources.list"
    sources.write_text(f"deb [signed-by={KEYRING}] {mirror} {suite} main\n")
    settings = {
        "Dir::State": scraps,
        "Dir::State::Lists": scraps / "lists",
        "Dir::State::status": "/dev/null",
        "Dir::Cache": scraps / "cache",
        "Dir::Etc::SourceList": sources,
        "Dir::Etc::SourceParts": "/dev/null",
        "Acquire::Languages": "none",
        "APT::Update::Post-Invoke-Success": "",
        "APT::Sandbox::User": "root",
    }
    apt = ["apt-get"]
    for name, value in settings.items():
        apt += ["-o", f"{name}={value}"]
    run_logged([*apt, "update", "--error-on=any"], LOGS / "apt-update.log")
    run_logged(
        [*apt, "download", *packages], LOGS / "apt-download.log", cwd=scraps / "debs"
    )
