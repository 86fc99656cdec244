from odoo import api, fields, models
from odoo.tools import SQL


class BillinatorCurrencyMixin(models.AbstractModel):
    """Adds up amounts of several currencies in the current company's.

    Odoo divides each by its currency's rate, which is right where that of the company's
    own currency is 1. Where companies share their rates, it need not be.
    """

    _name = "billinator.currency.mixin"
    _description = "Amounts of Several Currencies"

    def _read_group_select(self, aggregate_spec, query):
        amount = super()._read_group_select(aggregate_spec, query)
        if not aggregate_spec.endswith(":sum_currency"):
            return amount
        return SQL("%s * %s", amount, self._get_rate_of_current_company())

    @api.model
    def _get_rate_of_current_company(self):
        company = self.env.company
        rates = company.currency_id._get_rates(company, fields.Date.context_today(self))
        return rates[company.currency_id.id]
