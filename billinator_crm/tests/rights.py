"""What the tests of rights share: users of every role, and records around them."""

from datetime import date
from itertools import count
from typing import NamedTuple

from odoo import models
from odoo.fields import Command
from odoo.tests import new_test_user

from .common import BillinatorCommon

# In the names of what salespeople do not see of colleagues, and nobody of others.
COLLEAGUES, OTHERS = "Colleague's secret", "Another company's secret"


class Place(NamedTuple):
    """Where a record is: whose it is, and of which customer and company."""

    owner: models.Model
    customer: models.Model
    company: models.Model
    state: str = "draft"


class RightsCase(BillinatorCommon):
    """Users of every role, by their name in the tables, and records around them."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.other_colleague = cls._create_user("other_colleague", "sale_salesman")
        cls.users = cls._create_roles()
        cls.numbers = count(1)

    @classmethod
    def _create_roles(cls):
        """Return a user of each role, by its name in the tables."""
        cls.portal = new_test_user(
            cls.env, "billinator_portal", "base.group_portal", company_id=cls.company.id
        )
        cls.internal = new_test_user(
            cls.env, "billinator_internal", "base.group_user", company_id=cls.company.id
        )
        cls.public = cls.env.ref("base.public_user").sudo()
        cls.public.company_ids += cls.company
        cls.public.company_id = cls.company
        return {
            "internal": cls.internal,
            "own": cls.salesperson,
            "all": cls.senior,
            "admin": cls.manager,
            "account": cls.accountant,
            "portal": cls.portal,
            "public": cls.public,
        }

    def setUp(self):
        super().setUp()
        # What others are about, made when it is needed.
        self.documents = {}

    # === Places === #

    def _get_place(self, place, user):
        """Return where a record is that is ``own``, say, to the user.

        :param str place: one of the rows of a table
        """
        here = Place(self.colleague, self.customer, self.company)
        if place == "unassigned":
            return here._replace(owner=self.env["res.users"])
        if place == "other company":
            customer = self._get_customer_of_b()
            return Place(self.stranger, customer, self.company_b)
        if place != "own":
            return here
        if user.sudo().share:
            # Own is what was sent to them.
            return here._replace(customer=user.partner_id, state="sent")
        return here._replace(owner=user)

    def _get_customer_of_b(self):
        if "customer_b" not in self.documents:
            self.documents["customer_b"] = self.env["res.partner"].create(
                {
                    "name": f"{OTHERS} customer",
                    "is_company": True,
                    "company_id": self.company_b.id,
                }
            )
        return self.documents["customer_b"]

    def _get_document(self, model, place):
        """Return the deal or quote that others of the place are about."""
        if (model, place) not in self.documents:
            self.documents[model, place] = self._make(model, place)
        return self.documents[model, place]

    # === Records === #

    def _get_models(self, addon):
        """Return the models that an addon defines, from the registry."""
        return {
            name: self.env[name]
            for name, model in self.env.registry.items()
            if model._original_module == addon
        }

    def _make(self, model, place, user=None):
        """Make a record, whoever may do so.

        :param user: who is to have made it, which matters to dialogs
        """
        Model = self.env[model].with_user(user or self.env.user).sudo()
        if model == "billinator.timeline":
            quote = self._get_document("billinator.quote", place)
            self.env.flush_all()
            return Model.search([("quote_id", "=", quote.id)], limit=1)
        return Model.create(self._prepare(model, place))

    def _prepare(self, model, place):
        """Return the values of a new record.

        :param str model: name of a model
        :param Place place: where it is to be
        """
        method = getattr(self, f"_prepare_{model.split('.', 1)[1].replace('.', '_')}")
        return method(place)

    def _name(self, place):
        """Return a name that tells whose the record is."""
        if place.company == self.company_b:
            whose = OTHERS
        else:
            whose = COLLEAGUES if place.owner == self.colleague else "Open"
        return f"{whose} {next(self.numbers)}"

    def _prepare_activity(self, place):
        owner = place.owner or self.other_colleague
        return {
            "opportunity_id": self._get_document("billinator.opportunity", place).id,
            "type": "call",
            "user_id": (owner if not owner.sudo().share else self.colleague).id,
            "summary": self._name(place),
        }

    def _prepare_activity_outcome(self, place):
        return {"name": self._name(place)}

    def _prepare_approval_rule(self, place):
        return {
            "name": self._name(place),
            "max_total": 1e9,
            "company_id": place.company.id,
        }

    def _prepare_contact(self, place):
        if place.company == self.company_b:
            customer = place.customer
        else:
            customer = self._get_our_customer()
        # Who may make people is not the CRM's.
        person = self.env["res.partner"].create(
            {"name": self._name(place), "company_id": place.company.id}
        )
        return {"person_id": person.id, "customer_id": customer.id}

    def _get_our_customer(self):
        """Return a customer that belongs to the company."""
        if "our_customer" not in self.documents:
            self.documents["our_customer"] = self.env["res.partner"].create(
                {"name": "Ours", "is_company": True, "company_id": self.company.id}
            )
        return self.documents["our_customer"]

    def _prepare_lost_reason(self, place):
        return {"name": self._name(place)}

    def _prepare_note(self, place):
        return {
            "opportunity_id": self._get_document("billinator.opportunity", place).id,
            "user_id": (place.owner or self.other_colleague).id,
            "subject": self._name(place),
        }

    def _prepare_opportunity(self, place):
        return {
            "name": self._name(place),
            "partner_id": place.customer.id,
            "user_id": place.owner.id,
            "company_id": place.company.id,
            "expected_revenue": 1234567,
        }

    def _prepare_opportunity_summary(self, place):
        return {
            "cut": "stage",
            "company_id": place.company.id,
            "user_id": place.owner.id,
            "status": "open",
        }

    def _prepare_pipeline_snapshot(self, place):
        deal = self._get_document("billinator.opportunity", place)
        return {
            "date": date(2026, 1, 5),
            "taken_at": "2026-01-05 12:00:00",
            "opportunity_id": deal.id,
            "opportunity_key": next(self.numbers) + 10**6,
            "opportunity_name": self._name(place),
            "company_id": place.company.id,
            "user_id": place.owner.id,
            "status": "open",
        }

    def _prepare_quote(self, place):
        return {
            "partner_id": place.customer.id,
            "user_id": place.owner.id,
            "company_id": place.company.id,
            "state": place.state,
            "client_order_ref": self._name(place),
            "line_ids": [Command.create({"name": self._name(place), "price_unit": 7})],
        }

    def _prepare_quote_installment(self, place):
        quote = self._get_document("billinator.quote", place)
        return {"quote_id": quote.id, "percentage": 1, "name": self._name(place)}

    def _prepare_quote_line(self, place):
        quote = self._get_document("billinator.quote", place)
        return {"quote_id": quote.id, "name": self._name(place), "price_unit": 7}

    def _prepare_quote_template(self, place):
        return {"name": self._name(place), "company_id": place.company.id}

    def _prepare_quote_template_line(self, place):
        template = self._get_document("billinator.quote.template", place)
        return {"template_id": template.id, "name": self._name(place)}

    def _prepare_stage(self, place):
        return {"name": self._name(place), "code": f"STAGE{next(self.numbers)}"}

    def _prepare_stage_conversion(self, place):
        return {
            "company_id": place.company.id,
            "stage_id": self.stages["LEAD"].id,
            "age_from": next(self.numbers),
        }

    def _prepare_tag(self, place):
        # Labels belong to all companies, segments to one.
        return {
            "name": self._name(place),
            "is_segment": True,
            "partner_domain": "[('id', '=', 0)]",
            "company_id": place.company.id,
        }

    def _prepare_tag_condition(self, place):
        segment = self._get_document("billinator.tag", place)
        return {"tag_id": segment.id, "metric": "frequency", "value": 1}

    def _prepare_target(self, place):
        owner = place.owner
        return {
            "user_id": owner.id if not owner.sudo().share else self.colleague.id,
            "team_id": False if owner else self._get_team().id,
            "company_id": place.company.id,
            "date_from": date(2030 + next(self.numbers), 1, 1),
            "amount": 1234567,
        }

    def _get_team(self):
        """Return a team that nobody of the roles is in."""
        if "team" not in self.documents:
            self.documents["team"] = self.env["crm.team"].create(
                {"name": "Team of nobody", "company_id": self.company.id}
            )
        return self.documents["team"]

    def _prepare_timeline(self, place):
        return {"title": self._name(place)}

    # Dialogs

    def _prepare_activity_complete(self, place):
        activity = self._get_document("billinator.activity", place)
        return {"activity_ids": [Command.set(activity.ids)]}

    def _prepare_approval_refuse(self, place):
        quote = self._get_document("billinator.quote", place)
        return {"quote_ids": [Command.set(quote.ids)], "reason": "Because"}

    def _prepare_opportunity_gate(self, place):
        return {
            **self._prepare_for_deal(place),
            "stage_id": self.stages["QUALIFIED"].id,
            "reason": "Because",
        }

    def _prepare_opportunity_handover(self, place):
        return {**self._prepare_for_deal(place), "user_id": self.env.user.id}

    def _prepare_opportunity_lost(self, place):
        return {
            **self._prepare_for_deal(place),
            "lost_reason_id": self.lost_reason.id,
        }

    def _prepare_opportunity_merge(self, place):
        deal = self._get_document("billinator.opportunity", place)
        return {**self._prepare_for_deal(place), "target_id": deal.id}

    def _prepare_for_deal(self, place):
        deal = self._get_document("billinator.opportunity", place)
        return {"opportunity_ids": [Command.set(deal.ids)]}

    def _prepare_quote_compare(self, place):
        quote = self._get_document("billinator.quote", place)
        return {"new_version_id": quote.id}

    def _prepare_quote_discount(self, place):
        quote = self._get_document("billinator.quote", place)
        return {"quote_id": quote.id, "percentage": 5}

    def _prepare_quote_extend(self, place):
        return {**self._prepare_for_quote(place), "validity_date": "2099-01-01"}

    def _prepare_quote_invoice(self, place):
        return {"quote_id": self._get_document("billinator.quote", place).id}

    def _prepare_quote_reject(self, place):
        return self._prepare_for_quote(place)

    def _prepare_for_quote(self, place):
        quote = self._get_document("billinator.quote", place)
        return {"quote_ids": [Command.set(quote.ids)]}

    def _prepare_tag_assign(self, place):
        return {}
