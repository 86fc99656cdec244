from markupsafe import escape

from odoo import api, models
from odoo.exceptions import ValidationError
from odoo.fields import Domain
from odoo.tools import email_normalize, plaintext2html

from ..answers import format_answer

# In this order, they say who it is.
PERSON_FIELDS = ("contact_name", "partner_name", "email_from", "phone")
LINE_FIELDS = ("name", *PERSON_FIELDS)
# What the public says about the deal itself. All else that designers of the website
# add to a form is an answer, which people read.
DEAL_FIELDS = (*LINE_FIELDS, "description", "team_id", "user_id")
PROPERTIES = "opportunity_properties"
# Longer than what people write, and shorter than what an index takes.
LINE_MAX = 500
TEXT_MAX = 50_000


class FilledInForm:
    """The form that a deal is made of.

    It travels in the context, where no RPC caller can put one.
    """

    def __init__(self, website):
        self.website = website


class BillinatorOpportunity(models.Model):
    """Deals that visitors of the website make by filling in a form.

    Whatever comes from them can be made up, also what the form has hidden.
    """

    _inherit = "billinator.opportunity"

    def _creation_message(self):
        """Keep who it was in so many words: a known customer stands in for it."""
        form = self.env.context.get("billinator_web_form")
        if not isinstance(form, FilledInForm):
            return super()._creation_message()
        return self.env._(
            "Form on “%(website)s” filled in by %(person)s",
            website=form.website,
            person=", ".join(filter(None, map(self.__getitem__, PERSON_FIELDS))),
        )

    @api.model
    def _prepare_web_form_values(self, values, custom, website):
        """Return the values of the deal that a filled in form becomes.

        :param dict values: what was filled in of the fields and properties in the form
        :param str custom: questions and answers that are no fields of ours
        :param website: ``website`` whose form it is
        :return: dict
        :raises ValidationError: when nobody could answer it, or it is too long
        """
        company = website.company_id
        # The company reads what becomes of it, the visitor what is wrong with it.
        for_company = self._in_lang_of(company)
        answers = for_company._get_web_form_answers(values, company)
        texts = self._get_web_form_texts(
            values, "\n".join(filter(None, (custom, *answers)))
        )
        sender = next(filter(None, map(texts.get, PERSON_FIELDS)), None)
        if not sender:
            raise ValidationError(
                self.env._(
                    "Please tell us who you are: give your name, your company, an "
                    "email address or a phone number."
                )
            )
        return {
            **texts,
            "name": texts.get("name") or for_company._get_web_form_title(sender),
            "company_id": company.id,
            "medium_id": self._get_web_form_medium().id,
            **self._prepare_web_form_assignment(values, company),
            # The same as for a mail, which can be from somebody else just as well.
            **self._prepare_mail_customer_values(
                email_normalize(texts.get("email_from")), company
            ),
        }

    @api.model
    def _in_lang_of(self, company):
        """Return the model in the language and time zone of a company."""
        partner = company.partner_id
        return self.with_context(lang=partner.lang, tz=partner.tz or "UTC")

    @api.model
    def _get_web_form_title(self, sender):
        return self.env._("Website form by %s", sender)

    @api.model
    def _get_web_form_answers(self, values, company):
        """Return a line for each other field and property that was filled in."""
        answers = []
        for definition, value in self._get_other_web_form_values(values):
            text = format_answer(self.env, definition, value, company)
            if text:
                label = definition.get("string") or definition["name"]
                answers.append(f"{label} : {text}")
        return answers

    @api.model
    def _get_other_web_form_values(self, values):
        """Return pairs of definition and value; files are attached instead."""
        names = [name for name in values if name not in (*DEAL_FIELDS, PROPERTIES)]
        # Without names, it would describe all fields.
        definitions = self.fields_get(names) if names else {}
        return [
            *(
                (definitions[name], values[name])
                for name in names
                if definitions[name]["type"] != "binary"
            ),
            *((one, one["value"]) for one in values.get(PROPERTIES, ())),
        ]

    @api.model
    def _get_web_form_texts(self, values, custom):
        texts = {
            name: " ".join(self._clean_text(values[name]).split())
            for name in LINE_FIELDS
            if values.get(name)
        }
        custom = plaintext2html(self._clean_text(custom)) if custom else ""
        message = self._clean_text(values.get("description") or "")
        texts["description"] = escape(message) + custom
        if any(len(texts.get(name, "")) > LINE_MAX for name in LINE_FIELDS):
            raise ValidationError(
                self.env._("Please write less: a line takes %s characters.", LINE_MAX)
            )
        return texts

    @api.model
    def _clean_text(self, text):
        """Return a text without what PostgreSQL does not take.

        :raises ValidationError: when it is too long
        """
        if len(text) > TEXT_MAX:
            raise ValidationError(
                self.env._("Please write less: we read %s characters.", TEXT_MAX)
            )
        return text.replace("\0", "")

    @api.model
    def _get_web_form_medium(self):
        """Return by which way the visitor came; without a campaign, the website."""
        medium_id = self.default_get(["medium_id"]).get("medium_id")
        if medium_id:
            return self.env["utm.medium"].browse(medium_id)
        return self.env["utm.medium"]._fetch_or_create_utm_medium("website")

    @api.model
    def _prepare_web_form_assignment(self, values, company):
        """Return whose deal it is: of whom the form says, as far as the company's.

        Without a team it is the salesperson's, else the company's first one.
        """
        user = self.env["res.users"].browse(values.get("user_id") or ()).exists()
        user = user._filter_present_in(company)
        Team = self.env["crm.team"]
        domain = Team._check_company_domain(company)
        team = Team.search(domain & Domain("id", "=", values.get("team_id")))
        if user and not team:
            return {"user_id": user.id}
        team = team or Team.search(domain, limit=1)
        user = user or self._get_salesperson_for_mail(team, company)
        return {"team_id": team.id, "user_id": user.id}
