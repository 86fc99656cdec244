from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools import SQL

from ..markers import SEGMENT_IS_LOOKED_UP
from .res_partner_metrics import AMOUNTS

# What a number is made of.
SEQUENCE_FIELDS = ("implementation", "padding", "prefix", "suffix", "use_date_range")
# What may follow when a customer accepts a quote on its page.
ONLINE_INVOICES = [
    ("no", "Make No Invoice"),
    ("draft", "Make a Draft Invoice"),
    ("post", "Make and Post the Invoice"),
    ("send", "Make, Post and Send the Invoice"),
]


class ResCompany(models.Model):
    _name = "res.company"
    _inherit = ["billinator.settings.mixin", "res.company"]
    _remembered_fields = ("alias_domain_id", "currency_id", "parent_path")

    billinator_quote_validity_days = fields.Integer(
        string="Quote Validity (Days)",
        default=30,
        help="Days from a quote's date to the date it expires. "
        "Zero: new quotes do not expire.",
    )
    billinator_downpayment_account_id = fields.Many2one(
        "account.account",
        string="Down Payment Account",
        check_company=True,
        domain="[('account_type', 'in', "
        "('income', 'income_other', 'liability_current'))]",
        help="Where down payments are booked until the final invoice. Empty: on the "
        "income accounts of what was quoted.",
    )

    billinator_quote_reminder_days = fields.Integer(
        string="Reminder Before Quotes Expire (Days)",
        help="Days before a sent quote expires on which its customer is reminded by "
        "mail. Zero: customers are not reminded.",
    )
    billinator_online_invoice = fields.Selection(
        ONLINE_INVOICES,
        string="When a Customer Accepts Online",
        default="no",
        required=True,
        help="The invoice to create when a customer accepts a quote on its page: for "
        "the first down payment if there is one, else for the whole quote. New "
        "quotes start with it.",
    )
    billinator_confirmation_template_id = fields.Many2one(
        "mail.template",
        string="Confirmation of Online Acceptances",
        domain="[('model', '=', 'billinator.quote')]",
        default=lambda self: self._default_billinator_confirmation_template(),
        help="The email that a customer gets who accepts a quote on its page, with the "
        "signed PDF. Empty: none. Accepting for the customer sends none.",
    )
    billinator_deals_follow_quotes = fields.Boolean(
        string="Deals Take Over the Value of Accepted Quotes",
        help="When a quote is accepted, its opportunity is expected to bring in what "
        "its accepted quotes come to, untaxed: what is won is what was sold.",
    )
    billinator_idle_days = fields.Integer(
        string="Days Without Contact",
        default=14,
        help="An open opportunity without contact for this long needs attention. Zero "
        "turns this off.",
    )

    _billinator_idle_days_positive = models.Constraint(
        "CHECK(billinator_idle_days >= 0)",
        "The days without contact cannot be negative.",
    )
    _billinator_quote_validity_days_positive = models.Constraint(
        "CHECK(billinator_quote_validity_days >= 0)",
        "The validity of quotes cannot be a negative number of days.",
    )
    _billinator_quote_reminder_days_positive = models.Constraint(
        "CHECK(billinator_quote_reminder_days >= 0)",
        "Reminders cannot come a negative number of days before quotes expire.",
    )

    @api.model
    def _changes_settings(self, vals):
        # A path follows from the parent.
        names = ("active", "parent_id", *self._remembered_fields)
        return not vals.keys().isdisjoint(names)

    @api.model
    def _default_billinator_confirmation_template(self):
        return self.env.ref(
            "billinator_crm.mail_template_quote_confirmation", raise_if_not_found=False
        )

    @api.model_create_multi
    def create(self, vals_list):
        companies = super().create(vals_list)
        companies._create_quote_sequences()
        return companies

    def write(self, vals):
        """Let amounts without a currency of their own keep what they are worth."""
        currencies = {
            company: company.currency_id for company in self if "currency_id" in vals
        }
        result = super().write(vals)
        for company, former in currencies.items():
            if company.currency_id != former:
                company._convert_billinator_amounts(former)
        return result

    def _convert_billinator_amounts(self, former):
        """Convert what is in the company's currency, whichever that is.

        :param former: the ``res.currency`` that it was in
        """
        self.ensure_one()
        self.env["billinator.pipeline.snapshot"]._convert_amounts(self, former)
        today = fields.Date.context_today(self)
        own = Domain("company_id", "=", self.id)
        amounts = Domain("metric", "in", AMOUNTS) & Domain("tag_id", "any", own)
        # What is worth the same has the same customers.
        company = SEGMENT_IS_LOOKED_UP.on(self.with_context(active_test=False))
        for model, name, domain in (
            ("billinator.target", "amount", own),
            ("billinator.approval.rule", "max_total", own),
            ("billinator.tag.condition", "value", amounts),
        ):
            # As sudo: they follow the company, whoever may change that.
            for record_sudo in company.env[model].sudo().search(domain):
                record_sudo[name] = former._convert(
                    record_sudo[name], self.currency_id, self, today
                )

    def _get_billinator_day(self, moment=None):
        """Return the day that it is where the company is.

        :param datetime moment: in UTC; now, without it
        """
        self.ensure_one()
        zoned = self.with_context(tz=self.partner_id.tz or "UTC")
        return fields.Datetime.context_timestamp(
            zoned, moment or fields.Datetime.now()
        ).date()

    def _get_rates_to_current(self):
        """Return what each company's currency is worth in the current company's.

        By the current company's rates of today, as Odoo's own reports do it.

        :return: dict of company's id: rate
        """
        current = self.env.company
        rates = {
            currency: currency._get_conversion_rate(
                currency, current.currency_id, current
            )
            for currency in self.currency_id
        }
        return {company.id: rates[company.currency_id] for company in self}

    def _convert_to_current(self, amount):
        """Return an amount of the company, rounded, in the current company's currency.

        By the same rates as ``_get_rates_to_current``.
        """
        current = self.env.company
        return self.currency_id._convert(amount, current.currency_id, current)

    def _confirm_online_acceptances(self):
        """Begin with the addon's own mail, which came after the companies."""
        template = self._default_billinator_confirmation_template()
        self.billinator_confirmation_template_id = template

    def _create_quote_sequences(self):
        """Create the quote numbers of companies that have none yet."""
        # Whoever creates a company may, by that, give it a numbering.
        sequences_sudo = self.env["ir.sequence"].sudo()
        with_sequence = sequences_sudo.search(
            [("code", "=", "billinator.quote"), ("company_id", "in", self.ids)]
        ).company_id
        # No date ranges: the first quotes of a year, made at the same moment, would
        # each open the year's range and number themselves alike.
        sequences_sudo.create(
            [
                {
                    "name": self.env._("Quotes of %s", company.name),
                    "code": "billinator.quote",
                    "company_id": company.id,
                    "prefix": "Q%(year)s/",
                    "padding": 5,
                }
                for company in self - with_sequence
            ]
        )

    def _get_quote_sequence_sudo(self):
        """Return the sequence that numbers the company's quotes."""
        # Whoever may create a quote may number it; sequences are the admin's.
        sequence_sudo = (
            self.env["ir.sequence"]
            .sudo()
            .search_fetch(
                [("code", "=", "billinator.quote"), ("company_id", "=", self.id)],
                SEQUENCE_FIELDS,
                limit=1,
            )
        )
        if not sequence_sudo:
            raise UserError(
                self.env._(
                    "There is no sequence “billinator.quote” to number the quotes of "
                    "%s: ask your administrator to create one.",
                    self.name,
                )
            )
        return sequence_sudo

    def _draw_quote_numbers(self, count):
        """Draw quote numbers of the company, in one query where the sequence allows.

        :param int count: how many
        :return: list of str
        """
        self.ensure_one()
        sequence_sudo = self._get_quote_sequence_sudo()
        if sequence_sudo.implementation != "standard" or sequence_sudo.use_date_range:
            return [sequence_sudo.next_by_id() for _number in range(count)]
        numbers = self.env.execute_query(
            SQL(
                "SELECT nextval(%s) FROM generate_series(1, %s)",
                f"ir_sequence_{sequence_sudo.id:03d}",
                count,
            )
        )
        return [sequence_sudo.get_next_char(number) for (number,) in numbers]
