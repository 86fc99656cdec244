"""What the addon costs the apps that it builds on.

See README.md beside this file. Usage: python run.py WITHOUT WITH [-c odoo.conf]
"""

import argparse
import statistics
import time

from odoo import SUPERUSER_ID, api
from odoo.fields import Command
from odoo.modules.registry import Registry
from odoo.tools import config

NAME = "Benchmark"
LINES = 5


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("without", help="a database with Invoicing")
    parser.add_argument("with_addon", help="one that has the addon, too")
    parser.add_argument("-c", "--config", help="Odoo's configuration file")
    parser.add_argument("--rounds", type=int, default=30)
    return parser.parse_args()


class OtherApps:
    """Work with nothing of the CRM in it, in a company of which nothing is kept."""

    def __init__(self, database):
        self.cr = Registry(database).cursor()
        env = api.Environment(self.cr, SUPERUSER_ID, {})
        company = env["res.company"].create({"name": NAME})
        env.user.company_ids += company
        self.env = env(context={"allowed_company_ids": company.ids})
        self.env["account.chart.template"].try_loading("generic_coa", company, False)
        self.partner = self.env["res.partner"].create({"name": NAME})

    def post_invoice(self):
        self.invoice = self._post_move("out_invoice")

    def pay_invoice(self):
        wizard = self.env["account.payment.register"].with_context(
            active_model="account.move", active_ids=self.invoice.ids
        )
        wizard.create({}).action_create_payments()

    def credit_invoice(self):
        wizard = self.env["account.move.reversal"].create(
            {
                "move_ids": [Command.set(self.invoice.ids)],
                "journal_id": self.invoice.journal_id.id,
            }
        )
        wizard.refund_moves()
        wizard.new_move_ids.action_post()

    def post_bill(self):
        self._post_move("in_invoice")

    def _post_move(self, move_type):
        line = Command.create({"name": NAME, "quantity": 2, "price_unit": 50})
        move = self.env["account.move"].create(
            {
                "move_type": move_type,
                "partner_id": self.partner.id,
                "invoice_date": "2026-01-01",
                "invoice_line_ids": [line] * LINES,
            }
        )
        move.action_post()
        return move

    def create_customer(self):
        self.env["res.partner"].create(
            {"name": NAME, "email": "one@customer.example", "phone": "+1 555 0100"}
        )

    def write_message(self):
        self.partner.message_post(body=NAME, subtype_xmlid="mail.mt_comment")

    def schedule_activity(self):
        self.partner.activity_schedule("mail.mail_activity_data_call")

    def complete_activity(self):
        self.partner.activity_ids[:1].action_feedback(NAME)

    def create_meeting(self):
        self.env["calendar.event"].create(
            {
                "name": NAME,
                "start": "2026-01-01 10:00:00",
                "stop": "2026-01-01 11:00:00",
                "partner_ids": [Command.set(self.partner.ids)],
            }
        )

    def measure(self, task):
        """Do a task as a request does, which begins with nothing read.

        :return: milliseconds, and queries
        """
        self.env.invalidate_all()
        queries, start = self.cr.sql_log_count, time.perf_counter()
        getattr(self, task)()
        self.env.flush_all()
        return (time.perf_counter() - start) * 1000, self.cr.sql_log_count - queries


TASKS = (
    *("post_invoice", "pay_invoice", "credit_invoice", "post_bill"),
    *("create_customer", "write_message", "schedule_activity", "complete_activity"),
    "create_meeting",
)


def main():
    options = parse_arguments()
    config.parse_config(["-c", options.config] if options.config else [])
    sides = [OtherApps(options.without), OtherApps(options.with_addon)]
    results = {(task, one): [] for task in TASKS for one in sides}
    # The first round is for what is read once and kept.
    for number in range(options.rounds + 1):
        for task in TASKS:
            for one in sides:
                result = one.measure(task)
                if number:
                    results[task, one].append(result)
    print("| task | without, ms | with, ms | ratio | queries, without / with |")
    print("|---|--:|--:|--:|--:|")
    for task in TASKS:
        (without, queries), (with_addon, more_queries) = (
            map(statistics.median, zip(*results[task, one], strict=True))
            for one in sides
        )
        print(
            f"| {task.replace('_', ' ').capitalize()} | {without:.1f}"
            f" | {with_addon:.1f} | {with_addon / without:.2f}"
            f" | {queries:.0f} / {more_queries:.0f} |"
        )
    for one in sides:
        one.cr.rollback()
        one.cr.close()


if __name__ == "__main__":
    main()
