from . import (
    account_move,
    billinator_batch_tracking_mixin,
    billinator_contact,
    billinator_lost_reason,
    billinator_opportunity,
    billinator_quote,
    billinator_quote_line,
    billinator_stage,
    billinator_tag,
    res_company,
    res_config_settings,
    res_partner,
)
