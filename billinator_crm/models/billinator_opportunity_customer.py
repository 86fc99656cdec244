from odoo import api, models
from odoo.exceptions import UserError
from odoo.fields import Command, Domain
from odoo.tools.mail import parse_contact_from_email

from ..markers import PERSON_IS_KEPT


class BillinatorOpportunity(models.Model):
    """Leads that become customers, with the people who asked."""

    _inherit = "billinator.opportunity"

    # === CRUD === #

    @api.model_create_multi
    def create(self, vals_list):
        deals = super().create(vals_list)
        if PERSON_IS_KEPT.is_on(self.env):
            deals._keep_person({})
        return deals

    def write(self, vals):
        if not (vals.get("partner_id") and PERSON_IS_KEPT.is_on(self.env)):
            return super().write(vals)
        # Before the customer's own address takes their place.
        reach = {
            lead: lead._prepare_reach_values() for lead in self if not lead.partner_id
        }
        result = super().write(vals)
        self.browse().union(*reach)._keep_person(reach)
        return result

    def web_save(self, vals, specification, next_id=None):
        """Save for the web client; who asked stays when a lead gets its customer.

        The form shows no name of a contact any more where there is a customer.

        :param dict vals: as for ``write``, or for ``create`` without records
        :param dict specification: the fields to return, as for ``web_read``
        :param int next_id: of the record to return instead
        :return: list of dicts, as of ``web_read``
        :raises UserError: for values that are no dict
        """
        saving = PERSON_IS_KEPT.on(self)
        return super(BillinatorOpportunity, saving).web_save(
            vals, specification, next_id
        )

    # === Actions === #

    def action_create_customer(self):
        """Make customers of leads: the company, and the person as its contact.

        A customer who is there already is taken: who has the lead's address, as with
        incoming mail, or a company of exactly the lead's company name. Without such a
        name, the customer is the person. Who asked becomes a contact of the deal; a new
        one is the customer's primary contact, if there is none. Deals that have a
        customer stay as they are.

        :return: True
        :raises UserError: when a lead has neither a name nor an email address
        :raises AccessError: for users who may not change the leads or create contacts
        """
        leads = self.filtered(lambda deal: not deal.partner_id)
        leads.check_access("write")
        leads._check_nameable()
        for company, leads_of_company in leads.grouped("company_id").items():
            leads_of_company._become_customers(company)
        return True

    # === Business === #

    def _is_nameable(self):
        """Whether there is a name, or an address, to make a customer of."""
        self.ensure_one()
        return bool(self.partner_name or self.contact_name or self.email_normalized)

    def _check_nameable(self):
        nameless = self.filtered(lambda lead: not lead._is_nameable())
        if nameless:
            raise UserError(
                self.env._(
                    "A customer needs a name: give a company name, a contact name or "
                    "an email address on %s first.",
                    ", ".join(f"“{lead.name}”" for lead in nameless),
                )
            )

    def _become_customers(self, company):
        """Give leads of a company their customers."""
        addresses = filter(None, self.mapped("email_normalized"))
        by_address = self._find_people_by_address(list(addresses), company)
        customers = {
            lead: by_address[lead.email_normalized].commercial_partner_id
            for lead in self
            if lead.email_normalized in by_address
        }
        others = self.filtered(lambda lead: lead not in customers)
        customers.update(others._find_or_create_customers(company))
        contacts = self._find_or_create_contacts(customers, {})
        for lead, customer in customers.items():
            # Who asked is answered, and not the customer's own address.
            kept = {name: lead[name] for name in ("email_from", "phone") if lead[name]}
            lead.write(
                {
                    "partner_id": customer.id,
                    "contact_ids": [Command.set(contacts[lead].ids)],
                    **kept,
                }
            )

    def _find_or_create_customers(self, company):
        """Return the customer of each lead whose address is nobody's yet.

        :return: dict of ``res.partner`` by lead
        """
        leads = self.grouped(lambda lead: lead._get_customer_key())
        names = {lead.partner_name.strip() for lead in self if lead.partner_name}
        found = self._find_companies_by_name(names, company)
        missing = {key: same[0] for key, same in leads.items() if key not in found}
        created = self.env["res.partner"].create(
            [lead._prepare_customer_values() for lead in missing.values()]
        )
        found.update(zip(missing, created, strict=True))
        return {lead: found[key] for key, same in leads.items() for lead in same}

    def _get_customer_key(self):
        """Return what leads of one and the same customer have in common."""
        self.ensure_one()
        if self.partner_name:
            return self.partner_name.strip()
        # Of those without an address, several may have the same name.
        return "", self.email_normalized or self.id

    @api.model
    def _find_companies_by_name(self, names, company):
        """Return the customers that are companies, by their names; the newest ones."""
        if not names:
            return {}
        companies = self.env["res.partner"].search(
            Domain("name", "in", names)
            & Domain("is_company", "=", True)
            & Domain("ref_company_ids", "=", False)
            & Domain("company_id", "in", [company.id, False]),
            order="company_id DESC, id",
        )
        return {customer.name: customer for customer in companies}

    def _prepare_customer_values(self):
        """Return the values of the lead's customer, a company or a person."""
        self.ensure_one()
        person = self._get_person_name()
        values = {
            "name": (self.partner_name or person).strip(),
            "is_company": bool(self.partner_name),
            "user_id": self.user_id.id,
        }
        if self.partner_name and person:
            return values
        return {**values, **self._prepare_reach_values()}

    # === Who asked === #

    def _get_person_name(self):
        """Return the name of who asked, False where a company did."""
        self.ensure_one()
        name = self.contact_name or parse_contact_from_email(self.email_from)[0]
        # Without any other name, the address is one.
        name = name or (not self.partner_name and self.email_normalized)
        return name and name.strip()

    def _prepare_reach_values(self):
        self.ensure_one()
        return {"email": self.email_normalized or self.email_from, "phone": self.phone}

    def _keep_person(self, former_reach):
        """Make the people who asked contacts of customers that are companies.

        Of deals that name no contact of the customer's, and for who may make some.

        :param dict former_reach: address and phone of who asked, by the deals that had
            no customer before
        """
        # As sudo: the right to the deals was checked, and who gives one to a colleague
        # by the same save does not see it any more. People are created by the user.
        deals_sudo = self.sudo().filtered(
            lambda deal: (
                deal.contact_name
                and not deal.contact_ids
                and deal.partner_id.is_company
                and deal.contact_name.strip() != deal.partner_id.name
            )
        )
        if not deals_sudo or not self.env["billinator.contact"].has_access("create"):
            return
        customers = {
            deal_sudo: deal_sudo.partner_id.with_env(self.env)
            for deal_sudo in deals_sudo
        }
        contacts = self._find_or_create_contacts(customers, former_reach)
        for deal_sudo in deals_sudo:
            deal_sudo.contact_ids = contacts[deal_sudo]

    def _find_or_create_contacts(self, customers, known_reach):
        """Return who asked as contact of each lead's customer, created if need be.

        Nobody is contact of customers who are people.

        :param dict customers: ``res.partner`` by lead
        :param dict known_reach: address and phone of who asked, where the leads' own
            are not theirs any more
        :return: dict of ``billinator.contact`` by lead
        """
        Contact = self.env["billinator.contact"]
        people = {}
        missing = {}
        for lead, customer in customers.items():
            person = {"name": lead._get_person_name(), **lead._prepare_reach_values()}
            reach = known_reach.get(lead, {})
            person.update((name, value) for name, value in reach.items() if value)
            people[lead] = customer._find_contact(person["name"], person["email"])
            is_other = person["name"] and person["name"] != customer.name
            if not people[lead] and is_other and customer.is_company:
                missing.setdefault((customer, person["name"]), {})[lead] = person
        created = Contact.create(
            [
                self._prepare_contact_values(customer, same)
                for (customer, _name), same in missing.items()
            ]
        )
        for contact, same in zip(created, missing.values(), strict=True):
            people.update(dict.fromkeys(same, contact))
        created._become_primary()
        return people

    @api.model
    def _prepare_contact_values(self, customer, people):
        """Return the values of a contact; what is the customer's own is left to it.

        :param dict people: what is known of the same person, by lead
        """
        values = {"customer_id": customer.id, "user_id": next(iter(people)).user_id.id}
        for person in people.values():
            for name, value in person.items():
                if value and value != customer[name]:
                    values.setdefault(name, value)
        return values
