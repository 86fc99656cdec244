"""Fills a database with the same years of sales on both sides.

See README.md beside this file. Usage: python generate.py DATABASE DEALS [-c odoo.conf]
"""

import argparse
import json
import time

from bulk import Bulk, chance, pick, share, without_indexes
from sides import OPEN_STAGES, SIDES

from odoo import api
from odoo.fields import Command
from odoo.modules.registry import Registry
from odoo.tools import SQL, config

LOGIN = "benchmark"
PARAMETER = "benchmark.peers"
PEOPLE, TEAMS, TAGS, PRODUCTS = 40, 4, 30, 100
POOL = 200
INVOICES = 50
LINES = 3
DEALS_PER_QUOTE = 5
SYLLABLES = (
    *("ba", "ce", "di", "fo", "gu", "hal", "jem", "kin"),
    *("lor", "mun", "pax", "qua", "ris", "sol", "tev", "wyn"),
)
SUBJECTS = ("Roof", "Servers", "Licences", "Fleet", "Kitchen", "Network", "Lighting")
NOW = SQL("(now() AT TIME ZONE 'UTC')::timestamp(0)")
RELATED_TABLES = (
    "mail_message",
    "mail_tracking_value",
    "mail_followers",
    "mail_followers_mail_message_subtype_rel",
    "mail_activity",
    "billinator_activity",
    "res_partner",
)


class People:
    """Who sells what to whom: one set of users, customers and products."""

    def __init__(self, env):
        self.env = env
        self.users = self._create_users()
        self.teams = env["crm.team"].create(
            [
                {
                    "name": f"Benchmark team {number}",
                    "member_ids": [Command.set(self.users[number::TEAMS].ids)],
                }
                for number in range(TEAMS)
            ]
        )
        self.products = self._create_products()
        self.customer = env["res.partner"].create(
            {
                "name": "Template Ltd",
                "is_company": True,
                "email": "office@example.com",
                "phone": "+1 212 555 0100",
                "country_id": env.ref("base.us").id,
            }
        )

    def _create_users(self):
        """Create the manager who is measured, and salespeople."""
        groups = {
            number: self.env.ref(f"sales_team.group_sale_{role}").ids
            for number, role in enumerate(("manager", "salesman"))
        }
        return self.env["res.users"].create(
            [
                {
                    "name": f"Benchmark person {number}",
                    "login": LOGIN if number == 0 else f"{LOGIN}{number}",
                    # It takes a third of a second to hash one.
                    **({"password": LOGIN} if number == 0 else {}),
                    "email": f"person{number}@example.com",
                    "tz": "Europe/Brussels",
                    "group_ids": [Command.set(groups[min(number, 1)])],
                }
                for number in range(PEOPLE)
            ]
        )

    def _create_products(self):
        return self.env["product.product"].create(
            [
                {"name": f"Benchmark product {number}", "list_price": 10 + number}
                for number in range(PRODUCTS)
            ]
        )


class Generator:
    """Copies what was made by hand, the same on either side."""

    def __init__(self, env, deals):
        self.env = env
        self.bulk = Bulk(env.cr)
        self.count = deals
        # Five hundred of them are won at once.
        self.opened = max(deals // 5, min(deals, 600))
        self.closed = deals - self.opened
        self.partners = max(deals // 10, 2 * POOL)
        self.people = People(env)
        self.quotes = deals // DEALS_PER_QUOTE
        self.result = {
            "deals": deals,
            "quotes": self.quotes,
            "products": self.people.products.ids,
        }

    def run(self):
        """Insert everything, and note where it is."""
        self._complete_stages()
        sides = [side(self.env) for side in SIDES]
        # Whoever makes a record follows it.
        person = self.env(user=self.people.users[1].id)
        templates = [self._create_templates(side(person)) for side in SIDES]
        self.env.cr.flush()
        tables = {*RELATED_TABLES}
        for side in sides:
            tables |= set(self._get_own_tables(side))
        with without_indexes(self.env.cr, tables):
            self.result["partner"] = self.partner = self._copy_partners()
            for side, template in zip(sides, templates, strict=True):
                self.result[side.name] = self._copy_side(side, template)
        self.env.invalidate_all()
        for side in SIDES:
            manager = side(self.env(user=self.people.users[0].id))
            self.result[side.name] |= self._create_pool(manager)
        self._create_invoices()
        self.env["ir.config_parameter"].set_param(PARAMETER, json.dumps(self.result))

    def _complete_stages(self):
        """Give Odoo's pipeline as many stages as ours has."""
        stage = self.env["crm.stage"].search([("is_won", "=", True)], limit=1)
        before = self.env["crm.stage"].search(
            [("is_won", "=", False)], order="sequence"
        )
        if len(before) < len(OPEN_STAGES):
            sequence = before[-1].sequence + 1
            stage.sequence = max(stage.sequence, sequence + 1)
            self.env["crm.stage"].create(
                {"name": OPEN_STAGES[-1], "sequence": sequence}
            )

    def _get_own_tables(self, side):
        env = self.env
        relations = (
            env[side.deal]._fields["tag_ids"],
            env[side.line]._fields["tax_ids"],
        )
        models = (side.deal, side.quote, side.line)
        return [env[name]._table for name in models] + [f.relation for f in relations]

    # === One of each === #

    def _create_templates(self, side):
        customer, products = self.people.customer, self.people.products[:LINES]
        values = side.prepare_deal(0, customer)
        deals = side.create_in_each_stage(values)
        quotes = side.create_in_each_state(customer, products)
        # Another one, since what moved keeps a trace of it.
        moved = side.deals.create(values).sudo()
        self.env.cr.flush()
        moved.stage_id = side.get_stages()[1]
        self.env.cr.flush()
        changes = moved.message_ids.filtered("tracking_value_ids")
        return {
            "deals": deals,
            "quotes": quotes,
            "lines": side.get_lines(quotes),
            "created": (moved.message_ids - changes)[-1:],
            "changed": changes[:1],
            "quoted": quotes[0].sudo().message_ids[-1:],
            "activity": moved.activity_schedule("mail.mail_activity_data_call"),
            "tags": self.env[side.tag].create(
                [{"name": f"Benchmark tag {number}"} for number in range(TAGS)]
            ),
        }

    def _create_invoices(self):
        """Post and pay some invoices.

        PostgreSQL plans for what is in its tables: with none of them, what is added
        last is compared row by row.
        """
        lines = [
            Command.create({"product_id": product.id})
            for product in self.people.products[:LINES]
        ]
        invoices = self.env["account.move"].create(
            [
                {
                    "move_type": "out_invoice",
                    "partner_id": self.people.customer.id,
                    "invoice_line_ids": lines,
                }
                for _number in range(INVOICES)
            ]
        )
        invoices.action_post()
        self.env["account.payment.register"].with_context(
            active_model=invoices._name, active_ids=invoices.ids
        ).create({"group_payment": False}).action_create_payments()

    # === SQL of one row, by its number n === #

    def _get_partner(self):
        return SQL("%s + 1 + %s %% %s", self.partner, chance(1), self.partners)

    def _get_place(self):
        """Return the stage: the newest deals are open, the others won or lost."""
        return SQL(
            "CASE WHEN n > %s THEN %s %% %s ELSE %s + (%s %% 8 > 2)::int END",
            *(self.closed, chance(2), len(OPEN_STAGES)),
            *(len(OPEN_STAGES), chance(3)),
        )

    def _get_created(self):
        """Return when it began: five years ago at most, half a year if it is open."""
        return SQL(
            "(%s - interval '1 day' * CASE WHEN n > %s THEN 180.0 * (%s - n) / %s"
            " ELSE 160 + 1600.0 * (1 - n / %s::float) END)",
            *(NOW, self.closed, self.count, self.opened, max(self.closed, 1)),
        )

    def _get_closed(self):
        return SQL(
            "(%s + interval '1 day' * (1 + %s))", self._get_created(), self._days()
        )

    def _days(self):
        return SQL("(%s %% 100)", chance(4))

    def _get_money(self, column):
        """Return a sum that is to the deal's value what the template's is to its."""
        return SQL(
            "round((%s * template.%s / template.expected_revenue)::numeric, 2)",
            *(self._get_value(), SQL.identifier(column)),
        )

    def _get_value(self):
        return SQL("round((500 + 50000 * %s)::numeric, 2)", share(5))

    # === Many of each === #

    def _copy(self, templates, count, place=None, join=None, **values):
        """Copy rows, with those of the values that the table has columns for."""
        columns = self.bulk.get_columns(templates._table)
        known = {name: value for name, value in values.items() if name in columns}
        return self.bulk.copy(templates, count, place, join, **known)

    def _copy_partners(self):
        name = SQL(
            "initcap(%s || %s || %s) || ' ' || initcap(%s) || ' Ltd'",
            *(pick(SYLLABLES, salt, "text") for salt in (11, 12, 13, 14)),
        )
        return self._copy(
            self.people.customer,
            self.partners,
            name=name,
            complete_name=name,
            commercial_company_name=name,
            commercial_partner_id=SQL("new_id"),
            email=SQL("'office' || n || '@example.com'"),
            email_normalized=SQL("'office' || n || '@example.com'"),
            phone=SQL("'+1 212 555 ' || lpad(n::text, 7, '0')"),
            create_date=SQL("%s - interval '6 years'", NOW),
        )

    def _copy_side(self, side, templates):
        deals = self._copy_deals(templates["deals"])
        self._relate_tags(side, templates["tags"], deals)
        self._copy_histories(side, templates, deals)
        self._copy_activities(templates["activity"], side, deals)
        quotes = self._copy_quotes(side, templates["quotes"], deals)
        lines = self._copy_lines(side, templates["lines"], quotes)
        self._relate_taxes(side, templates["lines"], lines)
        self._copy_messages(templates["quoted"], self.quotes, quotes, NOW)
        person = SQL("%s", self.people.users[1].partner_id.id)
        self._copy_followers(templates["quotes"][0], self.quotes, quotes, person)
        return {"deal": deals, "quote": quotes, "tags": templates["tags"].ids}

    def _copy_deals(self, templates):
        money = (
            "expected_revenue_company",
            "weighted_revenue",
            "committed_revenue",
            "prorated_revenue",
        )
        columns = self.bulk.get_columns(templates._table)
        return self._copy(
            templates,
            self.count,
            place=self._get_place(),
            join=SQL(
                "JOIN res_partner partner ON partner.id = %s", self._get_partner()
            ),
            name=SQL("%s || ' for ' || partner.name", pick(SUBJECTS, 7, "text")),
            user_id=pick(self.people.users.ids, 8),
            team_id=pick(self.people.teams.ids, 9),
            priority=SQL("(%s %% 4)::text", chance(10)),
            expected_revenue=self._get_value(),
            **self._get_customer_values(),
            **self._get_deal_dates(),
            **{name: self._get_money(name) for name in money if name in columns},
        )

    def _get_customer_values(self):
        partner, phone = SQL("partner.id"), SQL("replace(partner.phone, ' ', '')")
        email = SQL("partner.email_normalized")
        return {
            "partner_id": partner,
            "commercial_partner_id": partner,
            "partner_name": SQL(
                "CASE WHEN template.partner_name IS NOT NULL THEN partner.name END"
            ),
            "email_from": SQL("partner.email"),
            "email_normalized": email,
            "email_domain_criterion": email,
            "phone": SQL("partner.phone"),
            "phone_sanitized": phone,
            "phone_key": SQL("right(%s, 9)", phone),
        }

    def _get_deal_dates(self):
        created, closed = self._get_created(), self._get_closed()
        is_closed = SQL("n <= %s", self.closed)
        days = SQL("CASE WHEN %s THEN 1 + %s END", is_closed, self._days())
        deadline = SQL(
            "(CASE WHEN %s THEN %s ELSE %s + interval '1 day' * (%s %% 210 - 30) END)"
            "::date",
            *(is_closed, closed, NOW, chance(6)),
        )
        return {
            "create_date": created,
            "write_date": created,
            "date_open": created,
            "date_conversion": created,
            "date_last_stage_update": SQL(
                "CASE WHEN %s THEN %s ELSE %s END", is_closed, closed, created
            ),
            "date_deadline": deadline,
            "last_deadline": deadline,
            "date_closed": SQL("CASE WHEN %s THEN %s END", is_closed, closed),
            "day_close": days,
            "days_to_close": days,
        }

    def _relate_tags(self, side, tags, deals):
        """Give each deal a tag, and every third one another."""
        field = self.env[side.deal]._fields["tag_ids"]
        half = len(tags) // 2
        for chosen, salt, step in ((tags[:half], 21, 1), (tags[half:], 22, 3)):
            self.bulk.relate(
                field.relation,
                (field.column1, field.column2),
                SQL(
                    "SELECT %s + n, %s FROM generate_series(1, %s, %s) n",
                    *(deals, pick(chosen.ids, salt), self.count, step),
                ),
            )

    def _copy_histories(self, side, templates, deals):
        """Copy creation, a change of stage and the follower of each deal."""
        count, ended = self.count, self._get_closed()
        self._copy_messages(templates["created"], count, deals, self._get_created())
        changed = self._copy_messages(templates["changed"], count, deals, ended)
        self._copy(
            templates["changed"].tracking_value_ids[:1],
            count,
            mail_message_id=SQL("%s + n", changed),
            create_date=ended,
        )
        partners = [user.partner_id.id for user in self.people.users]
        person = pick(partners, 8)
        self._copy_followers(templates["deals"][0], count, deals, person)

    def _copy_followers(self, template, count, documents, partner):
        """Have each document followed by one person."""
        follower = template.sudo().message_follower_ids[0]
        followers = self._copy(
            follower,
            count,
            res_id=SQL("%s + n", documents),
            partner_id=partner,
        )
        field = self.env["mail.followers"]._fields["subtype_ids"]
        self.bulk.relate(
            field.relation,
            (field.column1, field.column2),
            SQL(
                "SELECT %s + n, subtype FROM generate_series(1, %s) n,"
                " unnest(%s::int[]) subtype",
                *(followers, count, follower.subtype_ids.ids),
            ),
        )

    def _copy_messages(self, message, count, documents, date):
        return self._copy(
            message,
            count,
            res_id=SQL("%s + n", documents),
            date=date,
            create_date=date,
            message_id=SQL("n || template.message_id"),
            billinator_customer_id=SQL(
                "CASE WHEN template.billinator_customer_id > 0 THEN %s END",
                self._get_partner(),
            ),
        )

    def _copy_activities(self, template, side, deals):
        """Give every second open deal a next activity, ours with its row beside."""
        count = self.opened // 2
        deal = SQL("%s + %s - 2 * n", deals, self.count + 1)
        due = SQL("(%s + interval '1 day' * (%s %% 40 - 10))", NOW, chance(31))
        values = {
            "join": SQL(
                "JOIN %s deal ON deal.id = %s",
                *(SQL.identifier(self.env[side.deal]._table), deal),
            ),
            "user_id": SQL("deal.user_id"),
        }
        natives = self._copy(
            template,
            count,
            **values,
            res_id=deal,
            date_deadline=SQL("%s::date", due),
            res_name=SQL("deal.name"),
        )
        rows = self.env["billinator.activity"].search(
            [("activity_id", "=", template.id)]
        )
        if rows:
            self._copy(
                rows,
                count,
                **values,
                activity_id=SQL("%s + n", natives),
                opportunity_id=deal,
                partner_id=SQL("deal.partner_id"),
                commercial_partner_id=SQL("deal.partner_id"),
                team_id=SQL("deal.team_id"),
                due_date=due,
            )

    def _copy_quotes(self, side, templates, deals):
        day = SQL("deal.create_date + interval '1 day'")
        partner = SQL("deal.partner_id")
        return self._copy(
            templates,
            self.quotes,
            place=SQL("n %% 4"),
            join=SQL(
                "JOIN %s deal ON deal.id = %s + n * %s",
                SQL.identifier(self.env[side.deal]._table),
                *(deals, DEALS_PER_QUOTE),
            ),
            name=SQL("'BENCHMARK/' || n"),
            partner_id=partner,
            commercial_partner_id=partner,
            partner_invoice_id=partner,
            partner_shipping_id=partner,
            opportunity_id=SQL("deal.id"),
            user_id=SQL("deal.user_id"),
            team_id=SQL("deal.team_id"),
            create_date=day,
            write_date=day,
            date_order=day,
            date_quote=SQL("(%s)::date", day),
            validity_date=SQL("(%s)::date + 30", day),
            access_token=SQL("NULL"),
        )

    def _copy_lines(self, side, templates, quotes):
        return self._copy(
            templates,
            self.quotes * LINES,
            place=SQL("((n - 1) / %s + 1) %% 4 * %s + (n - 1) %% %s", *[LINES] * 3),
            join=SQL(
                "JOIN %s quote ON quote.id = %s + 1 + (n - 1) / %s",
                SQL.identifier(self.env[side.quote]._table),
                *(quotes, LINES),
            ),
            order_id=SQL("quote.id"),
            quote_id=SQL("quote.id"),
            order_partner_id=SQL("quote.partner_id"),
            salesman_id=SQL("quote.user_id"),
            create_date=SQL("quote.create_date"),
            write_date=SQL("quote.create_date"),
        )

    def _relate_taxes(self, side, templates, lines):
        field = self.env[side.line]._fields["tax_ids"]
        count = self.quotes * LINES
        self.bulk.relate(
            field.relation,
            (field.column1, field.column2),
            SQL(
                "SELECT %s + n, tax FROM generate_series(1, %s) n,"
                " unnest(%s::int[]) tax",
                *(lines, count, templates.tax_ids.ids),
            ),
        )

    def _create_pool(self, side):
        """Create the quotes that are worked on, each of another customer."""
        Partner = self.env["res.partner"]
        partners = Partner.browse(self.partner + 1 + n for n in range(POOL))
        products = self.people.products
        quotes = side.env[side.quote].create(
            [side.prepare_quote(partner, products[:10]) for partner in partners]
        )
        return {
            "pool": quotes.ids,
            "large": side.create_quote(partners[0], products).id,
        }


def vacuum(env):
    """Have the database's statistics up to date, and nothing left to clean."""
    connection = env.cr._cnx
    connection.commit()
    connection.set_session(autocommit=True)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
    connection.set_session(autocommit=False)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("database", help="with both sides installed, and empty")
    parser.add_argument("deals", type=int)
    parser.add_argument("-c", "--config", help="Odoo's configuration file")
    options = parser.parse_args()
    config.parse_config(["-c", options.config] if options.config else [])
    start = time.monotonic()
    with Registry(options.database).cursor() as cr:
        env = api.Environment(cr, api.SUPERUSER_ID, {})
        Generator(env, options.deals).run()
        cr.commit()
        vacuum(env)
        # What either side counts at night.
        env["billinator.stage.conversion"]._cron_refresh()
        env["crm.lead"]._cron_update_automated_probabilities()
        cr.commit()
        vacuum(env)
    print(f"{options.deals:,} deals in {time.monotonic() - start:.0f} s")


if __name__ == "__main__":
    main()
