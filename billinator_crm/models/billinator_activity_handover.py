from collections import defaultdict

from odoo import api, models

APPROVAL_TYPE = "billinator_crm.mail_activity_type_approval"


class BillinatorActivity(models.Model):
    """Activities that somebody else has to do from now on."""

    _inherit = "billinator.activity"

    @api.model
    def _pass_on(self, leavers):
        """Give what users have to do to who is responsible without them.

        Whoever takes over gets one message. What nobody can take over stays, assigned
        to nobody. Approvals are asked of who decides now.

        :param leavers: ``res.users``, archived already
        """
        # As sudo: whoever may archive a user may do so with all that hangs on that.
        activities_sudo = self.sudo()
        pending_sudo = activities_sudo.search(
            [("user_id", "in", leavers.ids), ("status", "=", "pending")]
        )
        requests_sudo = pending_sudo.filtered(
            lambda activity: activity._is_request_for_approval()
        )
        for user, heritage_sudo in (pending_sudo - requests_sudo)._find_heirs().items():
            former_users = heritage_sudo.user_id
            heritage_sudo._hand_over(user)
            if user and user != self.env.user:
                heritage_sudo._tell_of_handover(user, former_users)
        requests_sudo.quote_id._ask_remaining(requests_sudo.activity_id)

    def _is_request_for_approval(self):
        """Whether it asks for a decision, which is not the salesperson's to make."""
        # Unlike env.ref, it does not look in the database for each activity.
        type_id = self.env["ir.model.data"]._xmlid_to_res_id(APPROVAL_TYPE)
        return self.activity_type_id.id == type_id and bool(self.quote_id)

    def _find_heirs(self):
        """Return who is responsible for activities whose assignees have left.

        :return: dict of activities by ``res.users``, which is empty for those that
            nobody of them can see
        """
        candidates = {activity: activity._get_candidates() for activity in self}
        offers = defaultdict(self.browse)
        for activity, users in candidates.items():
            for user in users:
                offers[user] |= activity
        seen = {
            user: user._filter_accessible(activities.activity_id)
            for user, activities in offers.items()
        }
        heirs = defaultdict(self.browse)
        for activity, users in candidates.items():
            able = users.filtered(
                lambda user, native=activity.activity_id: native in seen[user]
            )
            heirs[able[:1]] |= activity
        return heirs

    def _get_candidates(self):
        """Return who may be responsible instead of the assignee, the nearest first."""
        self.ensure_one()
        document = self.quote_id or self.opportunity_id or self.partner_id
        salespeople = document.user_id | self.opportunity_id.user_id
        own_teams = self.user_id.crm_team_member_ids.crm_team_id
        users = salespeople | self.team_id.user_id | own_teams.user_id
        return users.filtered(lambda user: user.active and not user.share)

    def _hand_over(self, user):
        """Assign activities to somebody, or nobody, who is told of all at once."""
        quiet = self.activity_id.with_context(mail_activity_quick_update=True)
        quiet.write({"user_id": user.id})

    def _tell_of_handover(self, user, former_users):
        """Send who has to do the activities one message, in his or her language."""
        activities = self.with_context(lang=user.lang or self.env.lang)
        text = activities.env._(
            "Activities that you take over from %(people)s: %(count)s",
            count=len(activities),
            people=", ".join(former_users.mapped("name")),
        )
        documents = [
            activity.quote_id or activity.opportunity_id or activity.partner_id
            for activity in activities
        ]
        titles = [
            f"{activity.display_name}: {document.display_name}"
            for activity, document in zip(activities, documents, strict=True)
        ]
        user._send_links(text, documents, titles)
