from odoo import fields, models


class AccountMove(models.Model):
    _name = "account.move"
    _inherit = ["account.move", "utm.mixin"]

    billinator_quote_id = fields.Many2one(
        "billinator.quote",
        string="Quote",
        copy=False,
        readonly=True,
        ondelete="restrict",
        index="btree_not_null",
        check_company=True,
        help="The quote that this invoice was made from.",
    )

    # What makes the conversion exactly-once, whatever the code above it does.
    _billinator_quote_uniq = models.UniqueIndex(
        "(billinator_quote_id)"
        " WHERE billinator_quote_id IS NOT NULL AND state <> 'cancel'",
        "This quote has another invoice already: cancel or delete that one first.",
    )

    def action_view_billinator_quote(self):
        """Open the quote that this invoice was made from.

        :return: a window action
        """
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "res_model": "billinator.quote",
            "res_id": self.billinator_quote_id.id,
            "views": [(False, "form")],
        }
