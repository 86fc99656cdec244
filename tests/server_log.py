"""What the logs of the REST tests' servers may show, and why."""

# PostgreSQL refuses the second one. Odoo logs that as an error and repeats the call.
CONFLICT = r"odoo\.sql_db: bad query: "
# The PDF printer finds no SSL library, and prints without. It opens connections to the
# server that it does not use.
PRINTER = r"wkhtmltopdf: QSslSocket: cannot resolve|werkzeug: .* Request timed out"

# A mail server that is told to refuse what it gets.
MAIL_REFUSED = r"mail_mail: failed sending mail \(id: \d+\) due to Mail Delivery Failed"


def check_only_conflicts(log):
    """Fail if the log has a statement that was refused for another reason."""
    lines = log.read_text().splitlines()
    refused = sum("odoo.sql_db: bad query: " in line for line in lines)
    assert refused == sum("ERROR: could not serialize access" in line for line in lines)
