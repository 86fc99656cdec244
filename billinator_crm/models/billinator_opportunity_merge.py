from markupsafe import Markup

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Command, Domain
from odoo.tools import SQL

from ..arguments import arguments, as_ids, one_record

# Names at least this alike (pg_trgm's similarity, 0 to 1) count as similar deals.
NAME_SIMILARITY = 0.6
SIMILAR_LIMIT = 50


class BillinatorOpportunity(models.Model):
    """Similar deals, and what becomes of them when they are merged."""

    _inherit = "billinator.opportunity"

    duplicate_ids = fields.Many2many(
        "billinator.opportunity",
        string="Similar Opportunities",
        compute="_compute_duplicates",
    )
    duplicate_count = fields.Integer(compute="_compute_duplicates")

    merged_stage_id = fields.Many2one(
        "billinator.stage",
        string="Stage of a Merged Opportunity",
        store=False,
        exportable=False,
        help="Only used to label stage changes that came from a merge.",
    )

    # === Computes === #

    @api.depends_context("uid", "allowed_company_ids")
    @api.depends("partner_id", "email_normalized", "phone_key", "name", "partner_name")
    def _compute_duplicates(self):
        # The operator % of PostgreSQL takes the threshold from here; the indexes
        # would otherwise find many names to look at that are not alike enough.
        self.env.cr.execute(
            "SELECT set_config('pg_trgm.similarity_threshold', %s, true)",
            [str(NAME_SIMILARITY)],
        )
        for opportunity in self:
            duplicates = opportunity._find_duplicates()
            opportunity.duplicate_ids = duplicates
            opportunity.duplicate_count = len(duplicates)

    # === Actions === #

    @api.readonly
    @one_record
    def action_view_duplicates(self):
        """List the opportunity together with the ones similar to it.

        :return: a window action
        """
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Similar Opportunities"),
            "res_model": "billinator.opportunity",
            "views": [(False, "list"), (False, "form")],
            "domain": [("id", "in", (self + self.duplicate_ids).ids)],
        }

    @arguments(opportunity_ids=as_ids)
    @one_record
    def merge_opportunities(self, opportunity_ids):
        """Merge other opportunities into this one and delete them.

        Messages, attachments, activities, quotes, meetings and followers move
        here; values that this one lacks are filled in from the others, in their
        order; descriptions are joined. A note says what was merged.

        :param list opportunity_ids: ids of the opportunities that go
        :return: True
        :raises UserError: when they belong to different companies
        :raises AccessError: when the user may not change one of them
        """
        others = self.browse(opportunity_ids).exists() - self
        (self + others).check_access("write")
        if others.company_id - self.company_id:
            raise UserError(
                self.env._("Only opportunities of the same company can be merged.")
            )
        if not others:
            return True
        self.write(self._prepare_merged_values(others))
        others._detach_stage_history()
        self._merge_documents(others)
        self._message_log(body=self._prepare_merge_summary(others))
        # Salespeople may not delete opportunities, but merge those they may change,
        # which was checked above: nothing of them is lost.
        others.sudo().unlink()
        return True

    # === Business === #

    def _find_duplicates(self):
        """Return opportunities of the same customer, address, phone or like name.

        Only those that the user may read, :const:`SIMILAR_LIMIT` at most.
        """
        self.ensure_one()
        opportunity = self._origin
        if not opportunity.id:
            return self.browse()
        keys = {
            "commercial_partner_id": self.commercial_partner_id.id,
            "email_normalized": self.email_normalized,
            "phone_key": self.phone_key,
        }
        domain = Domain.OR(
            Domain(name, "=", value) for name, value in keys.items() if value
        )
        domain |= Domain("id", "in", self._search_similar_names())
        domain &= Domain("id", "!=", opportunity.id)
        domain &= Domain("company_id", "=", self.company_id.id)
        return self.search(domain, limit=SIMILAR_LIMIT)

    def _search_similar_names(self):
        """Return the ids of readable opportunities with a name much like this one's.

        The opportunity's name, or that of the company it is for.
        """
        registry = self.env.registry
        names = [name for name in ("name", "partner_name") if self[name]]
        if not registry.has_trigram or not names:
            return []
        domain = Domain("company_id", "=", self.company_id.id)
        query = self._search(domain, limit=SIMILAR_LIMIT)
        alike = [
            SQL(
                "%s %% %s",
                registry.unaccent(self._field_to_sql(query.table, name, query)),
                registry.unaccent(SQL("%s", self[name])),
            )
            for name in names
        ]
        query.add_where(SQL("(%s)", SQL(" OR ").join(alike)))
        return query.get_result_ids()

    @api.model
    def _get_merge_fields(self):
        """Fields that a merge fills in from the others where they are empty."""
        return [
            "partner_id",
            "partner_name",
            "contact_name",
            "email_from",
            "phone",
            "user_id",
            "team_id",
            "date_deadline",
            "expected_revenue",
            "campaign_id",
            "medium_id",
            "source_id",
        ]

    def _prepare_merged_values(self, others):
        """Return what this opportunity is to have, with what it lacks from others."""
        # The address stays, also when a customer comes who has another one.
        values = {name: self[name] for name in ("email_from", "phone") if self[name]}
        for name in self._get_merge_fields():
            if self[name]:
                continue
            donor = others.filtered(name)[:1]
            if donor:
                values[name] = self._fields[name].convert_to_write(donor[name], donor)
                if name == "expected_revenue":
                    values["currency_id"] = donor.currency_id.id
        descriptions = (self + others).filtered("description").mapped("description")
        if descriptions:
            values["description"] = Markup("<hr/>").join(descriptions)
        customer = (self | others).commercial_partner_id[:1]
        contacts = others.contact_ids.filtered(
            lambda contact: contact.customer_id == customer
        )
        for name, records in (("tag_ids", others.tag_ids), ("contact_ids", contacts)):
            values[name] = [Command.link(record.id) for record in records]
        values["priority"] = max((self + others).mapped("priority"))
        salesperson = self.env["res.users"].browse(values.get("user_id"))
        values["opportunity_properties"] = self._merge_properties(
            others, values.get("team_id") or self._choose_team(salesperson).id
        )
        return values

    def _merge_properties(self, others, team_id):
        """Return the first value of each property of a team's deals among these.

        :param int team_id: of the team that the opportunity is going to have
        """
        kin = (self + others).filtered(lambda deal: deal.team_id.id == team_id)
        merged = {}
        for properties in self._fields["opportunity_properties"].convert_to_read_multi(
            [deal.opportunity_properties for deal in kin], kin, use_display_name=False
        ):
            for one in properties:
                merged[one["name"]] = merged.get(one["name"]) or one.get("value")
        return {name: value for name, value in merged.items() if value is not None}

    def _detach_stage_history(self):
        """Keep the changes of stage readable, but out of the time per stage."""
        get_field = self.env["ir.model.fields"]._get
        # Nobody may change what was tracked, other than by this merge.
        self.sudo().message_ids.tracking_value_ids.filtered(
            lambda change: change.field_id.name == self._track_duration_field
        ).field_id = get_field(self._name, "merged_stage_id")

    def _merge_documents(self, others):
        """Move everything that hangs on ``others`` to this opportunity."""
        # Messages, attachments and activities are moved as they are, whoever wrote
        # them; the right to change both opportunities was checked by the caller.
        others_sudo = others.sudo()
        for other in others_sudo:
            other.message_change_thread(self)
        others_sudo.with_context(active_test=False).activity_ids.write(
            {"res_id": self.id}
        )
        for model in ("ir.attachment", "calendar.event"):
            self.env[model].sudo().with_context(active_test=False).search(
                [("res_model", "=", self._name), ("res_id", "in", others.ids)]
            ).write({"res_id": self.id})
        scheduled_sudo = self.env["mail.scheduled.message"].sudo()
        scheduled_sudo = scheduled_sudo.search(
            [("model", "=", self._name), ("res_id", "in", others.ids)]
        )
        # Their own write() lets nobody choose another record for them.
        models.Model.write(scheduled_sudo, {"res_id": self.id})
        others_sudo.quote_ids.write({"opportunity_id": self.id})
        others_sudo.note_ids.write({"opportunity_id": self.id})
        self.message_subscribe(others_sudo.message_partner_ids.ids)

    def _prepare_merge_summary(self, others):
        names = ", ".join(others.mapped("display_name"))
        return self.env._("Merged with: %s", names)
