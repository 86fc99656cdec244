from . import (
    base_partner_merge,
    billinator_activity_complete,
    billinator_approval_refuse,
    billinator_opportunity_gate,
    billinator_opportunity_lost,
    billinator_opportunity_merge,
    billinator_quote_compare,
    billinator_quote_extend,
    billinator_quote_reject,
    billinator_tag_assign,
    mail_compose_message,
    portal_share,
)
