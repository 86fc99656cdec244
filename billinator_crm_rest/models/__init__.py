from . import billinator_idempotency_key, fastapi_endpoint
