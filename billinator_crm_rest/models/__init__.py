from . import (
    billinator_external_reference,
    billinator_idempotency_key,
    billinator_opportunity,
    billinator_quote,
    billinator_webhook,
    billinator_webhook_delivery,
    billinator_webhook_event,
    fastapi_endpoint,
    mail_activity,
    res_config_settings,
    res_lang,
    res_users,
)
