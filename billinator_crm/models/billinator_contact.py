from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.fields import Domain
from odoo.tools import SQL

from ..arguments import as_id, one_record, parse
from ..markers import CONTACT_ROW_FOLLOWS

ROLES = [
    ("decision_maker", "Decision Maker"),
    ("influencer", "Influencer"),
    ("user", "User"),
    ("billing", "Billing"),
    ("technical", "Technical"),
]


def split_names(text):
    """Yield what may be a person and a customer in a text.

    Written as contacts are shown, or as Odoo shows the person; either name may have
    brackets and commas of its own.
    """
    for divide in (str.partition, str.rpartition):
        if text.endswith(")"):
            person, bracket, customer = divide(text[:-1], " (")
            if bracket:
                yield person, customer
        customer, comma, person = divide(text, ", ")
        if comma:
            yield person, customer


class BillinatorContact(models.Model):
    """Who a person is for a customer; the person itself is a partner.

    A person may be contact of several customers, with another role at each.
    """

    _name = "billinator.contact"
    _description = "Customer Contact"
    _inherit = [
        "billinator.annotated.mixin",
        "billinator.batch.import.mixin",
        "billinator.export.mixin",
    ]
    _inherits = {"res.partner": "person_id"}
    _order = "is_primary desc, id"
    _note_field = "contact_id"

    person_id = fields.Many2one("res.partner", required=True, ondelete="cascade")
    customer_id = fields.Many2one(
        "res.partner", required=True, index=True, ondelete="cascade"
    )
    designation = fields.Char(
        compute="_compute_designation",
        inverse="_inverse_designation",
        store=True,
        readonly=False,
        help="The person's job at this customer.",
    )
    # A field of its own: of the person's, Odoo says that one can group by it.
    activity_state = fields.Selection(
        related="person_id.activity_state", related_sudo=False
    )
    # Likewise: Odoo computes them of invoices, which not everybody may read.
    days_sales_outstanding = fields.Float(
        related="person_id.days_sales_outstanding",
        related_sudo=False,
        exportable=False,
    )
    supplier_invoice_count = fields.Integer(
        related="person_id.supplier_invoice_count",
        related_sudo=False,
        exportable=False,
    )
    department = fields.Char()
    role = fields.Selection(ROLES, help="The person's part in the customer's decisions")
    is_primary = fields.Boolean(
        string="Primary",
        copy=False,
        help="Whom to speak to first. A customer has one primary contact at most.",
    )

    _person_customer_uniq = models.Constraint(
        "UNIQUE(person_id, customer_id)",
        "This person is a contact of this customer already.",
    )
    _person_is_not_customer = models.Constraint(
        "CHECK(person_id <> customer_id)",
        "A customer cannot be its own contact.",
    )
    # An exclusion and no unique index, because it is checked when a statement ends:
    # so one UPDATE hands the mark from one contact to the other.
    _primary_uniq = models.Constraint(
        "EXCLUDE USING btree (customer_id WITH =) WHERE (is_primary)"
        " DEFERRABLE INITIALLY IMMEDIATE",
        "This customer has another primary contact. Use “Make Primary” to change it.",
    )

    # === Computes === #

    @api.depends("person_id.function")
    def _compute_designation(self):
        """A person's job is the one at his or her own company."""
        for contact in self:
            contact.designation = (
                contact.person_id.function
                if contact._is_employee()
                else contact.designation
            )

    def _inverse_designation(self):
        for contact in self.filtered(lambda contact: contact._is_employee()):
            if contact.person_id.function != contact.designation:
                contact.person_id.function = contact.designation

    @api.depends("person_id.name", "customer_id.name")
    def _compute_display_name(self):
        for contact in self:
            contact.display_name = f"{contact.name} ({contact.customer_id.name})"

    @api.model
    def _search_display_name(self, operator, value):
        """Find people also together with the customer: so files name them."""
        if operator in Domain.NEGATIVE_OPERATORS:
            return NotImplemented
        texts, operator_of_one = (
            (value, "=") if operator == "in" else ([value], operator)
        )
        pairs = {
            pair
            for text in texts
            if isinstance(text, str)
            for pair in split_names(text)
        }
        return Domain.OR(
            [
                super()._search_display_name(operator, value),
                *(
                    Domain("name", operator_of_one, person)
                    & Domain("customer_id.name", operator_of_one, customer)
                    for person, customer in sorted(pairs)
                ),
            ]
        )

    # === Constraints === #

    @api.constrains("person_id", "customer_id")
    def _check_person(self):
        for contact in self:
            if contact.person_id.is_company:
                raise ValidationError(
                    self.env._(
                        "%s is a company: only people can be contacts.", contact.name
                    )
                )

    @api.constrains("person_id", "customer_id")
    def _check_customer(self):
        """Say so before PostgreSQL does, which would also log an error."""
        for contact in self:
            self._check_somebody_else(contact.person_id.id, contact.customer_id.id)

    def _check_somebody_else(self, person_id, customer_id):
        if person_id and person_id == customer_id:
            raise ValidationError(self.env._("A customer cannot be its own contact."))

    def _check_named(self, vals):
        """Say so before PostgreSQL does, which would also log an error."""
        is_contact = vals.get("type") in (None, "contact")
        if is_contact and not (vals.get("person_id") or vals.get("name")):
            raise ValidationError(
                self.env._("Say who the contact is: enter a name, or choose a person.")
            )

    # === CRUD === #

    @api.model_create_multi
    def create(self, vals_list):
        # A new person becomes an address of the customer, as in Odoo's Contacts app;
        # the row that this makes there is the one made here.
        Contact = CONTACT_ROW_FOLLOWS.on(self)
        self._check_people_readable(vals_list)
        companies = self._get_companies(vals_list)
        for vals in vals_list:
            if not vals.get("person_id"):
                for name, value in self._prepare_person_values(vals).items():
                    vals.setdefault(name, value)
            self._name_company(vals, companies, [vals.get("person_id")])
        contacts = super(BillinatorContact, Contact).create(vals_list)
        return contacts.with_env(self.env)

    def write(self, vals):
        vals = dict(vals)
        self._check_people_readable([vals])
        self._name_company(vals, self._get_companies([vals]), self.person_id.ids)
        return super().write(vals)

    def _update_cache(self, values, validate=True):
        """Let no form tell of a person whom the user may not see."""
        result = super()._update_cache(values, validate=validate)
        if "person_id" in values:
            self.person_id._origin.check_access("read")
        return result

    @api.model
    def _check_people_readable(self, vals_list):
        """Refuse people whom the user may not see: contacts, and errors, name them."""
        ids = {
            parse(self.env, "person_id", as_id, vals.get("person_id"))
            for vals in vals_list
        }
        self.env["res.partner"].browse(ids - {None}).check_access("read")

    @api.model
    def _get_companies(self, vals_list):
        """Return the id of each customer's whole company, by the customer's."""
        ids = {
            parse(self.env, "customer_id", as_id, vals.get("customer_id"))
            for vals in vals_list
        }
        customers = self.env["res.partner"].browse(ids - {None})
        return {one.id: one.commercial_partner_id.id for one in customers}

    @api.model
    def _name_company(self, vals, companies, person_ids):
        """Take an address of a customer as the customer itself.

        :param companies: as :meth:`_get_companies` returned them
        """
        customer_id = vals.get("customer_id")
        # A customer that is to be its own contact is refused as such.
        if customer_id in companies and customer_id not in person_ids:
            vals["customer_id"] = companies[customer_id]

    @api.model
    def _prepare_person_values(self, vals):
        """Return what a new person is who works for the customer."""
        customer = self.env["res.partner"].browse(
            parse(self.env, "customer_id", as_id, vals.get("customer_id"))
        )
        return {
            "parent_id": customer.id,
            # Those of one company's customer are no business of another one's.
            "company_id": customer.company_id.id,
            # Also where an action makes companies by default.
            "is_company": False,
        }

    def _prepare_create_values(self, vals_list):
        # Odoo prepares properties for every model that has them, inherited or not, and
        # would write them, empty, on the person who is there already.
        prepared = super()._prepare_create_values(vals_list)
        # Constraints are checked after the insertion.
        for vals in prepared:
            self._check_somebody_else(vals.get("person_id"), vals.get("customer_id"))
            self._check_named(vals)
        for vals, values in zip(vals_list, prepared, strict=True):
            if vals.get("person_id") and "properties" not in vals:
                values.pop("properties", None)
        return prepared

    # === Actions === #

    @one_record
    def action_set_primary(self):
        """Make the contact the primary one of its customer, in one statement.

        :return: True
        :raises AccessError: for users who may not change contacts
        """
        self.check_access("write")
        self.flush_model(["is_primary", "customer_id"])
        # All rows of the customer, so that two calls at once always meet in one. Who
        # comes second is told so by PostgreSQL, and Odoo repeats the call: nothing to
        # log.
        self.env.cr.execute(
            SQL(
                "UPDATE billinator_contact SET is_primary = (id = %(id)s),"
                " write_uid = %(uid)s, write_date = now() AT TIME ZONE 'UTC'"
                " WHERE customer_id = %(customer)s",
                id=self.id,
                uid=self.env.uid,
                customer=self.customer_id.id,
            ),
            log_exceptions=False,
        )
        self.invalidate_model(["is_primary", "write_date", "write_uid"])
        self.customer_id.invalidate_recordset(["primary_contact_id"])
        return True

    # === Business === #

    def _prepare_note_values(self):
        return {
            **super()._prepare_note_values(),
            "partner_id": self.customer_id.id,
        }

    def _get_partners(self):
        self.ensure_one()
        return self.person_id + self.customer_id

    def _is_employee(self):
        """Whether the customer is the person's own company."""
        self.ensure_one()
        return self.person_id.commercial_partner_id == self.customer_id

    def _become_primary(self):
        """Mark the first contact of each customer who has no primary one."""
        first = {}
        for contact in self:
            if not contact.customer_id.primary_contact_id:
                first.setdefault(contact.customer_id, contact)
        self.browse().union(*first.values()).is_primary = True

    def _follow_person(self):
        """Move the rows to the company that their people now work for.

        Where the person is known there already, or works for nobody, the row goes.
        """
        leaving = self.filtered(lambda contact: not contact._is_employee())
        known = {
            (contact.person_id, contact.customer_id)
            for contact in self.with_context(active_test=False).search(
                [("person_id", "in", leaving.person_id.ids)]
            )
        }
        leaving._leave_quotes()
        obsolete = self.browse()
        for contact in leaving:
            person = contact.person_id
            company = person.commercial_partner_id
            if company == person or (person, company) in known:
                obsolete |= contact
            else:
                contact.write({"customer_id": company.id, "is_primary": False})
        leaving._leave_activities(obsolete)
        leaving._leave_opportunities(obsolete)
        obsolete.unlink()

    def _leave_quotes(self):
        """Let nobody follow the quotes of a company that he or she has left."""
        quotes = self.env["billinator.quote"].search([("contact_id", "in", self.ids)])
        for contact, quotes_of_contact in quotes.grouped("contact_id").items():
            quotes_of_contact.message_unsubscribe(contact.person_id.ids)

    def _leave_activities(self, obsolete):
        """Plan nothing more with people for a company that they have left.

        :param obsolete: those of the rows that go
        """
        activities = self.env["billinator.activity"].search(
            [("contact_id", "in", self.ids), ("status", "=", "pending")]
        )
        activities.filtered(
            lambda activity: (
                activity.contact_id in obsolete
                or activity.contact_id.customer_id != activity.commercial_partner_id
            )
        ).contact_id = False

    def _leave_opportunities(self, obsolete):
        """Take people out of the open deals of a company that they have left.

        :param obsolete: those of the rows that go
        """
        opportunities = self.env["billinator.opportunity"].search(
            [("contact_ids", "in", self.ids), ("status", "=", "open")]
        )
        for opportunity in opportunities:
            customer = opportunity.commercial_partner_id
            leavers = (opportunity.contact_ids & self).filtered(
                lambda contact, customer=customer: (
                    contact in obsolete or contact.customer_id != customer
                )
            )
            if leavers:
                opportunity.contact_ids -= leavers

    @api.model
    def _create_missing_rows(self):
        """Give the people in the database a row at their company, in one statement."""
        self.env["res.partner"].flush_model()
        self.env.cr.execute(
            SQL(
                """
                INSERT INTO billinator_contact
                    (person_id, customer_id, designation,
                     create_uid, write_uid, create_date, write_date)
                SELECT person.id, person.commercial_partner_id, person.function,
                       %(uid)s, %(uid)s, %(now)s, %(now)s
                  FROM res_partner person
                 WHERE person.type = 'contact'
                   AND person.is_company IS NOT TRUE
                   AND person.commercial_partner_id <> person.id
                    ON CONFLICT (person_id, customer_id) DO NOTHING
                """,
                uid=self.env.uid,
                now=self.env.cr.now(),
            )
        )
        self.invalidate_model()

    # === Imports === #

    @api.model
    def _get_import_templates(self):
        return {"contacts_import.xlsx": self.env._("Import Template for Contacts")}
