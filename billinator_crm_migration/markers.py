"""What the code tells itself in the context; see the core's module of this name."""

from odoo.addons.billinator_crm.markers import Marker

# Deals are brought over from Odoo's CRM, as they are.
BROUGHT_OVER = Marker("billinator_brought_over")
