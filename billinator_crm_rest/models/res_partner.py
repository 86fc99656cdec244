from odoo import models

from ..changes import mark_changed, mark_referring

# What the API shows of a contact, and the person has.
SHOWN_OF_PERSON = {"name", "email", "phone"}


class ResPartner(models.Model):
    _inherit = "res.partner"

    # What changed is fetched from all customers.
    _write_date_idx = models.Index("(write_date, id)")

    def write(self, vals):
        result = super().write(vals)
        if not SHOWN_OF_PERSON.isdisjoint(vals):
            mark_changed(self._get_contacts())
        if "active" in vals:
            # Deals show their contacts, and none that is archived.
            mark_referring(self._get_contacts())
        return result

    def unlink(self):
        # With a person go all rows of what he or she is for customers.
        mark_referring(self._get_contacts())
        with self.env["billinator.webhook"]._telling_of_deletions(self):
            return super().unlink()
