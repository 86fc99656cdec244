from odoo import SUPERUSER_ID
from odoo.http import request

from odoo.addons.billinator_crm.markers import GATE_OPEN
from odoo.addons.website.controllers import form

from ..models.billinator_opportunity import FilledInForm

DEAL = "billinator.opportunity"
ID_DIGITS = 10


class WebsiteForm(form.WebsiteForm):
    """Makes deals of what visitors fill in.

    Odoo's own controller reads what they sent, keeps what is on the list of
    ``data/ir_model_data.xml``, and creates the deal in the name of OdooBot.
    """

    def extract_data(self, model_sudo, values):
        """Read what was sent, of a team of the company and its deals' properties."""
        if model_sudo.model != DEAL:
            return super().extract_data(model_sudo, values)
        team = self._find_team(model_sudo.env, values.get("team_id"))
        data = super().extract_data(
            model_sudo, {**values, "team_id": str(team.id or 0)}
        )
        # Also those that Odoo would have written into a field.
        data["attachments"] = [
            value for value in values.values() if hasattr(value, "filename")
        ]
        return data

    def _find_team(self, env_sudo, text):
        """Return the company's team with an id that was sent, and can be anything."""
        is_id = isinstance(text, str) and text.isdecimal() and len(text) < ID_DIGITS
        team = env_sudo["crm.team"].browse(int(text) if is_id else ()).exists()
        company = request.website.with_env(env_sudo).company_id
        return team.filtered_domain(team._check_company_domain(company))

    def insert_record(self, request, model_sudo, values, custom, meta=None):
        """Create the deal as the website's company would have it."""
        if model_sudo.model == DEAL:
            # Visitors may not read the company, in the name of Odoo's controller we do.
            website = request.website.with_env(model_sudo.env)
            Deal_sudo = model_sudo.env[DEAL]
            values = Deal_sudo._prepare_web_form_values(values, custom, website)
            custom = ""
            request.update_context(
                # Who writes to us does not know what our first stage demands.
                **GATE_OPEN.context,
                billinator_web_form=FilledInForm(website.name),
                # What is noted on the deal is for the company, and not the visitor.
                lang=website.company_id.partner_id.lang,
            )
        return super().insert_record(request, model_sudo, values, custom, meta=meta)

    def insert_attachment(self, model_sudo, id_record, files):
        """Attach all files to the deal, in the name of who has created it."""
        if model_sudo.model == DEAL:
            model_sudo = model_sudo.with_user(SUPERUSER_ID)
            for file in files:
                # Odoo would write the file's id into a field that the visitor names.
                file.field_name = None
        return super().insert_attachment(model_sudo, id_record, files)
