from odoo import api, fields, models

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
            params["responses"] = self._get_problem_responses()
        return params

    def _get_app_dependencies_overrides(self):
        if self._is_billinator_crm():
            # With one, FastAPI would read all signatures again for each call.
            return {}
        return super()._get_app_dependencies_overrides()

    @api.model
    def _get_problem_responses(self):
        """Return what OpenAPI tells of the answers that are no success."""
        from ..schemas.base import Invalid, Problem

        descriptions = {
            400: "The body is not JSON",
            401: "No key, or not a valid one",
            403: "The user may not do this",
            404: "It is not there, or the user may not see it",
            409: "The state forbids it, or the key or reference is another call's",
        }
        return {
            **{
                status: {"model": Problem, "description": description}
                for status, description in descriptions.items()
            },
            422: {"model": Invalid, "description": "A value is wrong"},
        }

    def _handle_route_updates(self, vals):
        # Which endpoint has a path is remembered, and an archived one has none.
        if "active" in vals and any(one._is_billinator_crm() for one in self):
            self._reset_app()
        return super()._handle_route_updates(vals)

    @api.model
    def _register_active_controllers(self):
        """Register the routes of the API; called by each installation and upgrade."""
        self.search([("app", "=", "billinator_crm")])._register_controllers()

    @api.model
    def _get_root_path_of(self, path):
        """Return the root path of the endpoint that answers calls to ``path``."""
        roots = self._get_id_by_root_path_map()
        return self._find_first_matching_url_path(roots, path)

    def _get_fastapi_app_middlewares(self):
        middlewares = super()._get_fastapi_app_middlewares()
        if self._is_billinator_crm():
            from starlette.middleware import Middleware

            from ..failures import FailureMiddleware

            routers = self._get_fastapi_routers()
            routes = [route for router in routers for route in router.routes]
            middlewares = [*middlewares, Middleware(FailureMiddleware, routes=routes)]
        return middlewares

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
