from odoo import api, fields, models

from .res_company import ONLINE_INVOICES


class BillinatorQuoteTemplate(models.Model):
    """What quotes of a kind have in common: lines, options, terms and validity."""

    _name = "billinator.quote.template"
    _description = "Quote Template"
    _order = "sequence, name, id"
    _check_company_auto = True

    name = fields.Char(required=True, translate=True, index="trigram")
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
    company_id = fields.Many2one(
        "res.company",
        index="btree_not_null",
        help="Leave empty to use the template in all companies.",
    )
    currency_id = fields.Many2one("res.currency", compute="_compute_currency_id")
    validity_days = fields.Integer(
        string="Validity (Days)",
        help="Days from a quote's date to the date it expires. Zero: as in the "
        "company's settings.",
    )
    payment_term_id = fields.Many2one(
        "account.payment.term",
        string="Payment Terms",
        check_company=True,
        help="For customers without payment terms of their own.",
    )
    online_invoice = fields.Selection(
        ONLINE_INVOICES,
        string="When Accepted Online",
        help="The invoice to create when the customer accepts on the quote's page. "
        "Empty: as in the company's settings.",
    )
    note = fields.Html(string="Terms and Conditions", translate=True)
    line_ids = fields.One2many(
        "billinator.quote.template.line", "template_id", string="Lines", copy=True
    )

    _validity_days_positive = models.Constraint(
        "CHECK(validity_days >= 0)",
        "The validity of quotes cannot be a negative number of days.",
    )

    # === Computes === #

    @api.depends_context("company")
    @api.depends("company_id")
    def _compute_currency_id(self):
        for template in self:
            company = template.company_id or self.env.company
            template.currency_id = company.currency_id

    # === Constraints === #

    @api.constrains("company_id", "line_ids")
    def _check_lines_company(self):
        self.line_ids._check_company()

    # === CRUD === #

    def copy_data(self, default=None):
        vals_list = super().copy_data(default)
        if "name" not in (default or {}):
            for template, vals in zip(self, vals_list, strict=True):
                vals["name"] = self.env._("%s (copy)", template.name)
        return vals_list
