"""What ./dev promises when something is missing, broken or already there."""

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from database import name_copy

from dev_tool import odoo_source, places, postgres, programs
from dev_tool.databases import Databases, _is_alive
from dev_tool.odoo import ENVIRONMENT, Odoo
from dev_tool.places import addons, addons_fingerprint
from dev_tool.pytest_run import SOURCES, BlackBoxTests, OdooTests, _sum_up, get_runs
from dev_tool.terminal import Problem

RELEASE = "version_info = ({}, 0, 0, FINAL, 0, '')\n"


def _dev(*arguments, **variables):
    """Run ./dev as a person would and return what it printed, having failed."""
    result = subprocess.run(
        [sys.executable, places.ROOT / "dev", *arguments],
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
    )
    assert result.returncode == 1
    assert "Traceback" not in result.stderr
    return result.stderr


@pytest.fixture
def empty_dev(tmp_path, monkeypatch):
    """A ``.dev`` in which nothing is set up yet."""
    folder = tmp_path / ".dev"
    folder.mkdir()
    for module in (odoo_source, postgres):
        monkeypatch.setattr(module, "DEV", folder)
    monkeypatch.setattr(postgres, "ROOT", tmp_path)
    for name in ("ODOO_PATH", "ODOO_GIT", *postgres.VARIABLES):
        monkeypatch.delenv(name, raising=False)
    return folder


@pytest.fixture
def odoo_repository(tmp_path):
    """A small repository that looks like Odoo's."""
    folder = _odoo_tree(tmp_path / "repository", 19)
    (folder / "odoo-bin").touch()
    for command in (
        ["init", "--quiet", "--initial-branch=19.0"],
        ["add", "."],
        ["-c", "user.name=x", "-c", "user.email=x@y", "commit", "-qm", "x"],
    ):
        subprocess.run(["git", *command], cwd=folder, check=True)
    return folder.as_uri()


def _odoo_tree(folder, version):
    (folder / "odoo").mkdir(parents=True)
    (folder / "odoo" / "release.py").write_text(RELEASE.format(version))
    return folder


def test_a_busy_port_is_told_before_anything_happens():
    with socket.create_server(("127.0.0.1", 0)) as busy:
        port = busy.getsockname()[1]
        assert f"Port {port} cannot be used" in _dev("run", f"--port={port}")


def test_a_missing_browser_fails_the_tests():
    assert "apt-get install chromium" in _dev("test", PATH="/nowhere")


def test_a_missing_pdf_printer_fails_the_tests_alone(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(programs, "FOLDER", tmp_path)
    monkeypatch.setattr(programs, "PDF_PRINTER", tmp_path / "wkhtmltopdf")
    monkeypatch.setattr(programs, "_starts", lambda program: False)
    programs.provide_pdf_printer(ENVIRONMENT)
    assert "Everything works but PDF" in capsys.readouterr().out
    with pytest.raises(Problem, match="wkhtmltopdf"):
        programs.check_pdf_printer()


def test_unknown_arguments_are_refused():
    assert "--prot" in _dev("run", "--prot=8070")


def test_what_is_no_name_of_a_database_is_refused():
    assert "cannot be the name" in _dev("reset", "--database=o'brien")


def test_a_broken_download_leaves_nothing_and_the_next_one_succeeds(tmp_path):
    folder = tmp_path / "download"
    with pytest.raises(OSError), places.complete_or_absent(folder) as partial:
        (partial / "half").touch()
        raise OSError
    assert not folder.exists()

    with places.complete_or_absent(folder) as partial:
        (partial / "whole").touch()
    assert [file.name for file in folder.iterdir()] == ["whole"]


def test_an_odoo_that_is_there_is_used(tmp_path, monkeypatch):
    tree = _odoo_tree(tmp_path / "mine", 19)
    monkeypatch.setenv("ODOO_PATH", str(tree))
    assert odoo_source.provide().root == tree


def test_an_odoo_of_another_series_is_refused(tmp_path, monkeypatch):
    monkeypatch.setenv("ODOO_PATH", str(_odoo_tree(tmp_path / "mine", 18)))
    with pytest.raises(Problem, match=r"is Odoo 18\.0; these addons need 19\.0"):
        odoo_source.provide()


def test_odoo_is_cloned_from_the_address_given(empty_dev, odoo_repository, monkeypatch):
    monkeypatch.setenv("ODOO_GIT", f"{odoo_repository}-missing")
    with pytest.raises(Problem, match="clone failed"):
        odoo_source.provide()

    monkeypatch.setenv("ODOO_GIT", odoo_repository)
    tree = odoo_source.provide()
    assert tree.root == empty_dev / "odoo-git"
    assert tree.root / "addons" in tree.addons_paths()


def test_odoo_is_cloned_when_debian_has_none(empty_dev, odoo_repository, monkeypatch):
    def fail():
        raise Problem("the mirror is away")

    monkeypatch.setattr(odoo_source.debian, "codename", lambda: "bookworm")
    monkeypatch.setattr(odoo_source, "unpack_debian", fail)
    monkeypatch.setattr(odoo_source, "REPOSITORY", odoo_repository)
    assert odoo_source.provide().root == empty_dev / "odoo-git"


def test_a_killed_postgres_starts_again(empty_dev):
    server = postgres.Postgres(ENVIRONMENT.packages)
    try:
        server.provide()
        server.client("createdb", "kept")
        pid_file = empty_dev / "postgres" / "data" / "postmaster.pid"
        os.kill(int(pid_file.read_text().split()[0]), signal.SIGKILL)
        server.provide()
        assert server.query("SELECT current_database()", "kept") == ["kept"]
    finally:
        server.remove()


def test_a_socket_fits_its_longest_path_in_a_deep_checkout(tmp_path, monkeypatch):
    monkeypatch.setattr(postgres, "DEV", tmp_path / ("deep" * 30))
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    folder = postgres.Postgres(ENVIRONMENT.packages).variables["PGHOST"]
    assert len(f"{folder}/.s.PGSQL.5432") <= postgres.LONGEST_SOCKET_PATH


def test_a_changed_addon_is_upgraded_and_the_data_stays():
    databases = Databases(Odoo.as_set_up())
    name = name_copy()
    databases.copy(os.environ["UNOPENED_DATABASE"], name)
    query = databases.odoo.postgres.query
    fingerprints = {addon.name: addons_fingerprint([addon]) for addon in addons()}
    versions = "SELECT latest_version FROM ir_module_module WHERE name = '{}'"
    query(
        "INSERT INTO res_partner (name, autopost_bills) VALUES ('Kept', 'ask');"
        "UPDATE ir_module_module SET latest_version = '19.0.0.1'"
        " WHERE name LIKE 'billinator_crm%'",
        name,
    )
    fingerprints["billinator_crm_margin"] = "earlier"
    databases.record_fingerprints(name, fingerprints)
    databases.provide(name, demo=True)
    assert query(versions.format("billinator_crm"), name) == ["19.0.0.1"]
    assert query(versions.format("billinator_crm_margin"), name) != ["19.0.0.1"]
    kept = "SELECT count(*) FROM res_partner WHERE name = 'Kept'"
    assert query(kept, name) == ["1"]


@pytest.mark.parametrize(
    ("statement", "told"),
    [
        ("logger.info('fine')", None),
        ("logger.warning('not fine')", "WARNING odoo.x: not fine"),
        ("with self.assertLogs('odoo.x'): logger.error('fine')", None),
        ("self.skipTest('without a browser')", "without a browser"),
        ("logger.warning('no'); self.skipTest('no browser')", "no browser"),
    ],
)
def test_a_logged_warning_or_a_skip_fails_its_test(tmp_path, statement, told):
    _write_test(tmp_path / "test_log.py", statement)
    options = ("-p", "no:odoo", "-p", "dev_tool.log_check", "-c", "/dev/null")
    result = subprocess.run(
        [sys.executable, "-m", "pytest", *options, tmp_path],
        env={**os.environ, "PYTHONPATH": str(places.ROOT)},
        capture_output=True,
        text=True,
    )
    assert result.returncode == (1 if told else 0)
    assert "1 skipped" in result.stdout
    assert (told or "1 passed") in result.stdout


def _write_test(file: Path, statement):
    """Write a test, and one that a mark skips."""
    file.write_text(
        "import logging, pytest, unittest\n"
        "logger = logging.getLogger('odoo.x')\n"
        "class TestIt(unittest.TestCase):\n"
        "    def test_it(self):\n"
        f"        {statement}\n"
        "@pytest.mark.skip(reason='Takes long')\n"
        "def test_marked():\n"
        "    pass\n"
    )


def test_a_process_of_somebody_else_is_alive(monkeypatch):
    def refuse(pid, signal):
        raise PermissionError

    assert _is_alive(os.getpid())
    monkeypatch.setattr(os, "kill", refuse)
    assert _is_alive(1)


@pytest.mark.parametrize(
    ("statuses", "options", "status"),
    [
        ([0, 0], [], 0),
        ([0, 2, 1], [], 2),
        ([5, 0], ["-k", "this"], 0),
        ([5, 1], ["-k", "this"], 1),
        ([5, 5], ["-k", "this"], 5),
        ([5, 0], [], 5),
    ],
)
def test_a_run_without_tests_is_fine_where_they_were_chosen(statuses, options, status):
    assert _sum_up(statuses, options) == status


def test_only_what_needs_more_of_odoo_has_it():
    assert places.core_addons() == [one for one in addons() if one not in SOURCES]
    runs = {run.provide: run.name for run in get_runs([])}
    assert runs[Databases.with_migration] == "migration"
    assert runs[Databases.with_website] == "website"
    for option, provide in (
        ("tests/test_audit.py", "with_company"),
        ("billinator_crm_website/tests/test_portal.py::TestPortal", "with_website"),
        (str(places.ROOT / "billinator_crm_website"), "with_website"),
        ("billinator_crm_migration/tests/test_runs.py", "with_migration"),
        ("billinator_crm/tests/test_portal.py", "with_company"),
        ("tests/test_rest.py", "prepared"),
    ):
        [run] = get_runs(["-q", option])
        assert run.provide == getattr(Databases, provide)


def test_what_odoo_ends_is_not_started_beside_it():
    kinds = [OdooTests, BlackBoxTests]
    files = ("tests/test_audit.py", "tests/test_rest.py::test_one")
    for file, kind in zip(files, kinds, strict=True):
        [run] = get_runs([file])
        assert type(run) is kind
    with pytest.raises(Problem, match="one after the other"):
        get_runs(files)
