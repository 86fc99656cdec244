from odoo import SUPERUSER_ID

from odoo.addons.billinator_crm.models.billinator_opportunity_gate import GATE_OPEN
from odoo.addons.website.controllers import form

DEAL = "billinator.opportunity"


class WebsiteForm(form.WebsiteForm):
    """Makes deals of what visitors fill in.

    Odoo's own controller reads what they sent, keeps what is on the list of
    ``data/ir_model_data.xml``, and creates the deal in the name of OdooBot.
    """

    def insert_record(self, request, model_sudo, values, custom, meta=None):
        """Create the deal as the website's company would have it."""
        if model_sudo.model == DEAL:
            # Visitors may not read the company, in the name of Odoo's controller we do.
            website = request.website.with_env(model_sudo.env)
            Deal_sudo = model_sudo.env[DEAL]
            custom = Deal_sudo._clean_text(custom)
            values = Deal_sudo._prepare_web_form_values(values, website)
            request.update_context(
                # Who writes to us does not know what our first stage demands.
                billinator_gate=GATE_OPEN,
                billinator_web_form=website.name,
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
