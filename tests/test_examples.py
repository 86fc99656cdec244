"""The examples work as they are, on a server with its own key and names."""

import os
import re
import subprocess
import sys
from pathlib import Path

from clients import WebClient

EXAMPLES = Path(__file__).parent.parent / "examples"


def run(name, *arguments, **variables):
    result = subprocess.run(
        [sys.executable, EXAMPLES / name, *arguments],
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
    )
    assert result.returncode == 0, result.stderr
    return result.stdout


def create_key(server):
    return WebClient(server, server.login, server.password).create_api_key()


def test_json2(crm_server):
    said = run(
        "json2_pipeline.py",
        ODOO_URL=crm_server.url,
        ODOO_DB=crm_server.database,
        ODOO_API_KEY=create_key(crm_server),
    )
    assert "Proposal" in said
    assert "Activity Follow-up call Done" in said


def test_odoorpc(crm_server):
    said = run(
        "odoorpc_notes.py", ODOO_PORT=str(crm_server.port), ODOO_DB=crm_server.database
    )
    assert "call Delivery dates" in said


def test_rest(rest_server):
    said = run(
        "rest_client.py",
        ODOO_URL=rest_server.url,
        ODOO_API_KEY=create_key(rest_server),
    )
    assert re.match(r"Q\S+ of 1\d{4}\.\d\d is in http", said)


def test_rest_sync(rest_server, tmp_path):
    key = create_key(rest_server)

    def sync():
        return run(
            "rest_sync.py",
            tmp_path / "state.json",
            ODOO_URL=rest_server.url,
            ODOO_API_KEY=key,
        )

    assert "customers 1 changed at 20" in sync()
    assert sync() == ""
    run("rest_client.py", ODOO_URL=rest_server.url, ODOO_API_KEY=key)
    changed = {line.split()[0] for line in sync().splitlines()}
    # The customer may be known already.
    assert changed >= {"opportunities", "quotes", "activities"}
