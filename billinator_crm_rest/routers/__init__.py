from . import (
    activities,
    contacts,
    customers,
    lookups,
    notes,
    opportunities,
    products,
    quotes,
    segments,
    taxes,
)

ROUTERS = [
    opportunities.router,
    quotes.router,
    activities.router,
    notes.router,
    contacts.router,
    customers.router,
    products.router,
    segments.router,
    taxes.router,
    lookups.router,
]
