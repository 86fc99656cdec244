from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.fields import Domain

from ..arguments import arguments, as_text, one_record
from ..markers import CONTACT_ROW_FOLLOWS, PEOPLE_FOLLOW_IN_BATCH


class ResPartner(models.Model):
    _name = "res.partner"
    _inherit = [
        "res.partner",
        "billinator.annotated.mixin",
        "billinator.document.mixin",
        "billinator.phone.mixin",
    ]
    _note_field = "commercial_partner_id"

    crm_tag_ids = fields.Many2many(
        "billinator.tag", "billinator_tag_res_partner_rel", string="CRM Tags"
    )
    contact_ids = fields.One2many(
        "billinator.contact", "customer_id", string="CRM Contacts"
    )
    primary_contact_id = fields.Many2one(
        "billinator.contact",
        compute="_compute_primary_contact_id",
        inverse="_inverse_primary_contact_id",
        search="_search_primary_contact_id",
    )
    primary_contact_name = fields.Char(
        related="primary_contact_id.name",
        string="Primary Contact's Name",
        related_sudo=False,
    )
    primary_contact_email = fields.Char(
        related="primary_contact_id.email",
        string="Primary Contact's Email",
        related_sudo=False,
    )
    primary_contact_phone = fields.Char(
        related="primary_contact_id.phone",
        string="Primary Contact's Phone",
        related_sudo=False,
    )

    @api.depends("contact_ids.is_primary")
    @api.depends_context("uid", "allowed_company_ids")
    def _compute_primary_contact_id(self):
        primaries = self.env["billinator.contact"].search(
            [("customer_id", "in", self.ids), ("is_primary", "=", True)]
        )
        by_customer = {contact.customer_id: contact for contact in primaries}
        for partner in self:
            partner.primary_contact_id = by_customer.get(partner._origin)

    def _inverse_primary_contact_id(self):
        """Mark the contacts as “Make Primary” does; without one, take the mark off."""
        chosen = {customer: customer.primary_contact_id for customer in self}
        for customer, contact in chosen.items():
            if contact:
                customer._check_contact(contact)
                contact.action_set_primary()
        others = self.filtered(lambda customer: not chosen[customer])
        others.contact_ids.filtered("is_primary").is_primary = False

    def _check_contact(self, contact):
        if contact.customer_id != self:
            raise ValidationError(
                self.env._(
                    "%(person)s is not a contact of the customer, %(customer)s.",
                    person=contact.name,
                    customer=self.display_name,
                )
            )

    def _search_primary_contact_id(self, operator, value):
        if operator not in ("in", "any"):
            return NotImplemented
        primary = Domain("is_primary", "=", True)
        if operator == "any":
            return Domain("contact_ids", "any", primary & Domain(value))
        found = Domain("contact_ids", "any", primary & Domain("id", "in", value))
        if False in value:
            found |= ~Domain("contact_ids", "any", primary)
        return found

    @api.model_create_multi
    def create(self, vals_list):
        # Creating a partner writes on it, one by one, and makes who comes with it; the
        # rows are made once, below.
        Partner = PEOPLE_FOLLOW_IN_BATCH.on(self)
        partners = super(ResPartner, Partner).create(vals_list).with_env(self.env)
        if any(vals.get("child_ids") for vals in vals_list):
            partners._get_family()._sync_contact_rows()
        else:
            partners._sync_contact_rows()
        return partners

    def write(self, vals):
        if CONTACT_ROW_FOLLOWS.is_on(self.env):
            return super().write(vals)
        is_later = PEOPLE_FOLLOW_IN_BATCH.is_on(self.env)
        is_moving = "parent_id" in vals or ("is_company" in vals and not is_later)
        companies = is_moving and self._get_companies_of_family()
        # Odoo may write on those below, too; each row is moved, or made, once.
        later = PEOPLE_FOLLOW_IN_BATCH.on(self)
        result = super(ResPartner, later if is_moving else self).write(vals)
        if is_moving:
            self._move_contact_rows(companies)
            if vals.get("child_ids"):
                self.child_ids._sync_contact_rows()
        elif "type" in vals:
            self._sync_contact_rows()
        if vals.get("active") is False:
            # Nobody is to be spoken to first who is not there any more.
            self._get_contacts().filtered("is_primary").is_primary = False
        return result

    # === Actions === #

    @api.readonly
    @arguments(status=as_text)
    def action_view_opportunities(self, status=None):
        """List the opportunities of the customer's whole company.

        :param str status: show those with this one only: open, won or lost
        :return: a window action
        """
        action = self._get_company_action("billinator_opportunity_action")
        if status:
            action["context"][f"search_default_{status}"] = 1
        views = action["views"]
        return {**action, "views": sorted(views, key=lambda view: view[1] != "list")}

    @api.readonly
    def action_view_quotes(self):
        """List the quotes of the customer's whole company.

        :return: a window action
        """
        action = self._get_company_action("billinator_quote_action")
        action["context"]["search_default_current"] = 1
        return action

    @api.readonly
    def action_view_crm_activities(self):
        """List the activities of the customer's whole company.

        :return: a window action
        """
        return self._get_company_action("billinator_activity_action")

    @api.readonly
    @one_record
    def action_view_customer_invoices(self, unpaid=False):
        """List the posted invoices and credit notes of the customer's whole company.

        :param bool unpaid: show only those with something left to pay
        :return: a window action, of use to those who may read invoices
        """
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "account.action_move_out_invoice"
        )
        domain = self._get_invoice_domain()
        domain &= Domain("commercial_partner_id", "=", self.commercial_partner_id.id)
        if unpaid:
            domain &= Domain("amount_residual", "!=", 0)
        return {
            **action,
            "domain": list(domain),
            "context": {"default_move_type": "out_invoice", "create": False},
        }

    @api.readonly
    def action_new_opportunity(self):
        """Open a new opportunity of the customer.

        :return: a window action on an unsaved ``billinator.opportunity``
        """
        return self._get_new_action(
            "billinator.opportunity", self.env._("New Opportunity")
        )

    @api.readonly
    def action_new_quote(self):
        """Open a new quote to the customer.

        :return: a window action on an unsaved ``billinator.quote``
        """
        return self._get_new_action("billinator.quote", self.env._("New Quote"))

    @api.readonly
    @one_record
    def action_view_in_contacts(self):
        """Open the partner as the Contacts app shows it, with all its settings.

        :return: a window action
        """
        self.check_access("read")
        return {
            "type": "ir.actions.act_window",
            "res_model": "res.partner",
            "res_id": self.id,
            "views": [(self.env.ref("base.view_partner_form").id, "form")],
        }

    @one_record
    def _get_company_action(self, name):
        """Return one of the addon's actions, on the whole company's documents."""
        action = self.env["ir.actions.act_window"]._for_xml_id(f"billinator_crm.{name}")
        return {
            **action,
            "domain": [("commercial_partner_id", "=", self.commercial_partner_id.id)],
            "context": {"default_partner_id": self.id},
        }

    @one_record
    def _get_new_action(self, model, title):
        self.check_access("read")
        return {
            "type": "ir.actions.act_window",
            "name": title,
            "res_model": model,
            "views": [(False, "form")],
            "context": {"default_partner_id": self.id},
        }

    def _find_contact(self, name, address):
        """Return the customer's contact who has an address, or else a name.

        :param str name: of the person, exactly
        :param str address: normalized
        """
        self.ensure_one()
        contacts = self.contact_ids
        by_name = contacts.filtered(lambda contact: name and contact.name == name)
        by_address = contacts.filtered(
            lambda contact: address and contact.email_normalized == address
        )
        return ((by_address & by_name) or by_address or by_name)[:1]

    def _get_contacts(self):
        """Return the rows of the people in ``self``, whoever they are contacts of."""
        # Whoever may change a person keeps his or her rows right.
        return (
            self.env["billinator.contact"]
            .sudo()
            .with_context(active_test=False)
            .search([("person_id", "in", self.ids)])
        )

    def _get_family(self):
        """Return the partners with all below them, also the archived and the hidden."""
        # As sudo: rows follow their people, whoever may see these.
        family_sudo = self.sudo().with_context(active_test=False)
        return family_sudo.search([("id", "child_of", self.ids)])

    def _get_companies_of_family(self):
        return {one: one.commercial_partner_id for one in self._get_family()}

    def _move_contact_rows(self, companies):
        """Let the rows follow people who work for another company now.

        :param dict companies: what ``_get_companies_of_family`` returned before
        """
        # Some may be below somebody else now.
        family_sudo = self._get_family().union(*companies)
        moved_sudo = family_sudo.filtered(
            lambda partner: partner.commercial_partner_id != companies.get(partner)
        )
        moved_sudo._get_contacts().filtered(
            lambda contact: contact.customer_id == companies.get(contact.person_id)
        )._follow_person()
        (moved_sudo | self)._sync_contact_rows()

    def _get_note_subject(self):
        return self.commercial_partner_id._origin

    def _prepare_note_values(self):
        return {"partner_id": self.id}

    def _is_contact_person(self):
        self.ensure_one()
        return (
            not self.is_company
            and self.type == "contact"
            and self.commercial_partner_id != self
        )

    def _sync_contact_rows(self):
        """Give the people among ``self`` who have none a row at their company."""
        markers = (CONTACT_ROW_FOLLOWS, PEOPLE_FOLLOW_IN_BATCH)
        if any(marker.is_on(self.env) for marker in markers):
            return
        people = self.filtered(lambda partner: partner._is_contact_person())
        if not people:
            return
        # Rows come with the person, whoever made that one.
        contacts_sudo = (
            self.env["billinator.contact"].sudo().with_context(active_test=False)
        )
        existing = {
            (contact.person_id, contact.customer_id)
            for contact in contacts_sudo.search([("person_id", "in", people.ids)])
        }
        contacts_sudo.create(
            [
                {
                    "person_id": person.id,
                    "customer_id": person.commercial_partner_id.id,
                }
                for person in people
                if (person, person.commercial_partner_id) not in existing
            ]
        )
