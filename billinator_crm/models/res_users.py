import pytz
from markupsafe import Markup

from odoo import models

# A message names so many records.
MOST_NAMED = 50


class ResUsers(models.Model):
    _inherit = "res.users"

    def write(self, vals):
        """Pass on what users had to do who leave."""
        is_leaving = "active" in vals and not vals["active"]
        leavers = self.filtered("active") if is_leaving else self.browse()
        result = super().write(vals)
        if leavers:
            self.env["billinator.activity"]._pass_on(leavers)
        return result

    def action_archive(self):
        """Archive the users before Odoo deletes what is left of their activities.

        What the CRM has of these passes on by then, see :meth:`write`.

        :return: True
        :raises AccessError: for who may not change the users
        """
        self.filtered("active").write({"active": False})
        super().action_archive()
        return True

    def unlink(self):
        self.check_access("unlink")
        self._unlink_activities()
        return super().unlink()

    def _unlink_activities(self):
        """Delete the users' activities before PostgreSQL does.

        It may do with the rows of the CRM what the user's deletion asks for after what
        the activity's does, and then refuse both.
        """
        # As sudo: they go with their users anyway, whoever may see them.
        activities_sudo = self.env["mail.activity"].sudo()
        activities_sudo.with_context(active_test=False).search(
            [("user_id", "in", self.ids)]
        ).unlink()

    def _sees_all_documents(self):
        """Whether the user sees the deals and quotes of everybody."""
        return self.has_group("sales_team.group_sale_salesman_all_leads")

    def _filter_present_in(self, company):
        """Return those of the users who are active in a company, as colleagues."""
        return self.filtered(
            lambda user: (
                user.active and not user.share and company in user.company_ids
            )
        )

    def _filter_accessible(self, records, operation="read"):
        """Return those of the records that the user may read, in all of its companies.

        :param str operation: what the user is to be allowed, if it is not reading
        """
        # As sudo: nobody need see which companies others work for.
        companies = self.sudo().company_ids
        theirs = records.with_user(self).with_context(allowed_company_ids=companies.ids)
        return theirs._filtered_access(operation).with_env(records.env)

    def _get_working_zone(self):
        """Return the user's time zone; for who makes this call, the call's."""
        if self == self.env.user:
            return self.env.tz
        # Everybody may know where a colleague is.
        return pytz.timezone(self.sudo().tz or "UTC")

    # === Messages === #

    def _send_links(self, text, records, titles=None):
        """Send the user one message about records that are now for him or her.

        :param str text: what is said of them, the subject, too
        :param records: list or recordset of what inherits from ``mail.thread``
        :param list titles: what to call them, if not by their names
        """
        self.ensure_one()
        titles = titles or [record.display_name for record in records]
        rows = Markup().join(
            Markup('<li><a href="%s" data-oe-model="%s" data-oe-id="%s">%s</a></li>')
            % (record._notify_get_action_link("view"), record._name, record.id, title)
            for record, title in zip(records[:MOST_NAMED], titles, strict=False)
        )
        more = Markup("<p>…</p>") if len(records) > MOST_NAMED else ""
        self.env["mail.thread"].message_notify(
            partner_ids=self.partner_id.ids,
            subject=text,
            body=Markup("<p>%s</p><ul>%s</ul>%s") % (text, rows, more),
        )
