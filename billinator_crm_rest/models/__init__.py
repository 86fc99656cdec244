from . import (
    billinator_external_reference,
    billinator_idempotency_key,
    fastapi_endpoint,
)
