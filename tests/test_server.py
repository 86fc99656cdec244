"""The servers that the other black-box tests stand on."""

import os
import signal

import httpx
import odoorpc

from dev_tool.log_check import check_file
from dev_tool.places import LOGS


def test_installing_the_addons_logs_nothing_unexpected():
    check_file(LOGS / "install-demo.log")


def test_login_page_and_api_answer(crm_server):
    page = httpx.get(f"{crm_server.url}/web/login")
    assert page.status_code == 200
    client = odoorpc.ODOO("127.0.0.1", port=crm_server.port)
    client.login(crm_server.database, crm_server.login, crm_server.password)
    assert (
        "billinator_crm"
        in client.env["ir.module.module"]
        .search_read(
            [("state", "=", "installed"), ("name", "=", "billinator_crm")], ["name"]
        )[0]
        .values()
    )


def test_a_killed_worker_is_replaced(start_server):
    server = start_server(workers=1)
    [worker] = server.worker_pids()
    os.kill(worker, signal.SIGKILL)
    assert httpx.get(f"{server.url}/web/login", timeout=30).status_code == 200
    assert worker not in server.worker_pids()
