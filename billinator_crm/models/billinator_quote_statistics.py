from odoo import models


class BillinatorQuote(models.Model):
    """What sums of the quotes of a period read, without the rows."""

    _inherit = "billinator.quote"

    _sums_idx = models.Index(
        "(date_quote)"
        " INCLUDE (company_id, user_id, team_id, state, is_superseded, date_sent,"
        " amount_untaxed_company)"
    )
