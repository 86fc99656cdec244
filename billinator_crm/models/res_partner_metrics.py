from dateutil.relativedelta import relativedelta

from odoo import api, fields, models
from odoo.exceptions import AccessError
from odoo.tools import SQL

from ..arguments import arguments, as_whole_between

DEFAULT_MONTHS, MAX_MONTHS = 12, 120
METRICS = [
    ("recency_days", "Days since the Last Invoice"),
    ("frequency", "Invoices"),
    ("monetary", "Invoiced"),
    ("overdue_amount", "Overdue"),
    ("overdue_days", "Days Overdue"),
    ("days_to_pay", "Average Days to Pay"),
    ("recency_tier", "Recency Tier (1 to 5)"),
    ("frequency_tier", "Frequency Tier (1 to 5)"),
    ("monetary_tier", "Monetary Tier (1 to 5)"),
]
# Of these, what is in the company's currency.
AMOUNTS = ("monetary", "overdue_amount")


class ResPartner(models.Model):
    """What posted accounting knows of the customers, for segments.

    Recency, frequency and monetary value, with a tier from 1 to 5 each, 5 the best
    fifth of the customers: Hughes, Strategic Database Marketing (1994).
    """

    _inherit = "res.partner"

    @api.readonly
    @arguments(months=as_whole_between(1, MAX_MONTHS))
    def get_customer_metrics(self, months=DEFAULT_MONTHS):
        """Return what accounting knows of the customers that the partners belong to.

        Amounts are in the currency of the current company, whose posted invoices and
        credit notes count, untaxed but for what is overdue. Invoices and tiers are of
        the last ``months``; what there is no figure for is ``False``.

        :param int months: how far to look back, 1 to 120
        :return: list of dicts with ``customer_id``, ``recency_days``, ``frequency``,
            ``monetary``, ``overdue_amount``, ``overdue_days``, ``days_to_pay``,
            ``recency_tier``, ``frequency_tier`` and ``monetary_tier`` (1 to 5)
        :raises AccessError: for users without sales or accounting rights
        :raises UserError: for another number of months
        """
        # The figures' groups, and the right to read the customer, open these sums.
        if not self.env["res.partner"]._has_field_access(
            self._fields["invoiced_amount"], "read"
        ):
            raise AccessError(
                self.env._("Invoice figures are only for sales and accounting.")
            )
        customers = self._filter_readable_companies().commercial_partner_id
        if not customers:
            return []
        self._flush_metrics()
        rows = self.env.execute_query_dict(
            SQL(
                "SELECT * FROM (%s) AS metrics WHERE customer_id IN %s",
                self._get_metrics_sql(self.env.company, months),
                tuple(customers.ids),
            )
        )
        return [
            {name: False if value is None else value for name, value in row.items()}
            for row in rows
        ]

    def _flush_metrics(self):
        """Write what :meth:`_get_metrics_sql` reads."""
        for model in (
            "account.move",
            "account.move.line",
            "account.partial.reconcile",
            "res.partner",
        ):
            self.env[model].flush_model()

    @api.model
    def _get_metrics_sql(self, company, months):
        """Return a query with a row of metrics for each customer's company."""
        today = fields.Date.context_today(self)
        return SQL(
            """
            SELECT partner.id AS customer_id,
                   invoiced.recency_days,
                   COALESCE(invoiced.frequency, 0) AS frequency,
                   COALESCE(invoiced.monetary, 0)::float AS monetary,
                   COALESCE(overdue.amount, 0)::float AS overdue_amount,
                   COALESCE(overdue.days, 0) AS overdue_days,
                   paid.days_to_pay::float AS days_to_pay,
                   tier.recency_tier, tier.frequency_tier, tier.monetary_tier
              FROM res_partner partner
         LEFT JOIN (%(invoiced)s) AS invoiced ON invoiced.id = partner.id
         LEFT JOIN (%(overdue)s) AS overdue ON overdue.id = partner.id
         LEFT JOIN (%(paid)s) AS paid ON paid.id = partner.id
         LEFT JOIN (%(tier)s) AS tier ON tier.id = partner.id
             WHERE partner.commercial_partner_id = partner.id
            """,
            invoiced=self._get_invoiced_sql(company, months, today),
            overdue=self._get_overdue_sql(company, today),
            paid=self._get_paid_sql(company, months, today),
            tier=self._get_tier_sql(company, months, today),
        )

    @api.model
    def _get_invoiced_sql(self, company, months, today):
        since = today - relativedelta(months=months)
        return SQL(
            """
            SELECT commercial_partner_id AS id,
                   %(today)s - MAX(invoice_date)
                       FILTER (WHERE move_type = 'out_invoice') AS recency_days,
                   COUNT(*) FILTER (
                       WHERE move_type = 'out_invoice' AND invoice_date > %(since)s
                   ) AS frequency,
                   SUM(amount_untaxed_signed)
                       FILTER (WHERE invoice_date > %(since)s) AS monetary
              FROM account_move
             WHERE move_type IN ('out_invoice', 'out_refund') AND state = 'posted'
               AND company_id = %(company)s
          GROUP BY commercial_partner_id
            """,
            today=SQL("%s::date", today),
            since=since,
            company=company.id,
        )

    @api.model
    def _get_overdue_sql(self, company, today):
        return SQL(
            """
            SELECT move.commercial_partner_id AS id,
                   GREATEST(SUM(line.amount_residual), 0) AS amount,
                   %(today)s - MIN(line.date_maturity)
                       FILTER (WHERE line.amount_residual > 0) AS days
              FROM account_move_line line
              JOIN account_move move ON move.id = line.move_id
             WHERE line.display_type = 'payment_term'
               AND line.reconciled IS NOT TRUE
               AND line.date_maturity < %(today)s
               AND move.move_type IN ('out_invoice', 'out_refund')
               AND move.state = 'posted'
               AND move.company_id = %(company)s
          GROUP BY move.commercial_partner_id
            """,
            today=SQL("%s::date", today),
            company=company.id,
        )

    @api.model
    def _get_paid_sql(self, company, months, today):
        condition = SQL(
            """move.move_type = 'out_invoice' AND move.state = 'posted'
               AND move.payment_state = 'paid'
               AND move.invoice_date > %s
               AND move.company_id = %s""",
            today - relativedelta(months=months),
            company.id,
        )
        return SQL(
            """
            SELECT customer_id AS id,
                   SUM(amount * days) / NULLIF(SUM(amount), 0) AS days_to_pay
              FROM (%s) AS invoice
          GROUP BY customer_id
            """,
            self._get_paid_invoices_sql(condition),
        )

    @api.model
    def _get_tier_sql(self, company, months, today):
        """Cut the customers with an invoice in the last months into fifths.

        Those with the same figure are in the same tier, the better one.
        """
        return SQL(
            """
            SELECT id,
                   CEIL(5 * CUME_DIST() OVER (ORDER BY recency_days DESC))::int
                       AS recency_tier,
                   CEIL(5 * CUME_DIST() OVER (ORDER BY frequency))::int
                       AS frequency_tier,
                   CEIL(5 * CUME_DIST() OVER (ORDER BY monetary))::int
                       AS monetary_tier
              FROM (%s) AS invoiced
             WHERE frequency > 0
            """,
            self._get_invoiced_sql(company, months, today),
        )
