from odoo import fields, models

READING = ["GET", "HEAD", "OPTIONS"]
# Nothing is patched, but the API says so itself.
WRITING = ["POST", "PUT", "PATCH", "DELETE"]


class FastapiEndpoint(models.Model):
    _inherit = "fastapi.endpoint"

    app = fields.Selection(
        selection_add=[("billinator_crm", "Billinator CRM")],
        ondelete={"billinator_crm": "cascade"},
    )

    def _is_billinator_crm(self):
        return self.app == "billinator_crm"

    def _get_fastapi_routers(self):
        if self._is_billinator_crm():
            # FastAPI reads all schemas when it is imported: only where it is used.
            from ..routers import ROUTERS

            return ROUTERS
        return super()._get_fastapi_routers()

    def _prepare_fastapi_app_params(self):
        params = super()._prepare_fastapi_app_params()
        if self._is_billinator_crm():
            params["version"] = "1.0"
            params["redoc_url"] = None
        return params

    # Reading is served on a read-only cursor: each method set has a rule of its own.

    def _prepare_endpoint_rules(self, options=None):
        rules = []
        for endpoint in self:
            if endpoint._is_billinator_crm():
                rules += [
                    endpoint._make_method_rule(methods, options)
                    for methods in (READING, WRITING)
                ]
            else:
                rules += super(FastapiEndpoint, endpoint)._prepare_endpoint_rules(
                    options
                )
        return rules

    def _make_method_rule(self, methods, options=None):
        rule = self._make_routing_rule(options)
        rule.routing = {
            **rule.routing,
            "type": "billinator_api",
            "methods": methods,
            "readonly": methods == READING,
        }
        rule.key = self._get_method_rule_key(rule.key, methods)
        rule.endpoint_hash = hash(rule.key)
        return rule

    def _get_method_rule_key(self, key, methods):
        return f"{key}:{methods[0]}"

    def _registered_endpoint_rule_keys(self):
        keys = super()._registered_endpoint_rule_keys()
        ours = self.filtered(lambda endpoint: endpoint._is_billinator_crm())
        return keys + tuple(
            self._get_method_rule_key(key, methods)
            for key in super(FastapiEndpoint, ours)._registered_endpoint_rule_keys()
            for methods in (READING, WRITING)
        )
