from odoo import api, fields, models
from odoo.fields import Command
from odoo.tools import is_html_empty

from ..arguments import arguments, as_id, one_record

# What comes of the template alone, or besides what is there.
OF_TEMPLATES = {"applied_template_id", "line_ids"}


class BillinatorQuote(models.Model):
    """Templates on quotes.

    ``template_id`` says which template the quote is to have, ``applied_template_id``
    which one it has: a form applies it before anything is saved, imports and calls of
    the API when the quote is created or the template written, and none of them twice.
    """

    _inherit = "billinator.quote"

    template_id = fields.Many2one(
        "billinator.quote.template",
        check_company=True,
        index="btree_not_null",
        ondelete="set null",
        help="Its lines are added to the existing ones; its terms and validity are "
        "used unless you have chosen others.",
    )
    applied_template_id = fields.Many2one(
        "billinator.quote.template",
        check_company=True,
        index="btree_not_null",
        ondelete="set null",
        help="The template whose contents the quote has got.",
    )

    @api.onchange("template_id")
    def _onchange_template_id(self):
        if self.template_id and self.template_id != self.applied_template_id:
            self._drop_untouched_lines_of_other_template()
            self.update(self._prepare_template_values(self.template_id))

    # === Computes === #

    def _compute_payment_term_id(self):
        """Let the template's stand for customers without payment terms of their own."""
        result = super()._compute_payment_term_id()
        for quote in self:
            term = quote.applied_template_id.payment_term_id
            quote.payment_term_id = quote.payment_term_id or term
        return result

    def _compute_note(self):
        """Let the template's stand before the company's, as when it was applied."""
        result = super()._compute_note()
        for quote in self:
            lang = quote._get_customers_language()
            note = quote.applied_template_id.with_context(lang=lang).note
            if not is_html_empty(note) and quote._has_default_note():
                quote.note = note
        return result

    def _get_validity_days(self):
        template = self.applied_template_id
        return template.validity_days or super()._get_validity_days()

    # === CRUD === #

    @api.model_create_multi
    def create(self, vals_list):
        quotes = super().create(vals_list)
        for quote, vals in zip(quotes, vals_list, strict=True):
            quote._apply_chosen_template(vals)
        return quotes

    def write(self, vals):
        result = super().write(vals)
        if vals.get("template_id"):
            self._apply_chosen_template(vals)
        return result

    # === Actions === #

    @arguments(template_id=as_id)
    def action_apply_template(self, template_id):
        """Add to the quotes what a template has and they have not.

        Lines that are there stay; those of the template follow them. Lines that came
        from another template and were not changed since leave with it. Terms, payment
        terms and validity are set unless somebody chose others. A template that was
        applied before adds nothing again, but what it has got since, or was deleted.

        :param int template_id: a ``billinator.quote.template``
        :return: True
        :raises ValidationError: for quotes that cannot be changed any more
        """
        self.check_access("write")
        template = self.env["billinator.quote.template"].browse(template_id)
        template.check_access("read")
        for quote in self:
            quote._apply_template(template)
        return True

    @one_record
    def action_save_as_template(self):
        """Make a template of the quote's lines, terms and validity, for administrators.

        :return: a window action on the template
        """
        self.check_access("read")
        template = self.env["billinator.quote.template"].create(
            self._prepare_new_template_values()
        )
        return {
            "type": "ir.actions.act_window",
            "res_model": template._name,
            "res_id": template.id,
            "views": [(False, "form")],
        }

    # === Business === #

    def _apply_chosen_template(self, given):
        """Apply the templates that the quotes have chosen and not got yet.

        :param dict given: what the choice came with, which stays
        """
        for quote in self:
            if quote.template_id and quote.template_id != quote.applied_template_id:
                quote._apply_template(quote.template_id, given)

    def _apply_template(self, template, given=None):
        self._drop_untouched_lines_of_other_template(template)
        values = self._prepare_template_values(template)
        for name in values.keys() - OF_TEMPLATES:
            if given and given.get(name):
                del values[name]
        self.write({"template_id": template.id, **values})

    def _drop_untouched_lines_of_other_template(self, template=None):
        """Take lines off that came from another template, as they came."""
        template = template or self.template_id
        stale = self.line_ids.filtered(
            lambda line: (
                line.template_line_id
                and line.template_line_id.template_id != template
                and line.template_line_id._is_untouched(line)
            )
        )
        if stale:
            self.line_ids -= stale

    def _prepare_template_values(self, template):
        """Return what the quote gets of a template, and has not got yet."""
        values = {
            "applied_template_id": template.id,
            "line_ids": [
                Command.create(line_values)
                for line_values in self._prepare_template_lines_values(template)
            ],
        }
        localized = template.with_context(lang=self._get_customers_language())
        if not is_html_empty(localized.note) and self._has_default_note():
            values["note"] = localized.note
        if template.payment_term_id and not self.payment_term_id:
            values["payment_term_id"] = template.payment_term_id.id
        if template.validity_days and self._has_default_validity():
            values["validity_date"] = self._get_last_day(template.validity_days)
        return values

    def _prepare_template_lines_values(self, template):
        """Return the values of the template's lines, to follow those of the quote."""
        own_rows = self._get_own_rows()
        missing = template.line_ids - own_rows.template_line_id._origin
        missing = missing.filtered(
            lambda line: not line.product_id or line.product_id.active
        )
        last = max(own_rows.mapped("sequence"), default=0)
        return [
            {**line._prepare_quote_line_values(self), "sequence": last + number}
            for number, line in enumerate(missing.sorted(), start=1)
        ]

    def _has_default_note(self):
        """Whether nobody has written terms of their own, in whichever language."""
        if is_html_empty(self.note):
            return True
        languages = [code for code, _name in self.env["res.lang"].get_installed()]
        template = self.applied_template_id
        return any(
            self.note
            in (self._get_default_note(code), template.with_context(lang=code).note)
            for code in languages
        )

    def _has_default_validity(self):
        """Whether nobody has chosen how long the quote is valid."""
        if not self.validity_date or not self.date_quote:
            return True
        days = (self.validity_date - self.date_quote).days
        return days in (
            self.company_id.billinator_quote_validity_days,
            self.applied_template_id.validity_days,
        )

    def _prepare_new_template_values(self):
        self.ensure_one()
        has_days = self.validity_date and self.date_quote
        days = has_days and (self.validity_date - self.date_quote).days
        return {
            "name": self.env._("Based on quote %s", self.name),
            "company_id": self.company_id.id,
            "validity_days": days,
            "payment_term_id": self.payment_term_id.id,
            "note": self.note,
            "line_ids": [
                Command.create(line._prepare_template_line_values())
                for line in self._get_own_rows().sorted()
            ],
        }
