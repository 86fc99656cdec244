from odoo import models

# Where a deal has what it took over from its customer
REACH = {"email": "email_from", "phone": "phone"}


class ResPartner(models.Model):
    """Lets open deals have the address and the number that the customer has now."""

    _inherit = "res.partner"

    def write(self, vals):
        former = {
            name: {partner.id: partner[name] for partner in self}
            for name in REACH.keys() & vals.keys()
        }
        result = super().write(vals)
        for name, values in former.items():
            self._pass_on_to_deals(name, values)
        return result

    def _pass_on_to_deals(self, name, former):
        """Let the open deals follow that had what the customers had.

        What somebody typed into a deal stays, and so does all of closed ones.

        :param str name: of the field that was written
        :param dict former: what that was, by the partners' ids
        """
        changed = self.filtered(lambda partner: partner[name] != former[partner.id])
        if not changed:
            return
        # As sudo: deals follow their customer, whosever they are.
        deals_sudo = self.env["billinator.opportunity"].sudo()
        following_sudo = (
            deals_sudo.with_context(active_test=False)
            .search([("partner_id", "in", changed.ids), ("status", "=", "open")])
            .filtered(lambda deal: deal[REACH[name]] == former[deal.partner_id.id])
        )
        if following_sudo:
            following_sudo.write({REACH[name]: changed[0][name]})
