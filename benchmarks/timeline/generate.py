"""Customers with many events, made in the database by copying one of each kind."""

import math
from datetime import timedelta

from odoo.fields import Command, Datetime
from odoo.tools import SQL

SIZES = (10, 10_000, 1_000_000)
OTHERS, OTHERS_SIZE = 100, 1_000
YEARS = 5
PREFIX = "Timeline benchmark"
# How the events of a customer are made up. Meetings are the rare kind.
SHARES = {
    "opportunity": 0.05,
    "quote": 0.05,
    "partner_message": 0.10,
    "opportunity_message": 0.35,
    "quote_message": 0.12,
    "stage": 0.10,
    "state": 0.05,
    "note": 0.05,
    "activity": 0.05,
    "invoice": 0.04,
    "payment": 0.04,
}
MEETINGS = 3
# One document in so many is the measured salesperson's.
OWN = 100


def generate(env):
    """Return the customers by size, as dicts, and the users, made where missing."""
    users = _get_users(env)
    customers = {}
    names = {size: f"{PREFIX} {size}" for size in SIZES}
    names |= {f"other {n}": f"{PREFIX} other {n}" for n in range(OTHERS)}
    generator = None
    for key, name in names.items():
        partner = env["res.partner"].search([("name", "=", name)])
        if not partner:
            generator = generator or Generator(env, users)
            partner = generator.create_customer(name, key if key in SIZES else None)
        customers[key] = {"id": partner.id, "middle": _get_middle()}
    env.cr.commit()
    if generator:
        _vacuum(env)
    return customers, users


def _get_middle():
    moment = Datetime.now() - timedelta(days=365 * YEARS / 2)
    return f"{moment.isoformat()}_0"


def _vacuum(env):
    connection = env.cr._cnx
    connection.set_session(autocommit=True)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
    connection.set_session(autocommit=False)


def _get_users(env):
    roles = {
        "manager": "sales_team.group_sale_manager",
        "salesperson": "sales_team.group_sale_salesman",
        "colleague": "sales_team.group_sale_salesman",
        "idle": "sales_team.group_sale_salesman",
    }
    users = {}
    for role, group in roles.items():
        login = f"timeline_benchmark_{role}"
        user = env["res.users"].search([("login", "=", login)])
        groups = [group]
        if role == "manager":
            groups.append("account.group_account_invoice")
        users[role] = user or env["res.users"].create(
            {
                "name": f"{PREFIX} {role}",
                "login": login,
                "group_ids": [Command.set([env.ref(name).id for name in groups])],
            }
        )
    return users


class Generator:
    """Copies rows, with other customers, documents, people and dates."""

    def __init__(self, env, users):
        self.env = env
        self.users = users
        self.templates = self._create_templates()
        env.flush_all()

    # === One of each === #

    def _create_templates(self):
        customer = self.env["res.partner"].create({"name": f"{PREFIX} template"})
        return {
            "person": self.env["res.partner"].create(
                {"name": "A person", "parent_id": customer.id}
            ),
            **self._create_documents(customer),
            **self._create_accounting(customer),
            **self._create_meeting(customer),
        }

    def _create_documents(self, customer):
        """Create a deal and a quote, with all that is kept about them."""
        deal, quote = self._create_moved_documents(customer)
        said = {"body": "Hello, here is what we spoke of.", "message_type": "comment"}
        activity = deal.activity_schedule("mail.mail_activity_data_call")
        return {
            "opportunity": deal,
            "quote": quote,
            "partner_message": customer.message_post(**said),
            "opportunity_message": deal.message_post(**said),
            "quote_message": quote.message_post(**said),
            "stage": self._get_change(deal, "stage"),
            "state": self._get_change(quote, "state"),
            "note": self.env["billinator.note"].create(
                {"note_type": "call", "subject": "A call", "partner_id": customer.id}
            ),
            "native_activity": activity,
            "activity": self._get_crm_activity(activity),
        }

    def _create_moved_documents(self, customer):
        """Create a deal that changed its stage, and a quote that changed its state."""
        stages = self.env["billinator.stage"].search([], limit=2)
        deal = self.env["billinator.opportunity"].create(
            {"name": "A deal", "partner_id": customer.id, "stage_id": stages[0].id}
        )
        quote = self.env["billinator.quote"].create({"partner_id": customer.id})
        self._log_changes()
        deal.stage_id = stages[1]
        quote.write({"state": "rejected"})
        self._log_changes()
        return deal, quote

    def _log_changes(self):
        self.env.flush_all()
        self.env.cr.precommit.run()

    def _create_accounting(self, customer):
        journal = self.env["account.journal"].search([("type", "=", "bank")], limit=1)
        return {
            "invoice": self.env["account.move"].create(
                {"move_type": "out_invoice", "partner_id": customer.id}
            ),
            "payment": self.env["account.payment"].create(
                {"partner_id": customer.id, "amount": 100, "journal_id": journal.id}
            ),
        }

    def _create_meeting(self, customer):
        meeting = self.env["calendar.event"].create(
            {
                "name": "A meeting",
                "start": "2026-01-01 10:00:00",
                "stop": "2026-01-01 11:00:00",
                "partner_ids": [Command.set(customer.ids)],
            }
        )
        return {"meeting": meeting, "attendee": meeting.attendee_ids[:1]}

    def _get_change(self, document, event):
        return document.message_ids.filtered(
            lambda message: message.billinator_event == event
        )[:1]

    def _get_crm_activity(self, activity):
        Activity = self.env["billinator.activity"]
        return Activity.search([("activity_id", "=", activity.id)])

    # === Many of each === #

    def create_customer(self, name, size=None):
        """Create a company with its people, documents and events."""
        size = size or OTHERS_SIZE
        company = self.env["res.partner"].create({"name": name, "is_company": True})
        self.env.flush_all()
        self.company = company.id
        self.people = self._copy_people(math.ceil(size / 1000))
        counts = {kind: max(1, round(size * share)) for kind, share in SHARES.items()}
        deals = self._copy_documents("opportunity", counts["opportunity"])
        quotes = self._copy_documents("quote", counts["quote"])
        self._copy_messages("partner_message", self.people, counts)
        self._copy_messages("opportunity_message", deals, counts)
        self._copy_messages("quote_message", quotes, counts)
        self._copy_messages("stage", deals, counts)
        self._copy_messages("state", quotes, counts)
        self._copy_notes(counts["note"], deals)
        self._copy_activities(counts["activity"], deals)
        self._copy_accounting(counts)
        self._copy_meetings()
        self.env.invalidate_all()
        print(f"{name}: {sum(counts.values()) + MEETINGS:,} events")
        return company

    def _copy(self, template, count, **values):
        """Insert ``count`` copies of a record, with SQL of ``n`` for some columns.

        :return: the first id and their number; the ids follow one another
        """
        cr, table = self.env.cr, self.templates[template]._table
        cr.execute(
            SQL(
                "SELECT attname FROM pg_attribute WHERE attrelid = %s::regclass"
                " AND attnum > 0 AND NOT attisdropped AND attname <> 'id'",
                table,
            )
        )
        names = [name for (name,) in cr.fetchall()]
        cr.execute(
            SQL("SELECT COALESCE(MAX(id), 0) + 1 FROM %s", SQL.identifier(table))
        )
        [first] = cr.fetchone()
        columns = SQL(", ").join(SQL.identifier(name) for name in names)
        sources = SQL(", ").join(
            values.get(name) or SQL.identifier("template", name) for name in names
        )
        cr.execute(
            SQL(
                "INSERT INTO %(table)s (id, %(columns)s)"
                " SELECT %(first)s + n, %(sources)s FROM %(table)s template,"
                " generate_series(0, %(last)s) n WHERE template.id = %(template)s",
                table=SQL.identifier(table),
                columns=columns,
                sources=sources,
                first=first,
                last=count - 1,
                template=self.templates[template].id,
            )
        )
        sequence = f"{table}_id_seq"
        cr.execute(SQL("SELECT setval(%s, %s)", sequence, first + count))
        return first, count

    def _date(self, count):
        """Spread dates over the years, in no order, as SQL."""
        return SQL(
            "(now() AT TIME ZONE 'UTC') - (n::bigint * 7919 %% %s + 0.5)"
            " * interval %s / %s",
            *(count, f"{YEARS} years", count),
        )

    def _owner(self):
        own, other = self.users["salesperson"].id, self.users["colleague"].id
        return SQL("CASE WHEN n %% %s = 0 THEN %s ELSE %s END", OWN, own, other)

    def _author(self):
        own, other = self.users["salesperson"], self.users["colleague"]
        return SQL(
            "CASE WHEN n %% %s = 0 THEN %s ELSE %s END",
            *(OWN, own.partner_id.id, other.partner_id.id),
        )

    def _one_of(self, block):
        first, count = block
        return SQL("%s + n %% %s", first, count)

    def _of_company(self):
        return {
            "partner_id": self._one_of(self.people),
            "commercial_partner_id": SQL("%s", self.company),
        }

    def _copy_people(self, count):
        company = SQL("%s", self.company)
        return self._copy(
            "person", count, parent_id=company, commercial_partner_id=company
        )

    def _copy_documents(self, kind, count):
        values = {
            **self._of_company(),
            "create_date": self._date(count),
            "create_uid": self._owner(),
            "user_id": self._owner(),
        }
        if kind == "quote":
            values["name"] = SQL("%s || n", f"Q{self.company}/")
        return self._copy(kind, count, **values)

    def _copy_messages(self, kind, documents, counts):
        count = counts[kind]
        messages = self._copy(
            kind,
            count,
            res_id=self._one_of(documents),
            billinator_customer_id=SQL("%s", self.company),
            date=self._date(count),
            author_id=self._author(),
            message_id=SQL("%s || n", f"{kind}{self.company}-"),
        )
        change = self.templates[kind].tracking_value_ids[:1]
        if change:
            self.templates["change"] = change
            self._copy("change", count, mail_message_id=self._one_of(messages))

    def _copy_notes(self, count, deals):
        self._copy(
            "note",
            count,
            **self._of_company(),
            date=self._date(count),
            user_id=self._owner(),
            opportunity_id=self._one_of(deals),
        )

    def _copy_activities(self, count, deals):
        native = self._copy(
            "native_activity",
            count,
            res_id=self._one_of(deals),
            user_id=self._owner(),
        )
        self._copy(
            "activity",
            count,
            **self._of_company(),
            activity_id=self._one_of(native),
            due_date=self._date(count),
            user_id=self._owner(),
            opportunity_id=self._one_of(deals),
        )

    def _copy_accounting(self, counts):
        count = counts["invoice"]
        self._copy(
            "invoice",
            count,
            **self._of_company(),
            name=SQL("%s || n", f"INV/{self.company}/"),
            invoice_date=SQL("(%s)::date", self._date(count)),
        )
        count = counts["payment"]
        company = SQL("%s", self.company)
        self._copy(
            "payment",
            count,
            partner_id=company,
            billinator_customer_id=company,
            date=SQL("(%s)::date", self._date(count)),
        )

    def _copy_meetings(self):
        events = self._copy("meeting", MEETINGS, start=self._date(MEETINGS))
        self._copy(
            "attendee",
            MEETINGS,
            event_id=self._one_of(events),
            partner_id=self._one_of(self.people),
            billinator_customer_id=SQL("%s", self.company),
            billinator_start=self._date(MEETINGS),
            access_token=SQL("%s || n", f"timeline{self.company}-"),
        )
