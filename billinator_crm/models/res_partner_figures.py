from collections import defaultdict

from dateutil.relativedelta import relativedelta

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL

from ..quote_states import CURRENT_VERSIONS, OPEN_STATES

SALES = "sales_team.group_sale_salesman"
ACCOUNTING = "account.group_account_readonly,account.group_account_invoice"
SALES_AND_ACCOUNTING = f"{SALES},{ACCOUNTING}"
# How far back the days to pay look: habits change.
PAYMENT_YEARS = 2
# How many rows the tabs of the customer page show; a button opens all of them.
RECENT_LIMIT = 20
# The order of activities in a customer's history, as an index has it.
ACTIVITY_ORDER = SQL(
    "COALESCE(billinator_activity.completed_at, billinator_activity.due_date) DESC,"
    " billinator_activity.id DESC"
)


class ResPartner(models.Model):
    """What a customer brings and owes, and when it was last spoken to.

    The figures of a company, and of each person in it, are those of the whole company:
    of its commercial partner with all its people. They count the allowed companies
    only and are in the current company's currency, at today's rate. Deals and quotes
    count where the user may read them. Each compute takes the same few queries for
    any number of partners.
    """

    # A subject of its own, beside what res_partner.py says of contacts and tags.
    _inherit = "res.partner"

    figures_currency_id = fields.Many2one(
        "res.currency", compute="_compute_figures_currency_id"
    )

    # What may come
    open_opportunity_count = fields.Integer(
        string="Open Opportunities",
        compute="_compute_opportunity_figures",
        groups=SALES,
    )
    open_pipeline = fields.Monetary(
        currency_field="figures_currency_id",
        compute="_compute_opportunity_figures",
        groups=SALES,
        help="Expected revenue of the open opportunities.",
    )
    weighted_pipeline = fields.Monetary(
        currency_field="figures_currency_id",
        compute="_compute_opportunity_figures",
        groups=SALES,
        help="Expected revenue of the open opportunities, times probability.",
    )
    won_opportunity_count = fields.Integer(
        string="Won Opportunities",
        compute="_compute_opportunity_figures",
        groups=SALES,
    )
    won_revenue = fields.Monetary(
        string="Won",
        currency_field="figures_currency_id",
        compute="_compute_opportunity_figures",
        groups=SALES,
        help="Expected revenue of the opportunities that were won.",
    )
    quote_count = fields.Integer(
        string="Quotes", compute="_compute_quote_figures", groups=SALES_AND_ACCOUNTING
    )
    open_quote_count = fields.Integer(
        string="Open Quotes",
        compute="_compute_quote_figures",
        groups=SALES_AND_ACCOUNTING,
    )
    open_quoted_amount = fields.Monetary(
        string="Quoted",
        currency_field="figures_currency_id",
        compute="_compute_quote_figures",
        groups=SALES_AND_ACCOUNTING,
        help="Untaxed total of the quotes that the customer has not answered yet.",
    )

    # What came
    invoiced_amount = fields.Monetary(
        string="Invoiced",
        currency_field="figures_currency_id",
        compute="_compute_invoice_figures",
        groups=SALES_AND_ACCOUNTING,
        help="Posted customer invoices less credit notes, taxes included.",
    )
    paid_amount = fields.Monetary(
        string="Paid",
        currency_field="figures_currency_id",
        compute="_compute_invoice_figures",
        groups=SALES_AND_ACCOUNTING,
        help="What was invoiced and is not due any more.",
    )
    due_amount = fields.Monetary(
        string="Amount Due",
        currency_field="figures_currency_id",
        compute="_compute_invoice_figures",
        groups=SALES_AND_ACCOUNTING,
        help="What is left to pay of the invoices, less credit notes not used yet. "
        "Payments count from the moment they are matched with an invoice.",
    )
    overdue_amount = fields.Monetary(
        string="Overdue",
        currency_field="figures_currency_id",
        compute="_compute_overdue_amount",
        groups=SALES_AND_ACCOUNTING,
        help="The part of what is due whose day has passed, by instalment.",
    )
    days_to_pay = fields.Integer(
        compute="_compute_days_to_pay",
        groups=SALES_AND_ACCOUNTING,
        help="Days from an invoice's date to its last payment, in the mean of the "
        "invoices of the last two years that are paid, larger ones counting more.",
    )
    paid_invoice_count = fields.Integer(
        string="Paid Invoices",
        compute="_compute_days_to_pay",
        groups=SALES_AND_ACCOUNTING,
        help="How many invoices stand behind the days to pay.",
    )
    sales_history = fields.Json(
        compute="_compute_sales_history",
        groups=SALES_AND_ACCOUNTING,
        help="For each year, latest first: year, count (of invoices), invoiced, paid "
        "and due.",
    )

    # What was said, and what comes next
    last_interaction_date = fields.Datetime(
        string="Last Interaction",
        compute="_compute_last_interaction_date",
        groups=SALES,
        help="The last message to or from the customer, activity that was done, or "
        "note.",
    )
    next_interaction_date = fields.Datetime(
        string="Next Interaction",
        compute="_compute_next_interaction_date",
        groups=SALES,
        help="When the first pending activity is due; in the past if it is late.",
    )

    # What the customer page shows of all that
    billinator_opportunity_ids = fields.One2many(
        "billinator.opportunity",
        "commercial_partner_id",
        string="Company's Opportunities",
        groups=SALES,
    )
    billinator_activity_ids = fields.One2many(
        "billinator.activity",
        "commercial_partner_id",
        string="Company's Activities",
        groups=SALES,
    )
    recent_opportunity_ids = fields.Many2many(
        "billinator.opportunity",
        compute="_compute_recent_opportunity_ids",
        groups=SALES,
        help="The open opportunities, then the ones closed last.",
    )
    recent_quote_ids = fields.Many2many(
        "billinator.quote",
        compute="_compute_recent_quote_ids",
        groups=SALES_AND_ACCOUNTING,
    )
    pending_activity_ids = fields.Many2many(
        "billinator.activity", compute="_compute_pending_activity_ids", groups=SALES
    )
    recent_note_ids = fields.Many2many(
        "billinator.note", compute="_compute_recent_note_ids", groups=SALES
    )
    recent_invoice_ids = fields.Many2many(
        "account.move", compute="_compute_recent_invoice_ids", groups=ACCOUNTING
    )

    # === Computes === #

    @api.depends_context("company")
    def _compute_figures_currency_id(self):
        self.figures_currency_id = self.env.company.currency_id

    @api.depends("commercial_partner_id")
    @api.depends_context("uid", "company", "allowed_company_ids")
    def _compute_opportunity_figures(self):
        sums = self._sum_up(
            self.env["billinator.opportunity"],
            Domain("status", "in", ("open", "won")),
            ["status"],
            ["expected_revenue_company", "weighted_revenue"],
        )
        for partner in self:
            customer = partner.commercial_partner_id._origin.id
            pipeline, won = sums[customer, "open"], sums[customer, "won"]
            partner.open_opportunity_count = pipeline["count"]
            partner.open_pipeline = pipeline["expected_revenue_company"]
            partner.weighted_pipeline = pipeline["weighted_revenue"]
            partner.won_opportunity_count = won["count"]
            partner.won_revenue = won["expected_revenue_company"]

    @api.depends("commercial_partner_id")
    @api.depends_context("uid", "company", "allowed_company_ids")
    def _compute_quote_figures(self):
        quotes = self.env["billinator.quote"]
        sums = self._sum_up(
            quotes,
            CURRENT_VERSIONS,
            ["state"],
            ["amount_untaxed_company"],
        )
        states = quotes._fields["state"].get_values(self.env)
        for partner in self:
            customer = partner.commercial_partner_id._origin.id
            unanswered = [sums[customer, state] for state in OPEN_STATES]
            partner.quote_count = sum(
                sums[customer, state]["count"] for state in states
            )
            partner.open_quote_count = sum(row["count"] for row in unanswered)
            partner.open_quoted_amount = sum(
                row["amount_untaxed_company"] for row in unanswered
            )

    @api.depends("commercial_partner_id")
    @api.depends_context("uid", "company", "allowed_company_ids")
    def _compute_invoice_figures(self):
        sums = self._sum_up_invoices_sudo([])
        for partner in self:
            row = sums[(partner.commercial_partner_id._origin.id,)]
            partner.invoiced_amount = row["amount_total_signed"]
            partner.due_amount = row["amount_residual_signed"]
            partner.paid_amount = partner.invoiced_amount - partner.due_amount

    @api.depends("commercial_partner_id")
    @api.depends_context("uid", "company", "allowed_company_ids", "tz")
    def _compute_overdue_amount(self):
        sums = self._sum_up_overdue_sudo()
        for partner in self:
            row = sums[(partner.commercial_partner_id._origin.id,)]
            # Credit notes past their day may be more than the invoices are.
            partner.overdue_amount = max(row["amount_residual"], 0)

    @api.depends("commercial_partner_id")
    @api.depends_context("uid", "company", "allowed_company_ids", "tz")
    def _compute_days_to_pay(self):
        payments = self._get_payment_days_sudo()
        for partner in self:
            customer = partner.commercial_partner_id._origin.id
            count, amount, amount_days = payments[customer]
            partner.paid_invoice_count = count
            partner.days_to_pay = round(amount_days / amount) if amount else 0

    @api.depends("commercial_partner_id")
    @api.depends_context("uid", "company", "allowed_company_ids")
    def _compute_sales_history(self):
        years = defaultdict(dict)
        sums = self._sum_up_invoices_sudo(["invoice_date:year", "move_type"])
        for (customer, day, move_type), row in sums.items():
            year = years[customer].setdefault(
                day.year, {"year": day.year, "count": 0, "invoiced": 0, "due": 0}
            )
            year["count"] += row["count"] if move_type == "out_invoice" else 0
            year["invoiced"] += row["amount_total_signed"]
            year["due"] += row["amount_residual_signed"]
        currency = self.env.company.currency_id
        for partner in self:
            rows = years[partner.commercial_partner_id._origin.id]
            partner.sales_history = [
                {**row, "paid": currency.round(row["invoiced"] - row["due"])}
                for _year, row in sorted(rows.items(), reverse=True)
            ]

    @api.depends("commercial_partner_id")
    @api.depends_context("uid", "allowed_company_ids")
    def _compute_last_interaction_date(self):
        sources = (
            self._get_last_mail_dates(),
            self._get_last_activity_dates(),
            self._get_last_note_dates(),
        )
        for partner in self:
            customer = partner.commercial_partner_id._origin.id
            moments = filter(None, (source.get(customer) for source in sources))
            partner.last_interaction_date = max(moments, default=False)

    @api.depends("commercial_partner_id")
    @api.depends_context("uid", "allowed_company_ids")
    def _compute_next_interaction_date(self):
        moments = dict(
            self._select_per_customer(
                self.env["billinator.activity"],
                Domain("status", "=", "pending"),
                "due_date",
                "due_date",
            )
        )
        for partner in self:
            customer = partner.commercial_partner_id._origin.id
            partner.next_interaction_date = moments.get(customer)

    @api.depends("commercial_partner_id")
    @api.depends_context("uid", "allowed_company_ids")
    def _compute_recent_opportunity_ids(self):
        self._set_recent(
            "recent_opportunity_ids",
            Domain.TRUE,
            "date_closed DESC NULLS FIRST, id DESC",
        )

    @api.depends("commercial_partner_id")
    @api.depends_context("uid", "allowed_company_ids")
    def _compute_recent_quote_ids(self):
        self._set_recent(
            "recent_quote_ids",
            CURRENT_VERSIONS,
            "date_quote DESC, id DESC",
        )

    @api.depends("commercial_partner_id")
    @api.depends_context("uid", "allowed_company_ids")
    def _compute_pending_activity_ids(self):
        self._set_recent(
            "pending_activity_ids", Domain("status", "=", "pending"), "due_date, id"
        )

    @api.depends("commercial_partner_id")
    @api.depends_context("uid", "allowed_company_ids")
    def _compute_recent_note_ids(self):
        self._set_recent("recent_note_ids", Domain.TRUE, "date DESC, id DESC")

    @api.depends("commercial_partner_id")
    @api.depends_context("uid", "allowed_company_ids")
    def _compute_recent_invoice_ids(self):
        self._set_recent(
            "recent_invoice_ids",
            self._get_invoice_domain(),
            "invoice_date DESC, id DESC",
        )

    # === Sums === #

    def _get_figure_customers(self):
        """Return the companies whose figures the partners in ``self`` show."""
        return self.commercial_partner_id._origin

    def _sum_up(
        self, documents, domain, keys, amounts, customer_field="commercial_partner_id"
    ):
        """Add up the customers' documents, those that the user may read, in one query.

        :param documents: an empty recordset of the documents' model
        :param list keys: fields to group by, besides the customer
        :param list amounts: fields that are in the currency of a document's company
        :param str customer_field: the documents' field for the customer
        :return: dict of dicts with ``count`` and the amounts, zero where there is
            nothing; its keys are tuples of customer id and the values of ``keys``
        """
        sums = defaultdict(lambda: dict.fromkeys(("count", *amounts), 0))
        if not documents.has_access("read"):
            return sums
        rows = documents._read_group(
            domain & Domain(customer_field, "in", self._get_figure_customers().ids),
            [customer_field, *keys, "company_id"],
            ["__count", *(f"{amount}:sum" for amount in amounts)],
        )
        for row in rows:
            customer, *values = row[: len(keys) + 1]
            company, count, *totals = row[len(keys) + 1 :]
            figures = sums[(customer.id, *values)]
            figures["count"] += count
            for name, amount in zip(amounts, totals, strict=True):
                figures[name] += company._convert_to_current(amount)
        return sums

    @api.model
    def _get_invoice_domain(self):
        """Return the domain of what was invoiced to customers."""
        return (
            Domain("move_type", "in", ("out_invoice", "out_refund"))
            & Domain("state", "=", "posted")
            & Domain("company_id", "in", self.env.companies.ids)
        )

    def _filter_readable_companies(self):
        """Return the partners whose company the user may read.

        Salespeople need the sums of its invoices before a call, and have no accounting
        rights: where these sums are made in sudo mode, this is the check. The fields'
        groups keep everybody else out.
        """
        readable = self._get_figure_customers()._filtered_access("read")
        return self.filtered(
            lambda partner: partner.commercial_partner_id._origin in readable
        )

    def _sum_up_invoices_sudo(self, keys):
        """Add up what was invoiced, and what of it is due; see :meth:`_sum_up`."""
        return self._filter_readable_companies()._sum_up(
            self.env["account.move"].sudo(),
            self._get_invoice_domain(),
            keys,
            ["amount_total_signed", "amount_residual_signed"],
        )

    def _sum_up_overdue_sudo(self):
        """Add up the instalments whose day has passed; see :meth:`_sum_up`."""
        invoices = Domain("move_id", "any", self._get_invoice_domain())
        return self._filter_readable_companies()._sum_up(
            self.env["account.move.line"].sudo(),
            invoices
            & Domain("display_type", "=", "payment_term")
            & Domain("reconciled", "=", False)
            & Domain("date_maturity", "<", fields.Date.context_today(self)),
            [],
            ["amount_residual"],
            customer_field="partner_id",
        )

    def _get_payment_days_sudo(self):
        """Tell how fast the customers' invoices of the last years were paid.

        :return: dict of customer id: (count of invoices, sum of their amounts, sum of
            amount times days)
        """
        payments = defaultdict(lambda: (0, 0, 0))
        customers = self._filter_readable_companies()._get_figure_customers()
        since = fields.Date.context_today(self) - relativedelta(years=PAYMENT_YEARS)
        query = (
            self.env["account.move"]
            .sudo()
            ._search(
                self._get_invoice_domain()
                & Domain("commercial_partner_id", "in", customers.ids)
                & Domain("move_type", "=", "out_invoice")
                & Domain("payment_state", "=", "paid")
                & Domain("invoice_date", ">=", since)
            )
        )
        for customer, company_id, count, amount, amount_days in self.env.execute_query(
            self._get_payment_days_sql(query)
        ):
            company = self.env["res.company"].browse(company_id)
            before = payments[customer]
            payments[customer] = (
                before[0] + count,
                before[1] + company._convert_to_current(amount),
                before[2] + company._convert_to_current(amount_days),
            )
        return payments

    def _get_payment_days_sql(self, query):
        """Sum up the paid invoices of a query by customer and company."""
        for model in ("account.move", "account.move.line", "account.partial.reconcile"):
            self.env[model].flush_model()
        return SQL(
            """
            SELECT customer_id, company_id, COUNT(*), SUM(amount), SUM(amount * days)
              FROM (%s) AS paid
          GROUP BY customer_id, company_id
            """,
            self._get_paid_invoices_sql(SQL("move.id IN %s", query.subselect())),
        )

    @api.model
    def _get_paid_invoices_sql(self, condition):
        """Return a query with the days from each invoice to the last payment matched.

        :param SQL condition: which paid invoices, by the alias ``move``
        """
        return SQL(
            """
            SELECT move.commercial_partner_id AS customer_id,
                   move.company_id,
                   move.amount_total_signed AS amount,
                   MAX(partial.max_date) - move.invoice_date AS days
              FROM account_move move
              JOIN account_move_line line
                ON line.move_id = move.id AND line.display_type = 'payment_term'
              JOIN account_partial_reconcile partial
                ON partial.debit_move_id = line.id
               -- Of an exchange difference, nothing was paid.
               AND partial.debit_amount_currency <> 0
             WHERE %s
          GROUP BY move.id
            """,
            condition,
        )

    # === First and last === #

    def _set_recent(self, name, domain, order):
        """Set a field to the customers' first readable documents in an order."""
        documents = self.env[self._fields[name].comodel_name]
        ids = defaultdict(list)
        for customer, document in self._select_per_customer(
            documents, domain, order, "id", RECENT_LIMIT
        ):
            ids[customer].append(document)
        for partner in self:
            customer = partner.commercial_partner_id._origin.id
            partner[name] = documents.browse(ids[customer])

    def _select_per_customer(self, documents, domain, order, name, limit=1):
        """Find each customer's first readable documents in an order, in one query.

        :param documents: an empty recordset of the documents' model
        :param order: str of fields, or SQL, that an index by customer follows
        :param str name: the field to return
        :return: list of tuples: customer id, value of the field
        """
        if not documents.has_access("read"):
            return []
        query = documents._search(domain, limit=limit)
        query.order = (
            order if isinstance(order, SQL) else documents._order_to_sql(order, query)
        )
        customer = documents._field_to_sql(query.table, "commercial_partner_id", query)
        query.add_where(SQL("%s = customer.id", customer))
        return self.env.execute_query(
            SQL(
                "SELECT customer.id, document.value"
                " FROM unnest(%s::int[]) AS customer (id)"
                " CROSS JOIN LATERAL (%s) AS document (value)",
                self._get_figure_customers().ids,
                query.select(documents._field_to_sql(query.table, name, query)),
            )
        )

    def _get_last_activity_dates(self):
        """Return the moment of each customer's last activity that was done.

        :return: dict of customer id: datetime
        """
        return dict(
            self._select_per_customer(
                self.env["billinator.activity"],
                Domain("status", "=", "done"),
                ACTIVITY_ORDER,
                "completed_at",
            )
        )

    def _get_last_note_dates(self):
        """Return the moment of each customer's last note, call, mail or meeting.

        :return: dict of customer id: datetime
        """
        notes = self.env["billinator.note"]
        return dict(
            self._select_per_customer(notes, Domain.TRUE, "date DESC, id DESC", "date")
        )

    def _get_last_mail_dates(self):
        """Return the moment of each customer's last mail.

        Mails are those on its people, deals and quotes that the user may read. The
        last one of each document is found by the index, however many there are.

        :return: dict of customer id: datetime
        """
        Message = self.env["mail.message"]
        Message.flush_model()
        rows = self.env.execute_query(
            SQL(
                """
                SELECT document.customer_id, MAX(%(last_mail)s)
                  FROM (%(documents)s) AS document
              GROUP BY document.customer_id
                """,
                documents=SQL(" UNION ALL ").join(self._get_document_queries()),
                last_mail=Message._get_last_mail_sql(
                    SQL("document.model"), SQL("document.res_id")
                ),
            )
        )
        return dict(rows)

    def _get_document_queries(self):
        """Return queries of what the user may read of the customers.

        :return: list of SQL with the columns ``customer_id``, ``model``, ``res_id``
        """
        domain = Domain("commercial_partner_id", "in", self._get_figure_customers().ids)
        queries = []
        for name in ("res.partner", "billinator.opportunity", "billinator.quote"):
            documents = self.env[name].with_context(active_test=False)
            if not documents.has_access("read"):
                continue
            query = documents._search(domain)
            customer = documents._field_to_sql(
                query.table, "commercial_partner_id", query
            )
            queries.append(
                query.select(
                    SQL("%s AS customer_id", customer),
                    SQL("%s AS model", name),
                    SQL("%s AS res_id", SQL.identifier(query.table, "id")),
                )
            )
        return queries
