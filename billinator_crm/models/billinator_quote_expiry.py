from datetime import datetime

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.fields import Domain
from odoo.tools import format_date

from ..arguments import arguments, as_day
from ..quote_states import CURRENT_VERSIONS

EXPIRY_BATCH = 500
EXTENDABLE_STATES = ("sent", "expired")
ACTIVITY_TYPE = "billinator_crm.mail_activity_type_expired"


class BillinatorQuote(models.Model):
    """The end of an offer: the customer's last day to accept, and another one."""

    _inherit = "billinator.quote"

    validity_date = fields.Date(tracking=True)

    _expiry_idx = models.Index("(validity_date) WHERE state = 'sent'")

    # === CRUD === #

    def write(self, vals):
        """Let nobody send an expired quote again without another date."""
        if vals.get("state") == "sent":
            self._check_extension(vals)
        expired = self.filtered(lambda quote: quote.state == "expired")
        result = super().write(vals)
        expired.filtered(lambda q: q.state != "expired")._unlink_expiry_activities()
        return result

    # === Actions === #

    @arguments(validity_date=as_day)
    def action_extend(self, validity_date):
        """Give sent and expired quotes another last day, on which they can be accepted.

        Expired quotes are sent ones again. Nothing is mailed to the customer.

        :param validity_date: the last day, a date or ``YYYY-MM-DD``
        :return: True
        :raises UserError: for quotes in another state, and for a day that has passed
            where the quote's company is
        """
        self.check_access("write")
        self._check_extendable()
        if not validity_date:
            raise UserError(
                self.env._("Choose the day until which the quotes are valid.")
            )
        self._check_not_past(validity_date)
        self.write({"state": "sent", "validity_date": validity_date})
        return True

    # === Business === #

    def _is_past_validity(self):
        """Whether the customer's last day has passed where the quote's company is."""
        self.ensure_one()
        day = self.validity_date
        return bool(day) and day < self.company_id._get_billinator_day()

    def _check_extendable(self):
        for quote in self:
            if quote.state not in EXTENDABLE_STATES:
                raise UserError(
                    self.env._(
                        "Quote %(quote)s is %(state)s: only sent and expired quotes "
                        "can be extended.",
                        quote=quote.name,
                        state=quote._get_state_label(),
                    )
                )

    def _check_not_past(self, day):
        """Refuse a last day that has passed already."""
        for company in self.company_id:
            today = company._get_billinator_day()
            if day < today:
                raise ValidationError(
                    self.env._(
                        "%(day)s has passed: choose %(today)s or a later day.",
                        day=format_date(self.env, day),
                        today=format_date(self.env, today),
                    )
                )

    def _check_extension(self, vals):
        """Refuse to send expired quotes again with a last day that has passed."""
        expired = self.filtered(lambda quote: quote.state == "expired")
        if not expired:
            return
        if "validity_date" not in vals:
            raise UserError(
                self.env._(
                    "Quote %s has expired: extend it, or make a new quote.",
                    expired[0].name,
                )
            )
        if day := fields.Date.to_date(vals["validity_date"]):
            expired._check_not_past(day)

    def _expire(self):
        """Close the quotes, and tell their salespeople that something is to be done."""
        self.write({"state": "expired"})
        if not self._get_expiry_activity_type_id():
            return
        # Whoever is told finds them in the day's list, and gets no mail for each.
        self.env["mail.activity"].with_context(mail_activity_quick_update=True).create(
            [
                quote._prepare_expiry_activity_values()
                for quote in self._filter_to_follow_up()
            ]
        )

    def _filter_to_follow_up(self):
        """Return the quotes with a salesperson who can still save the sale."""
        pending = self.filtered(
            lambda quote: (
                quote.opportunity_id.status in (False, "open")
                and quote.user_id._filter_present_in(quote.company_id)
            )
        )
        by_user = pending.grouped("user_id").items()
        return self.browse().union(
            *(user._filter_accessible(quotes, "write") for user, quotes in by_user)
        )

    def _prepare_expiry_activity_values(self):
        self.ensure_one()
        return {
            "activity_type_id": self._get_expiry_activity_type_id(),
            "automated": True,
            "date_deadline": datetime.now(self.user_id._get_working_zone()).date(),
            "res_id": self.id,
            "res_model_id": self.env["ir.model"]._get_id(self._name),
            "summary": self._get_expiry_summary(),
            "user_id": self.user_id.id,
        }

    def _get_expiry_summary(self):
        """Return what to do about the quote, in its salesperson's language."""
        env = self.with_context(lang=self.user_id.lang).env
        if self.opportunity_id:
            return env._(
                "Quote %s has expired: extend it, or close the opportunity", self.name
            )
        return env._(
            "Quote %s has expired: extend it, or mark it as rejected", self.name
        )

    @api.model
    def _get_expiry_activity_type_id(self):
        """Return the type's id, or False where an administrator deleted it."""
        return self.env["ir.model.data"]._xmlid_to_res_id(ACTIVITY_TYPE)

    def _unlink_expiry_activities(self):
        if self:
            # They are the salespeople's, and obsolete by what somebody just did.
            self.sudo().activity_unlink([ACTIVITY_TYPE])

    # === Cron === #

    @api.model
    def _cron_expire(self):
        """Expire the sent quotes whose last day has passed where their company is.

        Runs every hour, for midnight comes at another hour in each company. Every
        batch is a transaction of its own: what is cut off is done by the next run.
        """
        domain = self._get_past_validity_domain()
        cron = self.env["ir.cron"]
        cron._commit_progress(remaining=self.search_count(domain))
        last_id = 0
        while quotes := self.search(
            domain & Domain("id", ">", last_id), order="id", limit=EXPIRY_BATCH
        ):
            last_id = quotes.ids[-1]
            # Who accepts or extends a quote at this moment comes first.
            quotes.try_lock_for_update()._expire()
            if not cron._commit_progress(len(quotes)):
                break

    @api.model
    def _get_past_validity_domain(self):
        companies = self.env["res.company"].search(Domain.TRUE)
        by_day = companies.grouped(lambda company: company._get_billinator_day())
        current = Domain("state", "=", "sent") & CURRENT_VERSIONS
        return current & Domain.OR(
            Domain("company_id", "in", companies.ids)
            & Domain("validity_date", "<", day)
            for day, companies in by_day.items()
        )
