"""The examples work as they are, on a server with its own key and names."""

import os
import re
import subprocess
import sys
from pathlib import Path

from clients import WebClient

EXAMPLES = Path(__file__).parent.parent / "examples"


def run(name, **variables):
    result = subprocess.run(
        [sys.executable, EXAMPLES / name],
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
