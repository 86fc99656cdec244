from odoo import api, models
from odoo.fields import Command, Domain
from odoo.tools.mail import parse_contact_from_email

from ..markers import GATE_OPEN


class BillinatorOpportunity(models.Model):
    """Mails that become opportunities, and the answers to them."""

    _inherit = "billinator.opportunity"

    _primary_email = "email_from"

    @api.model
    @api.private
    def message_new(self, msg_dict, custom_values=None):
        """Make an opportunity of a mail; the mail becomes its first message.

        It goes to a member of the team, or its leader where the team assigns by hand,
        and to the customer who has the sender's address; without one it is a lead that
        keeps name and address.

        :param dict msg_dict: the parsed mail; see ``mail.thread.message_parse``
        :param dict custom_values: field values, those of the alias; they come first
        :return: the opportunity
        """
        values = custom_values or {}
        team = self.env["crm.team"].browse(values.get("team_id"))
        company = team.company_id or team.user_id.company_id or self.env.company
        name, address = parse_contact_from_email(msg_dict.get("email_from"))
        sender = name.strip(' "') or address or self.env._("Unknown sender")
        subject = (msg_dict.get("subject") or "").strip()
        medium = self.env.ref("utm.utm_medium_email", raise_if_not_found=False)
        # Who writes does not know what our first stage demands.
        Opportunity = GATE_OPEN.on(self)
        opportunity = super(BillinatorOpportunity, Opportunity).message_new(
            {**msg_dict, "email_from": address},
            {
                "name": subject or self.env._("Mail from %s", sender),
                "contact_name": sender,
                "company_id": company.id,
                "user_id": self._get_salesperson_for_mail(team, company).id,
                "medium_id": medium and medium.id,
                **self._prepare_mail_customer_values(address, company),
                **values,
            },
        )
        return opportunity.with_env(self.env)

    @api.private
    def message_update(self, msg_dict, update_vals=None):
        """Take an answer; a lead learns of it that the sender is a customer by now.

        :param dict msg_dict: the parsed mail; see ``mail.thread.message_parse``
        :param dict update_vals: field values to write
        :return: True
        """
        _name, address = parse_contact_from_email(msg_dict.get("email_from"))
        values = update_vals or {}
        is_lead = not self.partner_id and not self.quote_ids
        if is_lead and address and address == self.email_normalized:
            customer = self._prepare_mail_customer_values(address, self.company_id)
            values = {**customer, **values}
        return super().message_update(msg_dict, values)

    def _get_customer_information(self):
        """Name the partners that are made of leads' addresses as the leads do."""
        information = super()._get_customer_information()
        for lead in self:
            address = lead.email_normalized
            if address and not lead.partner_id and address not in information:
                information[address] = lead._prepare_partner_values()
        return information

    def _prepare_partner_values(self):
        """Return what is known of whom a lead is for, without the address."""
        person = self.contact_name or parse_contact_from_email(self.email_from)[0]
        values = {
            "name": person or self.partner_name,
            "company_name": person and self.partner_name,
            "is_company": bool(self.partner_name and not person),
            "phone": self.phone,
        }
        return {name: value for name, value in values.items() if value}

    @api.model
    def _get_salesperson_for_mail(self, team, company):
        """Return the member whom the team gives it, or its leader, if there is one.

        Nobody if the leader is no user of the company.
        """
        people = team and team._pick_salespeople(company, 1)
        return people[0] if people else team.user_id._filter_present_in(company)

    @api.model
    def _prepare_mail_customer_values(self, address, company):
        """Return the values that name the customer with an address, if there is one."""
        person = self._find_person_by_address(address, company)
        if not person:
            return {}
        customer = person.commercial_partner_id
        contacts = customer.contact_ids.filtered(lambda row: row.person_id == person)
        return {
            "partner_id": customer.id,
            "contact_ids": [Command.set(contacts.ids)],
            # Who wrote is answered, and not the customer's own address.
            "email_from": address,
        }

    @api.model
    def _find_person_by_address(self, address, company):
        """Return the partner who writes from an address, if it is none of us.

        Of several it is one of the company's own, else a company, else the newest.
        """
        if not address:
            return self.env["res.partner"]
        return self._search_senders([address], company, limit=1)

    @api.model
    def _find_people_by_address(self, addresses, company):
        """Return the same for many addresses, as a dict by these."""
        people = {}
        if addresses:
            for person in self._search_senders(addresses, company):
                people.setdefault(person.email_normalized, person)
        return people

    @api.model
    def _search_senders(self, addresses, company, limit=None):
        """Return who writes from the addresses, whom to take first."""
        # PostgreSQL sorts those without a company behind the others.
        return self.env["res.partner"].search(
            Domain("email_normalized", "in", addresses)
            & Domain("partner_share", "=", True)
            & Domain("ref_company_ids", "=", False)
            & Domain("company_id", "in", [company.id, False]),
            order="company_id, is_company DESC, id DESC",
            limit=limit,
        )

    @api.model
    def _detect_loop_sender_domain(self, email_from_normalized):
        """Count the deals of exactly this sender, by an index."""
        return [("email_normalized", "=", email_from_normalized)]
