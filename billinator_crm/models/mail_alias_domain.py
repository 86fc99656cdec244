from odoo import models


class MailAliasDomain(models.Model):
    """Which one a company has is kept in memory, until PostgreSQL takes it away."""

    _name = "mail.alias.domain"
    _inherit = ["billinator.settings.mixin", "mail.alias.domain"]
