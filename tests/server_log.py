"""What the logs of the REST tests' servers may show, and why."""

# PostgreSQL refuses the second one. Odoo logs that as an error, and repeats the call
# or tells the client what is taken.
CONFLICT = r"odoo\.sql_db: bad query: "
# So does Odoo when it is about to tell the client.
TAKEN = r"odoo\.http: The operation cannot be completed: "
# The PDF printer finds no SSL library, and prints without. It opens connections to the
# server that it does not use.
PRINTER = r"wkhtmltopdf: QSslSocket: cannot resolve|werkzeug: .* Request timed out"
REST_LOG = (CONFLICT, TAKEN, PRINTER)
# Why PostgreSQL refuses what the tests send.
REFUSALS = (
    "ERROR: could not serialize access",
    'violates unique constraint "billinator_contact_person_customer_uniq"',
    'violates unique constraint "utm_source_unique_name"',
)

# Odoo tells who looks for records without a name, as the fuzz does.
NAMELESS = r"odoo\.models: Cannot (execute name_create|search on display_name), no _rec"
# Odoo takes any text for an operator until it looks at it, and says so once.
STRANGE_OPERATOR = r"the domain condition .* should have a lower-case operator"
# Odoo's own method, of each document with messages, told to notify nobody.
NOBODY_TO_NOTIFY = r"mail_thread: Message notify called without recipient_ids"
# Whatever a call comes to, and what PostgreSQL refuses of it: the answer is judged.
FUZZ_LOG = (
    *(r"odoo\.http: ", CONFLICT, PRINTER, NAMELESS, STRANGE_OPERATOR),
    NOBODY_TO_NOTIFY,
)

# Who edits a quote while its customer signs it gets to know it.
TOO_LATE = r"odoo\.http: Quote \S+ was signed by Ada and stays as it is"
# Who plans more down payments than fit gets to know it.
TOO_MUCH = r"odoo\.http: The down payments of quote \S+ come to .* reduce them"
# Who sends a quote that somebody else is sending gets to know it.
BEING_SENT = (
    r"odoo\.http: (Somebody is sending or changing quote \S+ at this moment"
    r"|The mail with quote \S+ is waiting to be sent)"
)
# Who makes somebody a follower whom another call has just made one does so again.
FOLLOWED = r"odoo\.sql_db: bad query: b'INSERT INTO \"mail_followers\""
# A mail server that is told to refuse what it gets.
MAIL_REFUSED = r"mail_mail: failed sending mail \(id: \d+\) due to Mail Delivery Failed"

# A server tells its clients what it refuses, and logs it as a warning.
REFUSED = r" WARNING \S+ odoo\.http: "
# What the database refuses, by a constraint of ours, is an error there.
REFUSED_ROW = (
    r"odoo\.sql_db: bad query: b' ?(?:INSERT INTO|UPDATE) \"billinator_",
    r"odoo\.http: Exception during request handling",
)
REFUSAL_LOG = (REFUSED, *REFUSED_ROW)
# Calls that meet on a row: PostgreSQL refuses one, and Odoo repeats it.
REPEATED = (
    r"odoo\.sql_db: bad query: .*ERROR: +"
    r"(?:could not serialize access|deadlock detected)"
)
# Odoo's cleaning gives way to those who write files, and tells when there is nothing.
CLEANING = (
    r"odoo\.sql_db: bad query: b'LOCK ir_attachment .*lock timeout",
    r"ir_cron: Job 'Base: Auto-vacuum internal data' \(\d+\) processed no record",
)
# A deal gets a quote while it is being deleted: the quote's key holds it.
HELD = (
    r'odoo\.sql_db: bad query: b\'DELETE FROM "billinator_opportunity" .*'
    r'"billinator_quote_opportunity_id_fkey"'
)
SOAK_LOG = (REFUSED, REPEATED, FOLLOWED, HELD, *CLEANING, PRINTER)
# While connections are cut, or the database is down.
SOAK_FAULT_LOG = (
    r"psycopg2\.(?:OperationalError|InterfaceError|errors\.\w+)",
    r"terminating connection|server closed the connection",
    r"(?:connection|cursor) already closed",
    # A cron worker that leaves because PostgreSQL has gone leaves its cursor open.
    r"odoo\.sql_db: Cursor not closed explicitly",
    # A server that finds no database ends before the process for live updates does.
    r"odoo\.service\.server: Gevent Parent changed",
)


def check_only_conflicts(log):
    """Fail if the log has a statement that was refused for another reason."""
    lines = log.read_text().splitlines()
    refused = sum("odoo.sql_db: bad query: " in line for line in lines)
    known = sum(any(reason in line for reason in REFUSALS) for line in lines)
    assert refused == known
