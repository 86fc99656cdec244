"""Checks what always holds in a database with the addon, and what clients were told.

See README.md beside this file. Usage: python audit.py DATABASE [-c odoo.conf]
"""

import argparse
import itertools
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import NamedTuple

from findings import Checks, report
from journal import Journal

from odoo import SUPERUSER_ID, api
from odoo.modules.registry import Registry
from odoo.tools import SQL, config

BATCH = 500
MODELS = (
    "res.partner",
    "billinator.activity",
    "billinator.contact",
    "billinator.note",
    "billinator.opportunity",
    "billinator.quote",
    "billinator.quote.line",
)
# Tables whose rows name their record by model and id, which no foreign key holds.
REFERENCES = {
    "billinator_external_reference": ("model", "res_id"),
    "calendar_event": ("res_model", "res_id"),
    "ir_attachment": ("res_model", "res_id"),
    "mail_activity": ("res_model", "res_id"),
    "mail_followers": ("res_model", "res_id"),
    "mail_message": ("model", "res_id"),
    "mail_scheduled_message": ("model", "res_id"),
}
# What follows from other fields, and is stored for lists, sums and filters.
FIGURES = {
    "billinator.quote.line": "price_subtotal price_tax price_total",
    "billinator.quote.installment": "amount amount_invoiced invoice_status",
    "billinator.quote": (
        "amount_untaxed amount_tax amount_total amount_untaxed_company amount_planned"
        " amount_invoiced amount_to_invoice has_final_invoice invoice_status"
        " is_superseded version first_version_id commercial_partner_id"
    ),
    "billinator.opportunity": (
        "expected_revenue_company weighted_revenue status days_to_close"
        " email_normalized phone_key commercial_partner_id"
    ),
    "billinator.activity": "commercial_partner_id company_id team_id",
    "billinator.note": "commercial_partner_id company_id",
}


class Rule(NamedTuple):
    """Something that always holds, in SQL."""

    name: str
    table: str
    # Which rows of the table it is about.
    condition: str
    # A query of what breaks it; each row is told.
    breaches: str


RULES = (
    Rule(
        "one live invoice for each quote and down payment",
        "account_move",
        "billinator_quote_id IS NOT NULL AND state <> 'cancel'",
        """
        SELECT billinator_quote_id AS quote, billinator_installment_id AS installment,
               array_agg(id) AS invoices
          FROM account_move
         WHERE billinator_quote_id IS NOT NULL AND state <> 'cancel'
         GROUP BY billinator_quote_id, billinator_installment_id
        HAVING count(*) > 1
        """,
    ),
    Rule(
        "invoices belong to accepted quotes, and to their own down payments",
        "account_move",
        "billinator_quote_id IS NOT NULL",
        """
        SELECT move.id AS invoice, quote.id AS quote, quote.state, row.id AS installment
          FROM account_move move
          JOIN billinator_quote quote ON quote.id = move.billinator_quote_id
     LEFT JOIN billinator_quote_installment row
            ON row.id = move.billinator_installment_id
         WHERE move.state <> 'cancel'
           AND (quote.state <> 'accepted' OR quote.is_superseded
                OR row.quote_id <> quote.id)
        """,
    ),
    Rule(
        "the invoices of a quote come to its total",
        "billinator_quote",
        "has_final_invoice",
        """
        SELECT quote.id AS quote, quote.amount_total AS total,
               sum(move.amount_total) AS invoiced
          FROM billinator_quote quote
          JOIN res_currency currency ON currency.id = quote.currency_id
          JOIN account_move move ON move.billinator_quote_id = quote.id
         WHERE move.state <> 'cancel'
           AND NOT EXISTS (
               SELECT FROM account_move credit
                 JOIN account_move credited ON credited.id = credit.reversed_entry_id
                WHERE credited.billinator_quote_id = quote.id
           )
         GROUP BY quote.id, currency.id
        HAVING bool_or(move.billinator_installment_id IS NULL)
           AND (abs(sum(move.amount_total) - quote.amount_total)
                    >= currency.rounding / 2
                OR bool_or(move.currency_id <> quote.currency_id))
        """,
    ),
    Rule(
        "quote numbers are used once",
        "billinator_quote",
        "true",
        """
        SELECT company_id AS company, name, array_agg(id) AS quotes
          FROM billinator_quote GROUP BY company_id, name HAVING count(*) > 1
        """,
    ),
    Rule(
        "invoice numbers are used once",
        "account_move",
        "state = 'posted'",
        """
        SELECT journal_id AS journal, name, array_agg(id) AS invoices
          FROM account_move WHERE state = 'posted'
         GROUP BY journal_id, name HAVING count(*) > 1
        """,
    ),
    Rule(
        "a version has one next version, and is superseded by it",
        "billinator_quote",
        "previous_version_id IS NOT NULL",
        """
        SELECT previous.id AS quote, array_agg(next.id) AS next_versions
          FROM billinator_quote previous
     LEFT JOIN billinator_quote next ON next.previous_version_id = previous.id
         GROUP BY previous.id
        HAVING count(next.id) > 1
            OR (count(next.id) = 1) <> coalesce(previous.is_superseded, false)
            OR bool_or(next.version <> previous.version + 1)
        """,
    ),
    Rule(
        "what is signed is accepted, with name, signature and fingerprint",
        "billinator_quote",
        "signed_on IS NOT NULL",
        """
        SELECT id AS quote, state, signed_by
          FROM billinator_quote quote
         WHERE signed_on IS NOT NULL
           AND (state <> 'accepted' OR signed_by IS NULL OR signed_hash IS NULL
                OR NOT EXISTS (
                    SELECT FROM ir_attachment
                     WHERE res_model = 'billinator.quote' AND res_id = quote.id
                       AND res_field = 'signature'))
            OR signed_on IS NULL AND (signed_by IS NOT NULL OR signed_hash IS NOT NULL)
        """,
    ),
    Rule(
        "a customer has one primary contact at most",
        "billinator_contact",
        "is_primary",
        """
        SELECT customer_id AS customer, array_agg(id) AS contacts
          FROM billinator_contact WHERE is_primary
         GROUP BY customer_id HAVING count(*) > 1
        """,
    ),
    Rule(
        "a person is contact of a customer once",
        "billinator_contact",
        "true",
        """
        SELECT person_id AS person, customer_id AS customer, array_agg(id) AS contacts
          FROM billinator_contact
         GROUP BY person_id, customer_id
        HAVING count(*) > 1 OR person_id = customer_id
        """,
    ),
    Rule(
        "an activity of the CRM has one row",
        "billinator_activity",
        "true",
        """
        SELECT native.id AS activity, native.res_model, array_agg(row.id) AS rows
          FROM mail_activity native
     LEFT JOIN billinator_activity row ON row.activity_id = native.id
         GROUP BY native.id
        HAVING count(row.id) <> (native.res_model IS NOT NULL AND native.res_model IN
               ('res.partner', 'billinator.opportunity', 'billinator.quote'))::int
        """,
    ),
    Rule(
        "an activity and its row agree",
        "billinator_activity",
        "true",
        """
        SELECT row.id AS row, native.id AS activity, row.status, native.active
          FROM billinator_activity row
          JOIN mail_activity native ON native.id = row.activity_id
         WHERE (row.status = 'pending') <> native.active
            OR (row.status = 'pending') <> (row.completed_at IS NULL)
            OR row.user_id IS DISTINCT FROM native.user_id
            OR coalesce(row.outcome, '') <> coalesce(native.feedback, '')
            OR native.res_id IS DISTINCT FROM CASE native.res_model
                   WHEN 'billinator.quote' THEN row.quote_id
                   WHEN 'billinator.opportunity' THEN row.opportunity_id
                   ELSE row.partner_id END
        """,
    ),
    Rule(
        "a deal knows since when its activities are due and overdue",
        "billinator_opportunity",
        "date_activity_due IS NOT NULL",
        """
        SELECT deal.id AS deal, deal.date_activity_due, activity.due,
               deal.date_activity_overdue, activity.overdue
          FROM billinator_opportunity deal
     LEFT JOIN (
               SELECT res_id,
                      min(date_deadline::timestamp
                      AT TIME ZONE coalesce(user_tz, 'UTC') AT TIME ZONE 'UTC') AS due,
                      min((date_deadline + 1)::timestamp AT TIME ZONE
                      coalesce(user_tz, 'UTC') AT TIME ZONE 'UTC') AS overdue
                 FROM mail_activity
                WHERE active AND res_model = 'billinator.opportunity'
                GROUP BY res_id
               ) activity ON activity.res_id = deal.id
         WHERE deal.date_activity_due IS DISTINCT FROM activity.due
            OR deal.date_activity_overdue IS DISTINCT FROM activity.overdue
        """,
    ),
    Rule(
        "a pending meeting and its event agree",
        "billinator_activity",
        "type = 'meeting'",
        """
        SELECT row.id AS row, event.id AS event, row.due_date, event.start
          FROM billinator_activity row
          JOIN mail_activity native ON native.id = row.activity_id
          JOIN calendar_event event ON event.id = native.calendar_event_id
         WHERE row.status = 'pending' AND event.allday IS NOT TRUE
           AND (row.due_date <> event.start OR NOT event.active)
        """,
    ),
    Rule(
        "documents, their activities and their notes are for the same customer",
        "billinator_quote",
        "opportunity_id IS NOT NULL",
        """
        SELECT 'quote' AS kind, quote.id, deal.id AS deal
          FROM billinator_quote quote
          JOIN billinator_opportunity deal ON deal.id = quote.opportunity_id
         WHERE deal.commercial_partner_id <> quote.commercial_partner_id
         UNION ALL
        SELECT 'note', note.id, deal.id
          FROM billinator_note note
          JOIN billinator_opportunity deal ON deal.id = note.opportunity_id
         WHERE deal.partner_id IS DISTINCT FROM note.partner_id
           AND note.quote_id IS NULL
         UNION ALL
        SELECT 'activity', row.id, deal.id
          FROM billinator_activity row
          JOIN billinator_opportunity deal ON deal.id = row.opportunity_id
         WHERE deal.partner_id IS DISTINCT FROM row.partner_id AND row.quote_id IS NULL
        """,
    ),
    Rule(
        "a lost deal has its reason, and a closed one its day",
        "billinator_opportunity",
        "status <> 'open'",
        """
        SELECT id AS deal, status FROM billinator_opportunity
         WHERE (status = 'lost') <> (lost_reason_id IS NOT NULL)
            OR (status = 'open') <> (date_closed IS NULL)
        """,
    ),
    Rule(
        "a deal is in a day's snapshot once",
        "billinator_pipeline_snapshot",
        "true",
        """
        SELECT date, opportunity_key AS deal, count(*)
          FROM billinator_pipeline_snapshot
         GROUP BY date, opportunity_key HAVING count(*) > 1
        """,
    ),
    Rule(
        "a call with an idempotency key was answered once",
        "billinator_idempotency_key",
        "true",
        """
        SELECT user_id AS "user", key, count(*)
          FROM billinator_idempotency_key
         GROUP BY user_id, key
        HAVING count(*) > 1
            OR bool_or(status_code IS NULL OR status_code NOT BETWEEN 200 AND 299)
        """,
    ),
    Rule(
        "a name in another system stands for one record",
        "billinator_external_reference",
        "true",
        """
        SELECT model, company_id AS company, source, ref, count(*)
          FROM billinator_external_reference
         GROUP BY model, company_id, source, ref
        HAVING count(*) > 1 OR bool_or(res_id IS NULL)
        """,
    ),
)


class Audit(Checks):
    """All checks of one database, in the transaction of ``env``."""

    def __init__(self, env):
        self.env = env(user=SUPERUSER_ID, context={"active_test": False})

    def get_checks(self):
        return {
            **{
                rule.name: partial(self._check_rule, rule)
                for rule in RULES
                if self._is_installed(rule.table)
            },
            "nothing hangs on a record that is gone": self._check_references,
            "a signed quote says what was signed": self._check_signatures,
            "quote and invoices agree in each tax group": self._check_tax_groups,
            "a bridge is the difference of its two totals": self._check_bridges,
            **{
                f"stored figures are right: {model}": partial(
                    self._check_figures, model
                )
                for model in FIGURES
            },
        }

    def _is_installed(self, table):
        """Whether there is such a table: that of the REST API may not be."""
        [row] = self._query(SQL("SELECT to_regclass(%s) IS NOT NULL AS yes", table))
        return row["yes"]

    def _query(self, statement):
        return self.env.execute_query_dict(statement)

    def _check_rule(self, rule, finding):
        about = SQL(
            "SELECT count(*) AS count FROM %s WHERE %s",
            SQL.identifier(rule.table),
            SQL(rule.condition),
        )
        [row] = self._query(about)
        finding.count = row["count"]
        finding.breaches = self._query(SQL(rule.breaches))

    def _check_references(self, finding):
        """Look for rows whose record is gone."""
        for table, names in REFERENCES.items():
            if not self._is_installed(table):
                continue
            model_column, id_column = map(SQL.identifier, names)
            for model in MODELS:
                rows = self._query(
                    SQL(
                        "SELECT pointer.id, %(id)s AS gone, record.id IS NULL AS lost"
                        " FROM %(table)s pointer LEFT JOIN %(records)s record"
                        " ON record.id = pointer.%(id)s"
                        " WHERE pointer.%(model)s = %(name)s AND %(id)s <> 0",
                        id=id_column,
                        table=SQL.identifier(table),
                        records=SQL.identifier(self.env[model]._table),
                        model=model_column,
                        name=model,
                    )
                )
                finding.count += len(rows)
                finding.breaches += [
                    {"table": table, "id": row["id"], model: row["gone"]}
                    for row in rows
                    if row["lost"]
                ]

    def _in_batches(self, model, domain):
        """Give the records of a domain, some at a time, with an empty cache."""
        ids = self.env[model].search(domain, order="id").ids
        for start in range(0, len(ids), BATCH):
            self.env.invalidate_all(flush=False)
            yield self.env[model].browse(ids[start : start + BATCH])

    def _check_signatures(self, finding):
        for quotes in self._in_batches(
            "billinator.quote", [("signed_on", "!=", False)]
        ):
            finding.count += len(quotes)
            finding.breaches += [
                {"quote": quote.id, "signed_on": quote.signed_on}
                for quote in quotes
                if quote.signed_hash != quote.content_hash
            ]

    def _check_tax_groups(self, finding):
        """Compare what each tax group comes to on a quote and on all its invoices."""
        for quotes in self._in_batches(
            "billinator.quote", [("has_final_invoice", "=", True)]
        ):
            for quote in quotes:
                invoices = quote._get_live_invoices()
                if invoices.reversal_move_ids:
                    continue
                finding.count += 1
                quoted = _add_up_tax_groups([quote.tax_totals])
                invoiced = _add_up_tax_groups(invoices.mapped("tax_totals"))
                groups = quoted.keys() | invoiced.keys()
                if any(
                    quote.currency_id.compare_amounts(
                        quoted.get(group, 0), invoiced.get(group, 0)
                    )
                    for group in groups
                ):
                    breach = {"quote": quote.id, "quoted": quoted, "invoiced": invoiced}
                    finding.breaches.append(breach)

    def _check_bridges(self, finding):
        """Compare each bridge with the totals of the days that it leads from and to."""
        Snapshot = self.env["billinator.pipeline.snapshot"]
        days = [*reversed(Snapshot.get_dates()), None]
        totals = {day: self._get_pipeline(day) for day in days}
        for start, end in itertools.pairwise(days):
            bars = Snapshot.get_bridge(start, end)["bars"]
            amounts = {bar["bar"]: bar["amount"] for bar in bars}
            ends = (amounts.pop("opening"), amounts.pop("closing"))
            told = (*ends, sum(amounts.values()))
            wanted = (totals[start], totals[end], totals[end] - totals[start])
            finding.count += 1
            if any(
                self.env.company.currency_id.compare_amounts(one, other)
                for one, other in zip(told, wanted, strict=True)
            ):
                breach = {"from": start, "to": end, "told": told, "wanted": wanted}
                finding.breaches.append(breach)

    def _get_pipeline(self, day):
        """Return what is open in the snapshot of a day, or now, of all companies."""
        now = SQL(
            "SELECT company_id, sum(expected_revenue_company) AS total"
            " FROM billinator_opportunity"
            " WHERE active AND status = 'open' GROUP BY company_id"
        )
        then = SQL(
            "SELECT company_id, sum(expected_revenue) AS total"
            " FROM billinator_pipeline_snapshot"
            " WHERE status = 'open' AND date = %s GROUP BY company_id",
            day,
        )
        current = self.env.company
        return sum(
            self.env["res.company"]
            .browse(row["company_id"])
            .currency_id._convert(float(row["total"]), current.currency_id, current)
            for row in self._query(then if day else now)
        )

    def _check_figures(self, model, finding):
        """Compare what is stored with what the model computes anew."""
        names = FIGURES[model].split()
        for records in self._in_batches(model, []):
            finding.count += len(records) * len(names)
            stored = [{name: record[name] for name in names} for record in records]
            with closing(self.env.cr.savepoint(flush=False)):
                for name in names:
                    self.env.add_to_compute(records._fields[name], records)
                for record, before in zip(records, stored, strict=True):
                    finding.breaches += [
                        {model: record.id, name: before[name], "computed": record[name]}
                        for name in names
                        if not _are_equal(record, name, before[name])
                    ]
                self.env.cr.clear()


def _add_up_tax_groups(totals_list):
    """Return the tax of each group, by its id, over several totals."""
    amounts = {}
    for totals in totals_list:
        for subtotal in totals["subtotals"]:
            for group in subtotal["tax_groups"]:
                amount = group["tax_amount_currency"]
                amounts[group["id"]] = amounts.get(group["id"], 0) + amount
    return amounts


def _are_equal(record, name, stored):
    field = record._fields[name]
    if field.type != "monetary":
        return record[name] == stored
    currency = record[field.get_currency_field(record)]
    return not currency.compare_amounts(record[name], stored)


def parse_arguments():
    parser = argparse.ArgumentParser(
        description=__doc__, epilog="Further options are Odoo's."
    )
    parser.add_argument("database", help="with the addon installed; nothing is changed")
    parser.add_argument("-c", "--config", help="Odoo's configuration file")
    parser.add_argument(
        "--journal", type=Path, help="what the soak's clients were told"
    )
    return parser.parse_known_args()


def main():
    options, odoo_options = parse_arguments()
    configuration = ["-c", options.config] if options.config else []
    config.parse_config([*configuration, *odoo_options])
    with Registry(options.database).cursor() as cr:
        env = api.Environment(cr, SUPERUSER_ID, {})
        findings = Audit(env).run()
        if options.journal:
            findings += Journal(options.journal, env).run()
        cr.rollback()
    return report(findings)


if __name__ == "__main__":
    raise SystemExit(main())
