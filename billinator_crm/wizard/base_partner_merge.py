from odoo import models
from odoo.fields import Domain

from ..models.billinator_quote_approval import JUDGED_HASHES


class BasePartnerMergeAutomaticWizard(models.TransientModel):
    _inherit = "base.partner.merge.automatic.wizard"

    def _update_foreign_keys(self, src_partners, dst_partner):
        self._merge_contacts(src_partners, dst_partner)
        signed_sudo = self._get_quotes_as_signed(src_partners)
        sent_sudo = self._get_quotes_as_sent(src_partners)
        quotes_sudo = self._get_judged_quotes(src_partners)
        judged = quotes_sudo._get_judged_as_they_are()
        result = super()._update_foreign_keys(src_partners, dst_partner)
        # The documents that came here by SQL may have another company now.
        dst_partner.modified(["commercial_partner_id"])
        signed_sudo._renew_signed_hash()
        sent_sudo._note_sent()
        quotes_sudo._renew_judged(judged)
        return result

    def _update_reference_fields(self, src_partners, dst_partner):
        # Activities that are done are archived, and part of the history.
        wizard = self.with_context(active_test=False)
        wizard._move_calendar_events(src_partners, dst_partner)
        # What the database refuses from now on is taken for a double, and deleted. A
        # conflict with somebody else's work is none, and makes Odoo repeat the call.
        self.env.flush_all()
        return super(BasePartnerMergeAutomaticWizard, wizard)._update_reference_fields(
            src_partners, dst_partner
        )

    def _move_calendar_events(self, src_partners, dst_partner):
        """Let meetings be about the customer that stays, as their activities are."""
        # The merge is the admin's; it takes all meetings along, whoever has them.
        events_sudo = self.env["calendar.event"].sudo()
        events_sudo.search(
            [("res_model", "=", "res.partner"), ("res_id", "in", src_partners.ids)]
        ).res_id = dst_partner.id

    def _get_quotes_as_signed(self, partners):
        """Return the signed quotes of the partners that say what was signed."""
        signed_sudo = self._find_quotes(Domain("signed_on", "!=", False), partners)
        return signed_sudo.filtered(
            lambda quote: quote.signed_hash == quote.content_hash
        )

    def _get_quotes_as_sent(self, partners):
        """Return the quotes of the partners whose customers have them as they are."""
        as_sent = Domain("state", "=", "sent") & Domain("sent_hash", "!=", False)
        is_same = Domain("is_changed_since_sent", "=", False)
        return self._find_quotes(as_sent & is_same, partners)

    def _find_quotes(self, domain, partners):
        """Return quotes that say something about one of the partners."""
        names = ("partner_id", "partner_invoice_id", "partner_shipping_id")
        of_partners = Domain.OR(Domain(name, "in", partners.ids) for name in names)
        # The merge is the admin's; it takes all quotes along.
        return self.env["billinator.quote"].sudo().search(domain & of_partners)

    def _get_judged_quotes(self, partners):
        """Return the quotes for the partners that approval rules had a say in."""
        noted = Domain.OR(Domain(name, "!=", False) for name in JUDGED_HASHES)
        # The merge is the admin's; it takes all quotes along.
        quotes_sudo = self.env["billinator.quote"].sudo()
        return quotes_sudo.search(Domain("partner_id", "in", partners.ids) & noted)

    def _merge_contacts(self, src_partners, dst_partner):
        """Leave no two contacts that would not be unique among the merged partners.

        Odoo's merge updates a table in one statement, and deletes all its rows of the
        merged partners where one of them violates a constraint.
        """

        def merged(partner):
            return dst_partner if partner in src_partners else partner

        partner_ids = (src_partners + dst_partner).ids
        # The merge is the admin's; it takes all rows along, whoever made them, and
        # those of archived people, too.
        contacts = (
            self.env["billinator.contact"]
            .sudo()
            .with_context(active_test=False)
            .search(
                [
                    "|",
                    ("person_id", "in", partner_ids),
                    ("customer_id", "in", partner_ids),
                ]
            )
            .sorted(lambda contact: bool(src_partners & contact._get_partners()))
        )
        for (person, customer), same in contacts.grouped(
            lambda contact: (merged(contact.person_id), merged(contact.customer_id))
        ).items():
            kept = same[0]
            for other in same[1:]:
                self._merge_contact(other, kept)
            if person == customer:
                kept.unlink()
        primaries = contacts.exists().filtered("is_primary")
        for same in primaries.grouped(lambda row: merged(row.customer_id)).values():
            same[1:].is_primary = False

    def _merge_contact(self, source, target):
        """Merge ``source`` into ``target``, two rows of one person and customer."""
        self._update_foreign_keys_generic("billinator.contact", source, target)
        values = {name: target[name] or source[name] for name in ("role", "department")}
        was_primary = source.is_primary
        source.unlink()
        target.write(values)
        if was_primary and not target.customer_id.primary_contact_id:
            target.action_set_primary()
