from . import opportunities

ROUTERS = [opportunities.router]
