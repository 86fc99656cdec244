from odoo import api, fields, models
from odoo.exceptions import MissingError

from ..arguments import as_id, parse
from ..markers import SUBJECT_IS_CHECKED


class BillinatorSubjectMixin(models.AbstractModel):
    """What is about a customer, or about a deal or a quote of that one.

    These are ``opportunity_id`` and ``quote_id``, and ``partner_id`` follows from them.
    """

    _name = "billinator.subject.mixin"
    _description = "Record about a Customer"
    _inherit = ["billinator.reference.mixin"]
    # The fields of who has to do with it
    _people_fields = ()

    partner_id = fields.Many2one(
        "res.partner", string="Customer", index="btree_not_null"
    )
    commercial_partner_id = fields.Many2one(
        related="partner_id.commercial_partner_id",
        string="Customer Company",
        store=True,
        precompute=True,
    )
    contact_id = fields.Many2one(
        "billinator.contact",
        compute="_compute_contact_id",
        store=True,
        readonly=False,
        precompute=True,
        index="btree_not_null",
        ondelete="set null",
        domain="[('customer_id', '=', commercial_partner_id)]",
    )

    @api.depends("commercial_partner_id")
    def _compute_contact_id(self):
        """Let go of a person who is nobody's contact at the customer."""
        for record in self:
            is_theirs = record.contact_id.customer_id == record.commercial_partner_id
            record.contact_id = is_theirs and record.contact_id

    @api.model_create_multi
    def create(self, vals_list):
        Checked = SUBJECT_IS_CHECKED.on(self)
        records = super(BillinatorSubjectMixin, Checked).create(vals_list)
        return records.with_env(self.env)

    def _update_cache(self, values, validate=True):
        """Let no form tell of what the user may not see."""
        result = super()._update_cache(values, validate=validate)
        if not (self.env.su or SUBJECT_IS_CHECKED.is_on(self.env)):
            self._check_chosen(values)
        return result

    def _check_chosen(self, names):
        """Check the right to read the deal and the quote that a form names anew.

        What follows from these is computed as superuser. What a saved record is about
        already stays with it, whoever may read that.

        :param names: of the fields that the form gives values for
        :raise AccessError: where the user may not
        """
        saved_sudo = self._origin.sudo()
        if "quote_id" in names and self.quote_id._origin != saved_sudo.quote_id:
            self.quote_id._origin.check_access("read")
        deal = self.opportunity_id._origin
        if "opportunity_id" in names and deal != saved_sudo.opportunity_id:
            self._get_chosen_opportunities()._origin.check_access("read")

    def _get_chosen_opportunities(self):
        """Return the opportunities that did not just come with a quote."""
        # A quote's deal may be somebody else's.
        return self.filtered(
            lambda record: (
                record.opportunity_id != record.sudo().quote_id.opportunity_id
            )
        ).opportunity_id

    @api.model
    def _check_people(self, vals_list):
        """Refuse people who are not there, before PostgreSQL does and logs an error.

        :param vals_list: the values that are to be written
        :raise UserError: for what is no id
        :raise MissingError: where there is no such record
        """
        for name in self._people_fields:
            ids = {parse(self.env, name, as_id, vals.get(name)) for vals in vals_list}
            people = self.env[self._fields[name].comodel_name].browse(ids - {None})
            if gone := people - people.exists():
                raise MissingError(
                    self.env._(
                        "There is no %(model)s %(id)s.",
                        model=self.env["ir.model"]._get(gone._name).name,
                        id=gone[0].id,
                    )
                )
