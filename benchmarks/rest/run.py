"""Compares the REST API with the same work over JSON-2 and in the ORM.

See README.md beside this file. Usage: python run.py DATABASE URL [-c odoo.conf]
"""

import argparse
import statistics
import time
from datetime import datetime, timedelta

import httpx

from odoo import api
from odoo.modules.registry import Registry
from odoo.tools import config

DEAL = "billinator.opportunity"
PAGE = 80
BOUND = 1.5
# What the REST API shows of an opportunity.
FIELDS = [
    "name",
    "partner_id",
    "partner_name",
    "contact_name",
    "email_from",
    "phone",
    "expected_revenue",
    "weighted_revenue",
    "currency_id",
    "probability",
    "stage_id",
    "status",
    "priority",
    "date_deadline",
    "date_closed",
    "source_id",
    "user_id",
    "lost_reason_id",
    "description",
    "company_id",
    "tag_ids",
    "create_date",
    "write_date",
]


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("database", help="an own database, with both addons installed")
    parser.add_argument("url", help="of a server of the database")
    parser.add_argument("-c", "--config", help="Odoo's configuration file")
    parser.add_argument("--runs", type=int, default=101, help="of which the median is")
    return parser.parse_args()


class Work:
    """The same work in several ways; each method does it once."""

    def __init__(self, env, url):
        self.env = env
        key = self._make_key()
        self.http = httpx.Client(
            base_url=url,
            headers={
                "Authorization": f"Bearer {key}",
                "X-Odoo-Database": env.cr.dbname,
            },
            timeout=60,
        )
        self.customer = env["res.partner"].create({"name": "Benchmark"}).id
        env[DEAL].create([self._prepare() for _number in range(PAGE + 20)])
        env.cr.commit()

    def _make_key(self):
        expires = datetime.now() + timedelta(days=1)
        return self.env["res.users.apikeys"]._generate("rpc", "Benchmark", expires)

    def _prepare(self):
        return {
            "name": "Benchmark deal",
            "partner_id": self.customer,
            "expected_revenue": 50000.0,
            "probability": 75.0,
            "date_deadline": "2030-12-31",
        }

    def _post(self, path, content):
        answer = self.http.post(path, json=content)
        answer.raise_for_status()
        return answer.json()

    def rest_page(self):
        params = {"limit": PAGE, "customer_id": self.customer}
        answer = self.http.get("/api/opportunities", params=params)
        assert len(answer.raise_for_status().json()["items"]) == PAGE

    def json2_page(self):
        domain = [("partner_id", "child_of", self.customer)]
        content = {"domain": domain, "fields": FIELDS, "limit": PAGE}
        assert len(self._post(f"/json/2/{DEAL}/search_read", content)) == PAGE

    def orm_page(self):
        self.env.invalidate_all()
        domain = [("partner_id", "child_of", self.customer)]
        self.env[DEAL].search_read(domain, FIELDS, limit=PAGE)
        self.env.cr.rollback()

    def rest_create(self):
        content = {
            "title": "Benchmark deal",
            "customer_id": self.customer,
            "value": 50000.0,
            "probability": 75,
            "expected_close_date": "2030-12-31",
        }
        self._post("/api/opportunities", content)

    def json2_create(self):
        return self._post(f"/json/2/{DEAL}/create", {"vals_list": [self._prepare()]})

    def json2_create_and_read(self):
        content = {"ids": self.json2_create(), "fields": FIELDS}
        self._post(f"/json/2/{DEAL}/read", content)

    def orm_create(self):
        self.env.invalidate_all()
        deal = self.env[DEAL].create(self._prepare())
        self.env.cr.commit()
        return deal

    def orm_create_and_read(self):
        self.orm_create().read(FIELDS)
        self.env.cr.rollback()


def measure(tasks, runs):
    """Return the median milliseconds of each task; they are done in turn."""
    seconds = {task: [] for task in tasks}
    for _number in range(runs + 3):
        for task, times in seconds.items():
            start = time.perf_counter()
            task()
            times.append(time.perf_counter() - start)
    # The first ones fill the caches that a running server has filled.
    return [statistics.median(times[3:]) * 1000 for times in seconds.values()]


def report(work, runs):
    """Print the medians, and return the worst ratio of REST to JSON-2."""
    worst = 0.0
    for title, names, bounded in (
        (f"a page of {PAGE}", "rest_page json2_page orm_page", "json2_page"),
        (
            "an opportunity",
            "rest_create json2_create json2_create_and_read orm_create"
            " orm_create_and_read",
            "json2_create",
        ),
    ):
        names = names.split()
        medians = measure([getattr(work, name) for name in names], runs)
        print(title)
        for name, median in zip(names, medians, strict=True):
            ratio = medians[0] / median
            print(
                f"  {name.ljust(24)}{median:8.1f} ms   REST is {ratio:.2f} times that"
            )
            if name == bounded:
                worst = max(worst, ratio)
    return worst


def main():
    options = parse_arguments()
    config.parse_config(["-c", options.config] if options.config else [])
    with Registry(options.database).cursor() as cursor:
        admin = api.Environment(cursor, api.SUPERUSER_ID, {}).ref("base.user_admin")
        worst = report(Work(admin.env(user=admin), options.url), options.runs)
    if worst > BOUND:
        raise SystemExit(f"REST takes {worst:.2f} times as long as JSON-2.")


if __name__ == "__main__":
    main()
