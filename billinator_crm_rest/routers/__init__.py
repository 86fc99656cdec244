from . import (
    activities,
    contacts,
    customers,
    notes,
    opportunities,
    products,
    quotes,
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
    taxes.router,
]
