from odoo import models
from odoo.exceptions import UserError

from ..markers import COMES_WITH_DEAL
from ..quote_states import SELLABLE_STATES


class BillinatorOpportunity(models.Model):
    """What comes along when deals get another salesperson."""

    _inherit = "billinator.opportunity"

    # === CRUD === #

    def write(self, vals):
        """Let quotes that can still be sold follow their deal to its salesperson."""
        former_users = self._get_former_users(vals)
        result = super().write(vals)
        if former_users:
            self.browse(former_users)._bring_quotes_along(former_users)
        return result

    def _get_former_users(self, vals):
        """Return whose the deals were that come to somebody else, by their ids."""
        if "user_id" not in vals:
            return {}
        user_id = vals["user_id"] or False
        return {deal.id: deal.user_id for deal in self if deal.user_id.id != user_id}

    def _bring_quotes_along(self, former_users):
        """Give open quotes to whose the deals are now, in the deals' teams.

        Expired ones, which can be extended, come along. Those that a colleague has on
        somebody else's deal stay the colleague's, and closed deals keep theirs: they
        tell who has sold what.

        :param dict former_users: whose the deals were, by id
        """
        # As sudo: whoever may give a deal away does so with its quotes, and may see
        # neither them nor the deal any more.
        open_sudo = self.sudo().filtered(lambda deal: deal.status == "open")
        for (user, team), deals_sudo in open_sudo.grouped(
            lambda deal: (deal.user_id, deal.team_id)
        ).items():
            quotes_sudo = deals_sudo.env["billinator.quote"].search(
                deals_sudo._get_quotes_domain(SELLABLE_STATES)
            )
            following = quotes_sudo.filtered(
                lambda quote: quote.user_id == former_users[quote.opportunity_id.id]
            )
            # Who gets a deal is told of that.
            COMES_WITH_DEAL.on(following).with_context(
                mail_auto_subscribe_no_notify=True
            ).write({"user_id": user.id, "team_id": team.id})

    # === Business === #

    def _hand_over(self, user, with_activities=True, with_customers=False):
        """Give open deals to somebody, who gets one message about all of them.

        :param user: ``res.users``
        :param bool with_activities: whether what their salespeople have to do about
            them comes along
        :param bool with_customers: whether customers of these salespeople do
        :return: those of the deals that came to the user
        :raises UserError: where there is none to hand over
        """
        self.check_access("write")
        deals = self.filtered(
            lambda deal: deal.status == "open" and deal.user_id != user
        )
        if not deals:
            raise UserError(
                self.env._(
                    "There is nothing to hand over: choose open opportunities of "
                    "somebody else than %s.",
                    user.name,
                )
            )
        former_users = {deal.id: deal.user_id for deal in deals}
        quiet = deals.with_context(mail_auto_subscribe_no_notify=True)
        if with_customers:
            quiet._hand_over_customers(user)
        quiet.write({"user_id": user.id})
        if with_activities:
            deals._hand_over_activities(user, former_users)
        if user != self.env.user:
            deals._tell_of_handover(user, user.union(*former_users.values()) - user)
        return deals

    def _hand_over_customers(self, user):
        """Give the customers that the deals' salespeople look after to somebody."""
        for former_user, deals in self.grouped("user_id").items():
            customers = deals.partner_id | deals.commercial_partner_id
            if former_user:
                customers.filtered(
                    lambda partner, owner=former_user: partner.user_id == owner
                ).write({"user_id": user.id})

    def _hand_over_activities(self, user, former_users):
        """Give what the deals' former salespeople had to do about them to somebody.

        What is about quotes that did not come along stays with those who see them.

        :param dict former_users: whose the deals were, by id
        """
        # As sudo: called after the check of the right to change the deals, which these
        # and their quotes' activities are about.
        activities_sudo = self.env["billinator.activity"].sudo()
        pending_sudo = activities_sudo.search(
            [("opportunity_id", "in", self.ids), ("status", "=", "pending")]
        )
        former_sudo = pending_sudo.filtered(
            lambda activity: (
                activity.user_id == former_users[activity.opportunity_id.id]
                and not activity._is_request_for_approval()
            )
        )
        seen = user._filter_accessible(former_sudo.activity_id)
        former_sudo.filtered(lambda one: one.activity_id in seen)._hand_over(user)

    def _tell_of_handover(self, user, former_users):
        """Send who got the deals one message about them, in his or her language."""
        # As sudo: they are named to whose they are now, by who has just given them
        # away and may not see them any more.
        deals = self.sudo().with_context(lang=user.lang or self.env.lang)
        if former_users:
            text = deals.env._(
                "Opportunities that you take over from %(people)s: %(count)s",
                count=len(deals),
                people=", ".join(former_users.mapped("name")),
            )
        else:
            text = deals.env._("Opportunities that you take over: %s", len(deals))
        user._send_links(text, deals)
