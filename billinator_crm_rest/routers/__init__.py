from . import activities, contacts, customers, notes, opportunities, quotes

ROUTERS = [
    opportunities.router,
    quotes.router,
    activities.router,
    notes.router,
    contacts.router,
    customers.router,
]
