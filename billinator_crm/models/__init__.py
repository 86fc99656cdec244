from . import (
    account_move,
<<<<<<< HEAD
    billinator_contact,
=======
    billinator_batch_tracking_mixin,
>>>>>>> main
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
