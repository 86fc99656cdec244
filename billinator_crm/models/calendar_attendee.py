from odoo import fields, models


class CalendarAttendee(models.Model):
    """Knows what finds the newest meetings of a customer by an index."""

    _inherit = "calendar.attendee"

    billinator_customer_id = fields.Many2one(
        related="partner_id.commercial_partner_id",
        string="Customer Company",
        store=True,
        precompute=True,
        ondelete="set null",
    )
    billinator_start = fields.Datetime(
        related="event_id.start", string="Meeting Start", store=True, precompute=True
    )

    _billinator_timeline_idx = models.Index(
        "(billinator_customer_id, billinator_start DESC, id DESC)"
        " WHERE billinator_customer_id IS NOT NULL"
    )
