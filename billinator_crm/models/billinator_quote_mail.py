import logging
from datetime import timedelta

from psycopg2 import OperationalError
from psycopg2.errors import SerializationFailure

from odoo import SUPERUSER_ID, api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.fields import Domain
from odoo.modules.registry import Registry
from odoo.service.model import retrying
from odoo.tools import SQL, format_date

from ..locks import wait_and_lock
from ..mail_failures import describe_failure
from ..quote_states import CURRENT_VERSIONS, OPEN_STATES

_logger = logging.getLogger(__name__)

LAYOUT = "mail.mail_notification_layout_with_responsible_signature"
# Of notices to customers: what says that the mail did not reach them.
FAILURES = {"exception", "bounce", "canceled"}


class BillinatorQuote(models.Model):
    """The quote's mails: to the customer, with the PDF, and before its last day."""

    _inherit = "billinator.quote"
    # Who gets the quote by mail follows it, and so hears what is answered there.
    _mail_thread_customer = True

    date_sent = fields.Datetime(
        string="Sent On",
        compute="_compute_date_sent",
        store=True,
        copy=False,
        help="When the quote became a sent one.",
    )
    is_reminder_off = fields.Boolean(
        string="No Reminder",
        copy=False,
        help="Do not remind the customer by mail before the quote expires.",
    )
    reminded_for = fields.Date(
        readonly=True,
        copy=False,
        help="The last “valid until” that the customer was reminded of.",
    )

    # === Computes === #

    @api.depends("state")
    def _compute_date_sent(self):
        now = fields.Datetime.now()
        for quote in self:
            is_draft, is_sent = quote.state == "draft", quote.state == "sent"
            quote.date_sent = not is_draft and (quote.date_sent or (is_sent and now))

    # === CRUD === #

    def write(self, vals):
        if "state" in vals:
            # Before the state that it follows from is another one.
            self._recompute_recordset(["date_sent"])
        customers = {
            quote: quote.commercial_partner_id for quote in self if "partner_id" in vals
        }
        result = super().write(vals)
        for quote, customer in customers.items():
            if quote.commercial_partner_id != customer:
                quote._leave_customer(customer)
        return result

    @api.model
    def _get_kept_fields(self):
        return super()._get_kept_fields() | {"reminded_for"}

    @api.model
    def _get_technical_fields(self):
        return super()._get_technical_fields() | {"reminded_for"}

    # === Actions === #

    @api.readonly
    def action_send(self):
        """Open the composer on a mail with the quote's PDF for the customer.

        A quote becomes sent when the mail server has taken the mail, not before.
        Several quotes are composed as one text for all; each mail has its own PDF.

        :return: a window action on ``mail.compose.message``
        :raises UserError: for quotes that cannot be sent
        """
        self.check_access("write")
        self._check_sendable()
        template = self.env.ref("billinator_crm.mail_template_quote_send")
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Send"),
            "res_model": "mail.compose.message",
            "views": [(False, "form")],
            "target": "new",
            "context": {
                "default_model": self._name,
                "default_res_ids": self.ids,
                "default_composition_mode": (
                    "mass_mail" if len(self) > 1 else "comment"
                ),
                "default_template_id": template.id,
                "default_email_layout_xmlid": LAYOUT,
                "default_billinator_sends_quote": True,
                "email_notification_allow_footer": True,
                "force_email": True,
                "hide_mail_template_management_options": True,
            },
        }

    def action_send_by_email(self, queue=False):
        """Mail the quotes with their PDFs to their customers, without a dialog.

        What the template for quotes says is sent. A quote becomes sent when the mail
        server has taken its mail; a failure shows in its thread.

        :param bool queue: leave it to the mail queue, which is right for many quotes,
            instead of sending at the end of the call
        :return: True
        :raises UserError: for quotes that cannot be sent, without an address, that
            somebody else sends at this moment, or whose mail is in the queue
        """
        self.check_access("write")
        self._check_sendable()
        self._check_addresses()
        self._hold_sending()
        template = self.env.ref("billinator_crm.mail_template_quote_send")
        self._mail_template(template, queue=queue, billinator_sends_quote=True)
        return True

    @api.readonly
    def get_departure_notice(self):
        """Tell what became of the last mail with each of the quotes.

        :return: dict of ``message``, in the user's language, and ``type``: ``danger``
            when mails have failed, ``info`` when some wait in the queue, or ``success``
        """
        self.check_access("read")
        notices = self._get_last_notices()
        fates = self.grouped(lambda quote: quote._get_fate(notices[quote]))
        texts = [
            quote._tell_failure(notices[quote]) for quote in fates.get("failed", ())
        ]
        if waiting := fates.get("waiting"):
            texts.append(waiting._tell_waiting())
        if left := fates.get("left"):
            texts.append(left._tell_left())
        types = {"failed": "danger", "waiting": "info", "left": "success"}
        return {
            "message": " ".join(texts),
            "type": next((types[fate] for fate in types if fate in fates), "success"),
        }

    # === Business === #

    def _get_last_notices(self):
        """Return the notices to customers of the last mail with each quote, by quote.

        :return: dict of quote: ``mail.notification``
        """
        messages = self.env["mail.message"].search(
            Domain("model", "=", self._name)
            & Domain("res_id", "in", self.ids)
            & Domain("billinator_sends_quote", "=", True),
            order="id",
        )
        last = {message.res_id: message for message in messages}
        return {
            quote: last.get(
                quote.id, messages.browse()
            ).notification_ids._filter_mails_to_customers()
            for quote in self
        }

    def _get_fate(self, notices):
        self.ensure_one()
        statuses = set(notices.mapped("notification_status"))
        if "sent" in statuses or (not notices and self.state != "draft"):
            return "left"
        return "failed" if statuses & FAILURES else "waiting"

    def _tell_failure(self, notices):
        self.ensure_one()
        failed = notices.filtered(lambda notice: notice.notification_status in FAILURES)
        return self.env._(
            "Quote %(quote)s could not be sent, and stays as it was (%(state)s): "
            "%(reason)s.",
            quote=self.name,
            state=self._get_state_label(),
            reason=describe_failure(failed[0]),
        )

    def _tell_waiting(self):
        if len(self) == 1:
            return self.env._(
                "The email with quote %s is waiting to be sent; the quote becomes "
                "Sent once it has left.",
                self.name,
            )
        return self.env._(
            "%s emails are waiting to be sent; the quotes become Sent once they have "
            "left.",
            len(self),
        )

    def _tell_left(self):
        if len(self) == 1:
            return self.env._("Quote %s was sent.", self.name)
        return self.env._("%s quotes were sent.", len(self))

    def _leave_customer(self, customer):
        """Tell people of a customer who was the quote's no more, nor let them open it.

        What was said so far is not for the customer who comes.

        :param customer: ``res.partner``, the whole company
        """
        people = self.message_partner_ids.filtered(
            lambda person: (
                person.commercial_partner_id == customer and person.partner_share
            )
        )
        self.message_unsubscribe(people.ids)
        self.access_token = False
        # As sudo: colleagues have written some of them.
        self.sudo().message_ids.is_internal = True

    def _get_mail_recipient(self):
        """Return whom to write to: the contact, or the customer, if only it has mail.

        :return: ``res.partner``
        """
        self.ensure_one()
        # Customers and accountants, who do not see contacts, write on quotes as well.
        quote_sudo = self.sudo()
        person_sudo = quote_sudo.contact_id.person_id
        # Who has changed to another company is written to no more.
        is_reached = quote_sudo._has_own_contact() and person_sudo.email_normalized
        recipient_sudo = person_sudo if is_reached else quote_sudo.partner_id
        return recipient_sudo.with_env(self.env)

    def _mail_get_partners(self, introspect_fields=False):
        return {quote.id: quote._get_mail_recipient() for quote in self}

    def _check_sendable(self):
        """Refuse quotes that could not become sent."""
        self._check_transition("sent")
        self._check_sellable()
        self._check_valid()
        for quote in self:
            if quote.state not in OPEN_STATES:
                raise UserError(
                    self.env._(
                        "Quote %(quote)s is %(state)s and cannot be sent. Reset it to "
                        "draft first.",
                        quote=quote.name,
                        state=quote._get_state_label(),
                    )
                )

    def _check_valid(self):
        for quote in self:
            if quote._is_past_validity():
                raise UserError(
                    self.env._(
                        "Quote %(quote)s was valid until %(day)s, and the customer "
                        "could not accept it: choose a later day first.",
                        quote=quote.name,
                        day=format_date(self.env, quote.validity_date),
                    )
                )

    def _check_addresses(self):
        for quote in self:
            recipient = quote._get_mail_recipient()
            if not recipient.email_normalized:
                raise ValidationError(
                    self.env._(
                        "%(customer)s has no email address to send quote %(quote)s to. "
                        "Add one, or choose another contact.",
                        customer=recipient.display_name,
                        quote=quote.name,
                    )
                )

    def _hold_sending(self):
        """Refuse quotes that another call sends, or whose mail has not left yet.

        Others are held until the end of the transaction.
        """
        for quote in self - self._lock_for_sending():
            raise UserError(
                self.env._(
                    "Somebody is sending or changing quote %s at this moment. Look at "
                    "it before you send it again.",
                    quote.name,
                )
            )
        for quote in self._filter_departing():
            raise UserError(
                self.env._("The email with quote %s is waiting to be sent.", quote.name)
            )

    def _lock_for_sending(self):
        """Return the quotes that nobody else sends, or has since this call began.

        With a lock of the rows alone, who comes second would wait, and then send the
        quotes once more. The rows are written for those who come later with an older
        snapshot, which does not have the mail of who came first.
        """
        touch = SQL(
            "UPDATE billinator_quote quote SET write_date = quote.write_date"
            "  FROM unnest(%s::int[]) AS wanted(id)"
            " WHERE quote.id = wanted.id"
            "   AND pg_try_advisory_xact_lock(%s::regclass::int, wanted.id)"
            " RETURNING quote.id",
            self.ids,
            self._table,
        )
        try:
            with self.env.cr.savepoint(flush=False):
                self.env.cr.execute(touch, log_exceptions=False)
                return self.browse(quote_id for [quote_id] in self.env.cr.fetchall())
        except SerializationFailure:
            return self.browse()

    def _filter_departing(self):
        """Return the quotes of these whose mail is in the queue."""
        # Salespeople do not see mails; these are the ones of quotes that they send.
        queued_sudo = (
            self.env["mail.mail"]
            .sudo()
            .search(
                Domain("model", "=", self._name)
                & Domain("res_id", "in", self.ids)
                & Domain("billinator_sends_quote", "=", True)
                & Domain("state", "=", "outgoing")
            )
        )
        return self.browse(queued_sudo.mapped("res_id"))

    def _mail_template(self, template, queue=False, **values):
        """Post the template on the quotes, as a mail to their customers.

        :param template: ``mail.template``
        :param bool queue: see ``action_send_by_email``
        :param values: of the messages
        """
        self.message_post_with_source(
            template,
            message_type="comment",
            subtype_xmlid="mail.mt_comment",
            email_layout_xmlid=LAYOUT,
            force_send=not queue,
            **values,
        )
        if queue:
            self.env.ref("mail.ir_cron_mail_scheduler_action")._trigger()

    @api.model
    def _get_message_create_valid_field_names(self):
        return super()._get_message_create_valid_field_names() | {
            "billinator_sends_quote",
            "billinator_quote_hash",
        }

    # === The mail has left === #

    def _follow_departure(self, content_hash, is_offer):
        """Turn drafts into sent quotes: a mail with them was taken by the mail server.

        The mail cannot be called back, and must not go again because of a conflict
        with somebody who works on the quote at this moment: this then waits for the
        end of the transaction.

        :param str content_hash: what the quotes said when the mail was made, if known
        :param bool is_offer: whether drafts become sent; a reminder says anew what
            was offered before
        """
        try:
            with self.env.cr.savepoint():
                self._set_sent(content_hash, is_offer)
        except OperationalError:
            self._follow_departure_later(content_hash, is_offer)

    def _set_sent(self, content_hash, is_offer):
        wait_and_lock(self)
        for quote in self.filtered(lambda quote: is_offer and quote.state == "draft"):
            try:
                with self.env.cr.savepoint():
                    quote.write({"state": "sent"})
            except UserError as error:
                quote._message_log(
                    body=self.env._(
                        "The email was sent, but the quote could not be marked as "
                        "sent: %s",
                        error,
                    )
                )

    def _follow_departure_later(self, *content):
        database, uid, ids = self.env.cr.dbname, self.env.uid, self.ids

        @self.env.cr.postcommit.add
        def follow():
            with Registry(database).cursor() as cr:
                env = api.Environment(cr, SUPERUSER_ID, {})
                quotes = env["billinator.quote"].with_user(uid).sudo().browse(ids)
                retrying(lambda: quotes.exists()._set_sent(*content), env)

    # === Reminder === #

    @api.model
    def _cron_remind_customers(self):
        """Remind customers of the quotes that are about to expire, each of them once.

        Every quote is a transaction of its own, with the mail in the queue: what is
        cut off is done by the next run, and nothing twice.
        """
        template = self.env.ref("billinator_crm.mail_template_quote_reminder")
        due = self._get_due_reminders()
        cron = self.env["ir.cron"]
        cron._commit_progress(remaining=len(due))
        for quote in due:
            quote._remind_customer(template)
            if not cron._commit_progress(1):
                break

    def _get_due_reminders(self):
        """Return the quotes whose customers are to be reminded today."""
        companies = self.env["res.company"].search(
            [("billinator_quote_reminder_days", ">", 0)]
        )
        due = self.browse()
        for company in companies:
            today = company._get_billinator_day()
            last_day = today + timedelta(days=company.billinator_quote_reminder_days)
            due |= self.search(
                Domain("company_id", "=", company.id)
                & Domain("state", "=", "sent")
                & Domain("is_reminder_off", "=", False)
                & CURRENT_VERSIONS
                & Domain("validity_date", ">=", today)
                & Domain("validity_date", "<=", last_day)
            )
        return due.filtered(lambda quote: quote._is_reminder_due())

    def _is_reminder_due(self):
        """Whether this “valid until” needs a reminder, which comes days before it.

        Not if the quote was sent on that day or later: the customer has just read it.
        """
        self.ensure_one()
        if self.reminded_for == self.validity_date:
            return False
        company = self.company_id
        days = timedelta(days=company.billinator_quote_reminder_days)
        day_sent = company._get_billinator_day(self.date_sent)
        return day_sent < self.validity_date - days

    def _remind_customer(self, template):
        """Queue the reminder. One that fails is told of, and tried again tomorrow."""
        try:
            with self.env.cr.savepoint():
                self._check_sendable()
                self._check_addresses()
                self.reminded_for = self.validity_date
                self._mail_template(
                    template,
                    queue=True,
                    # Without the PDF, it does not tell what is in it.
                    billinator_quote_hash=bool(template.report_template_ids)
                    and self.content_hash,
                )
        except UserError as error:
            _logger.info("No reminder of quote %s: %s", self.name, error)
        except Exception:
            _logger.exception("The reminder of quote %s failed", self.name)
