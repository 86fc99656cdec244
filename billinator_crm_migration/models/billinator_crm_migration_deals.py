from markupsafe import Markup

from odoo import api, models
from odoo.exceptions import UserError
from odoo.fields import Command, Domain
from odoo.tools import SQL

from odoo.addons.billinator_crm.locks import wait_and_lock
from odoo.addons.billinator_crm.markers import BROUGHT_OVER, GATE_OPEN

# What is brought over is no news to anybody: nothing is tracked, logged or mailed, and
# nobody follows but those who did before.
QUIETLY = {
    "mail_activity_quick_update": True,
    "mail_create_nolog": True,
    "mail_create_nosubscribe": True,
    "mail_notrack": True,
    "no_mail_to_attendees": True,
    "tracking_disable": True,
}
# Fields that mean the same on both sides.
SAME = ("date_deadline", "description", "email_from", "name", "phone")
SAME_RECORDS = ("campaign_id", "medium_id", "source_id", "team_id", "user_id")
# Who it is for, as long as that is no customer.
OF_LEADS = ("contact_name", "partner_name")
# What there is no field for is said in a note: what the customer says as well ...
ALSO_OF_CUSTOMER = (
    *("street", "street2", "zip", "city", "state_id", "country_id"),
    *("function", "website"),
)
# ... and what only the lead says.
ONLY_OF_LEAD = ("email_cc", "referred")
# Of our addon for what recurs, which need not be installed.
PLAN = "billinator.recurring.plan"


class BillinatorCrmMigration(models.Model):
    """How leads and opportunities become deals."""

    _inherit = "billinator.crm.migration"

    # === Once a run === #

    def _bring_property_definitions(self):
        """Let teams define for our deals what they define for Odoo's leads."""
        teams = (
            self.env["crm.team"]
            .with_context(active_test=False)
            .search(Domain("lead_properties_definition", "!=", False))
        )
        for team in teams:
            own = {
                one["name"]: one for one in team.opportunity_properties_definition or []
            }
            theirs = {
                one["name"]: self._merge_definitions(own.get(one["name"], {}), one)
                for one in team.lead_properties_definition or []
            }
            team.opportunity_properties_definition = [*{**own, **theirs}.values()]

    @api.model
    def _merge_definitions(self, own, theirs):
        """Return the definition of a field with the choices of both."""
        if own.get("type", theirs["type"]) != theirs["type"]:
            return own
        merged = {**theirs, **own}
        for name in ("selection", "tags"):
            if name in theirs:
                choices = {one[0]: one for one in [*theirs[name], *own.get(name, ())]}
                merged[name] = [*choices.values()]
        if merged["type"] == "monetary":
            merged["currency_field"] = "company_currency_id"
        return merged

    # === Deals === #

    def _bring_leads(self, leads):
        """Create the deals of leads, with all that hangs on these."""
        wait_and_lock(leads)
        # What is brought over does not enter a stage, which may demand something of who
        # does: it is there already.
        Deal = self.env["billinator.opportunity"].with_context(**QUIETLY)
        deals = GATE_OPEN.on(BROUGHT_OVER.on(Deal)).create(
            self._prepare_deals_values(leads)
        )
        deals = self.env["billinator.opportunity"].browse(deals.ids)
        self._keep_history_of_deals(leads, deals)
        self._bring_history(leads, deals)
        self._note_what_has_no_field(leads, deals)
        self.deal_count += len(deals)

    def _prepare_deals_values(self, leads):
        tags = self._find_or_create("billinator.tag", leads.tag_ids.mapped("name"))
        lost = leads.filtered(lambda lead: lead.won_status == "lost")
        reasons = self._find_or_create(
            "billinator.lost.reason", {self._get_reason(lead) for lead in lost}
        )
        contacts = self._find_contacts(leads.partner_id)
        plans = self._find_or_create_plans(leads.recurring_plan)
        properties = self._get_properties(leads)
        return [
            {
                **self._prepare_deal_values(lead),
                **self._prepare_customer_values(lead, contacts),
                **self._prepare_recurring_values(lead, plans),
                **properties[lead],
                "lost_reason_id": lead in lost
                and reasons[self._get_reason(lead).lower()].id,
                "tag_ids": [
                    Command.set([tags[tag.name.lower()].id for tag in lead.tag_ids])
                ],
            }
            for lead in leads
        ]

    def _prepare_deal_values(self, lead):
        stage = self._get_stage(lead)
        closed = lead.date_closed or lead.date_last_stage_update or lead.write_date
        values = {
            **{name: lead[name] for name in SAME},
            **{name: lead[name].id for name in SAME_RECORDS},
            # Odoo archives what is lost; here that is a stage.
            "active": lead.active or lead.won_status == "lost",
            "company_id": self._get_company(lead).id,
            "currency_id": lead.company_currency.id,
            "expected_revenue": lead.expected_revenue,
            "priority": lead.priority or "0",
            "stage_id": stage.id,
        }
        if stage.status != "open":
            return {**values, "date_closed": closed}
        # What Odoo computes follows the stage here, as it moves on.
        if lead.is_automated_probability:
            return values
        return {**values, "probability": lead.probability}

    def _prepare_customer_values(self, lead, contacts):
        """Return whose deal it is: the customer's, with who is asking as a contact.

        :param dict contacts: ids of ``billinator.contact`` by those of people
        """
        person = lead.partner_id
        if not person:
            values = {name: lead[name] for name in OF_LEADS}
            if not any((*values.values(), lead.email_from, lead.phone)):
                # A deal is somebody's. Of this one, its title is all that is known.
                values["partner_name"] = lead.name
            return values
        contact_id = contacts.get(person.id)
        return {
            "partner_id": person.commercial_partner_id.id,
            "contact_ids": [Command.set([contact_id] if contact_id else [])],
        }

    @api.model
    def _prepare_recurring_values(self, lead, plans):
        """Return what recurs, where there is a plan of ours for it.

        :param dict plans: our plans, by theirs
        """
        plan = plans.get(lead.recurring_plan)
        if not plan:
            return {}
        return {
            "recurring_plan_id": plan.id,
            "recurring_revenue": lead.recurring_revenue,
        }

    # === Finding === #

    def _get_company(self, lead):
        """Return the deal's company; leads need not have one."""
        return (
            lead.company_id
            or lead.partner_id.company_id
            or lead.team_id.company_id
            or lead.user_id.company_id & self.company_ids
            or self.env.company
        )

    def _get_stage(self, lead):
        """Return where the deal is."""
        if lead.won_status == "lost":
            return self.env["billinator.stage"]._get_first("lost", lead.team_id)
        return self._get_open_or_won_stage(lead)

    def _get_open_or_won_stage(self, lead):
        """Return where the deal is, or was before it was lost."""
        if lead.type == "lead" and self.lead_stage_id and lead.won_status != "won":
            return self.lead_stage_id
        if not lead.stage_id:
            return self.env["billinator.stage"]._get_first("open", lead.team_id)
        stage = self._get_stages_by_origin().get(lead.stage_id.id)
        if not stage:
            raise UserError(
                self.env._(
                    "The stage “%s” is newer than this run: make a new one.",
                    lead.stage_id.name,
                )
            )
        return stage

    def _get_stages_by_origin(self):
        """Return our stages by the ids of Odoo's."""
        return {line.crm_stage_id.id: line.stage_id for line in self.stage_ids}

    @api.model
    def _get_reason(self, lead):
        return lead.lost_reason_id.name or self.env._("Not stated")

    def _find_or_create(self, model, names):
        """Return the records of a model with these names, new ones if need be.

        :return: dict by the names in lower case
        """
        Model = self.env[model].with_context(active_test=False)
        records = Model.search(Domain.TRUE)
        # In English, in which they are unique, and in the user's language.
        found = {
            record.name.lower(): record.with_env(Model.env)
            for language in (records.with_context(lang="en_US"), records)
            for record in language
        }
        missing = {name.lower(): name for name in names if name.lower() not in found}
        created = Model.create([{"name": name} for name in missing.values()])
        return {**found, **dict(zip(missing, created, strict=True))}

    @api.model
    def _find_or_create_plans(self, plans):
        """Return our recurring plans by theirs; none without our addon for them."""
        plans = plans.filtered("number_of_months")
        if not plans or PLAN not in self.env:
            return {}
        Plan = self.env[PLAN].with_context(active_test=False)
        found = {plan.number_of_months: plan for plan in Plan.search(Domain.TRUE)}
        for plan in plans:
            months = plan.number_of_months
            if months not in found:
                found[months] = Plan.create(
                    {"name": plan.name, "number_of_months": months}
                )
        return {plan: found[plan.number_of_months] for plan in plans}

    @api.model
    def _find_contacts(self, people):
        """Return who is a contact of their own company: ids by those of people."""
        contacts = self.env["billinator.contact"].search_fetch(
            Domain("person_id", "in", people.ids), ["person_id", "customer_id"]
        )
        return {
            contact.person_id.id: contact.id
            for contact in contacts
            if contact.customer_id == contact.person_id.commercial_partner_id
        }

    @api.model
    def _get_properties(self, leads):
        """Return the values for what teams define themselves, by lead."""
        field = leads._fields["lead_properties"]
        read = field.convert_to_read_multi(
            [lead.lead_properties for lead in leads], leads, use_display_name=False
        )
        return {
            lead: {
                "opportunity_properties": {
                    one["name"]: one.get("value") for one in properties
                }
            }
            if properties
            else {}
            for lead, properties in zip(leads, read, strict=True)
        }

    # === What was before === #

    def _keep_history_of_deals(self, leads, deals):
        """Keep when the deals came, moved and were closed, and remember what they were.

        By SQL: the ORM lets nobody choose when something was created, and this is no
        change of a lead that anybody should be told of.
        """
        self.env.flush_all()
        stages = [
            stage.id if stage.status == "open" else None
            for stage in map(self._get_open_or_won_stage, leads)
        ]
        self.env.cr.execute(
            SQL(
                """
                WITH origins AS (
                    SELECT *
                      FROM unnest(%(deals)s, %(leads)s, %(stages)s::int[])
                           AS origin (deal_id, lead_id, stage_id)
                ), remembered AS (
                    UPDATE crm_lead SET billinator_opportunity_id = deal_id
                      FROM origins
                     WHERE crm_lead.id = lead_id
                )
                UPDATE billinator_opportunity deal
                   SET create_date = lead.create_date,
                       create_uid = lead.create_uid,
                       date_last_stage_update = COALESCE(
                           lead.date_last_stage_update, lead.create_date
                       ),
                       last_open_stage_id = COALESCE(
                           origins.stage_id, deal.last_open_stage_id
                       )
                  FROM origins
                  JOIN crm_lead lead ON lead.id = lead_id
                 WHERE deal.id = deal_id
                """,
                deals=deals.ids,
                leads=leads.ids,
                stages=stages,
            )
        )
        deals.invalidate_recordset()
        leads.invalidate_recordset(["billinator_opportunity_id"])
        deals.modified(["create_date"])

    def _note_what_has_no_field(self, leads, deals):
        """Say in a note what the deals have no field for, and what stays in Sales."""
        orders = self._describe_staying_orders(leads)
        plans = self._find_or_create_plans(leads.recurring_plan)
        bodies = {}
        for lead, deal in zip(leads, deals, strict=True):
            lines = [*self._describe_details(lead, plans), *orders.get(lead, [])]
            if lines:
                title = Markup("<p>%s</p>") % self.env._("From Odoo's CRM:")
                bodies[deal.id] = title + self._as_list(lines)
        deals.browse(bodies)._message_log_batch(bodies=bodies)

    def _describe_details(self, lead, plans):
        """Return what a lead says that a deal has no field for, as lines of text.

        :param dict plans: our recurring plans, by theirs
        """
        customer = lead.partner_id
        known = {customer.name, customer.commercial_partner_id.name}
        names = [
            *(name for name in OF_LEADS if customer and lead[name] not in known),
            *(
                name
                for name in ALSO_OF_CUSTOMER
                if not customer or lead[name] != customer[name]
            ),
            *ONLY_OF_LEAD,
            *self._get_own_fields(lead),
        ]
        lines = [(name, lead[name]) for name in names if lead[name]]
        if lead.recurring_revenue and not plans.get(lead.recurring_plan):
            lines.append(("recurring_revenue", lead.recurring_revenue))
            lines.append(("recurring_plan", lead.recurring_plan))
        return [
            self.env._(
                "%(field)s: %(value)s",
                field=lead._fields[name]._description_string(self.env),
                value=", ".join(value.mapped("display_name"))
                if isinstance(value, models.BaseModel)
                else value,
            )
            for name, value in lines
        ]

    @api.model
    def _get_own_fields(self, lead):
        """Return the names of the fields that the company has added by itself."""
        return [
            name
            for name, field in lead._fields.items()
            if field.manual and field.store and field.type != "binary"
        ]
