from odoo import api, fields, models
from odoo.tools import SQL


class BillinatorCurrencyMixin(models.AbstractModel):
    """Adds up amounts of several currencies in the current company's.

    By the rates of today, as ``_get_rates`` chooses them. Odoo divides each amount by
    its currency's rate, which is right where that of the company's own currency is 1,
    and it prefers a rate that is entered for another day to come. Where companies share
    their rates, or somebody enters them ahead, neither need be right.
    """

    _name = "billinator.currency.mixin"
    _description = "Amounts of Several Currencies"

    def _read_group_select(self, aggregate_spec, query):
        name, _colon, aggregate = aggregate_spec.partition(":")
        field = self._fields.get(name)
        if aggregate != "sum_currency" or not field or field.type != "monetary":
            return super()._read_group_select(aggregate_spec, query)
        currency = field.get_currency_field(self)
        rates = query.make_alias(self._table, f"{currency}__rates")
        query.add_join(
            "LEFT JOIN",
            rates,
            SQL("(%s)", self._select_rates_of_today()),
            SQL(
                "%s = %s",
                self._field_to_sql(self._table, currency, query),
                SQL.identifier(rates, "currency_id"),
            ),
        )
        return SQL(
            "SUM(%s / COALESCE(%s, 1.0)) * %s",
            self._field_to_sql(self._table, name, query),
            SQL.identifier(rates, "rate"),
            self._get_rate_of_current_company(),
        )

    @api.model
    def _select_rates_of_today(self):
        """Return a query of each currency's last rate, or else the first to come."""
        self.env["res.currency.rate"].flush_model()
        today = fields.Date.context_today(self)
        return SQL(
            """
            SELECT DISTINCT ON (currency_id) currency_id, rate
              FROM res_currency_rate
             WHERE company_id IS NULL OR company_id = %(company_id)s
          ORDER BY currency_id,
                   name <= %(today)s DESC,
                   company_id,
                   ABS(name - %(today)s)
            """,
            company_id=self.env.company.root_id.id,
            today=today,
        )

    @api.model
    def _get_rate_of_current_company(self):
        company = self.env.company
        rates = company.currency_id._get_rates(company, fields.Date.context_today(self))
        return rates[company.currency_id.id]
