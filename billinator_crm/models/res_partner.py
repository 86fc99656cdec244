from odoo import api, fields, models
from odoo.fields import Domain


class ResPartner(models.Model):
    _name = "res.partner"
    _inherit = ["res.partner", "billinator.annotated.mixin"]
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
        search="_search_primary_contact_id",
    )

    @api.depends("contact_ids.is_primary")
    def _compute_primary_contact_id(self):
        primaries = self.env["billinator.contact"].search(
            [("customer_id", "in", self.ids), ("is_primary", "=", True)]
        )
        by_customer = {contact.customer_id: contact for contact in primaries}
        for partner in self:
            partner.primary_contact_id = by_customer.get(partner._origin)

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
        # Creating a partner writes on it, one by one; the rows are made once, below.
        Partner = self.with_context(billinator_contact_rows=False)
        partners = super(ResPartner, Partner).create(vals_list).with_env(self.env)
        partners._sync_contact_rows()
        return partners

    def write(self, vals):
        if not self.env.context.get("billinator_contact_rows", True):
            return super().write(vals)
        moving = "parent_id" in vals and self._get_employee_contacts()
        result = super().write(vals)
        if moving:
            moving._follow_person()
        if {"parent_id", "is_company", "type"} & set(vals):
            self._sync_contact_rows()
        if vals.get("active") is False:
            # Nobody is to be spoken to first who is not there any more.
            self._get_employee_contacts().filtered("is_primary").is_primary = False
        return result

    def _get_employee_contacts(self):
        """Return the rows of the people in ``self`` at their own companies."""
        # Whoever may change a person keeps his or her rows right.
        contacts = (
            self.env["billinator.contact"]
            .sudo()
            .with_context(active_test=False)
            .search([("person_id", "in", self.ids)])
        )
        return contacts.filtered(lambda contact: contact._is_employee())

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
        if not self.env.context.get("billinator_contact_rows", True):
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
