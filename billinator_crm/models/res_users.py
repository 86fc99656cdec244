import pytz

from odoo import models


class ResUsers(models.Model):
    _inherit = "res.users"

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
