from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.fields import Domain
from odoo.tools import escape_psql

from ..quote_states import CURRENT_VERSIONS


class BillinatorTag(models.Model):
    """A label on customers, opportunities and quotes."""

    _name = "billinator.tag"
    _description = "CRM Tag"
    _inherit = ["billinator.export.mixin"]
    _order = "name, id"

    name = fields.Char(required=True, translate=True)
    color = fields.Integer(default=lambda self: self._default_color())
    active = fields.Boolean(default=True)
    partner_ids = fields.Many2many(
        "res.partner", "billinator_tag_res_partner_rel", string="Customers", copy=False
    )
    partner_count = fields.Integer(compute="_compute_counts", string="# Customers")
    opportunity_count = fields.Integer(
        compute="_compute_counts", string="# Opportunities"
    )
    quote_count = fields.Integer(compute="_compute_counts", string="# Quotes")

    _name_uniq = models.UniqueIndex(
        "(LOWER(name->>'en_US'))", "A tag of this name exists already."
    )

    @api.constrains("name")
    def _check_name(self):
        if not all((tag.name or "").strip() for tag in self):
            raise ValidationError(self.env._("Give the tag a name."))

    @api.model
    def _default_color(self):
        """Give neighbours in time different colours; there are eleven."""
        return self.search_count([]) % 11 + 1

    @api.depends_context("uid", "allowed_company_ids")
    def _compute_counts(self):
        """Count what the user may read, in one query for each kind of record."""
        for field, model, tags, counted in (
            ("partner_count", "res.partner", "crm_tag_ids", Domain.TRUE),
            ("opportunity_count", "billinator.opportunity", "tag_ids", Domain.TRUE),
            ("quote_count", "billinator.quote", "tag_ids", CURRENT_VERSIONS),
        ):
            Model = self.env[model]
            # Tags are shown to people without the CRM, too.
            may_read = Model.has_access("read")
            counts = dict(
                Model._read_group(
                    Domain(tags, "in", self.ids) & counted, [tags], ["__count"]
                )
                if may_read
                else ()
            )
            for tag in self:
                tag[field] = counts.get(tag, 0)

    def copy_data(self, default=None):
        """Let a copy have a name of its own."""
        vals_list = super().copy_data(default)
        if "name" not in (default or {}):
            for tag, vals in zip(self, vals_list, strict=True):
                vals["name"] = self._get_free_name(tag.name or "")
        return vals_list

    @api.private
    def copy_translations(self, new, excluded=()):
        """Leave the copy its own name in all languages."""
        return super().copy_translations(new, {*excluded, "name"})

    @api.model
    def _get_free_name(self, name):
        tags = self.with_context(active_test=False)
        while tags.search_count([("name", "=ilike", escape_psql(name))], limit=1):
            name = self.env._("%s (copy)", name)
        return name
