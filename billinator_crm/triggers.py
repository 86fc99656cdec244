"""Triggers of the database that see whole statements, for what no ORM may miss."""

from odoo.tools import SQL

# What a statement may do, and the rows that its trigger sees.
REFERENCES = {
    "insert": "NEW TABLE AS new_rows",
    "update": "NEW TABLE AS new_rows OLD TABLE AS old_rows",
    "delete": "OLD TABLE AS old_rows",
}


def set_triggers(cr, name, table, actions):
    """Let the database do something after each statement that changes a table.

    :param str name: of the function, to which the event is appended
    :param str table: whose rows are inserted, updated or deleted
    :param dict actions: SQL by event, a statement that reads ``new_rows`` and
        ``old_rows``
    """
    for event, action in actions.items():
        cr.execute(
            SQL(
                """
                CREATE OR REPLACE FUNCTION %(name)s() RETURNS trigger AS $$
                BEGIN
                    %(action)s;
                    RETURN NULL;
                END $$ LANGUAGE plpgsql;
                DROP TRIGGER IF EXISTS %(name)s ON %(table)s;
                CREATE TRIGGER %(name)s AFTER %(event)s ON %(table)s
                    REFERENCING %(references)s EXECUTE FUNCTION %(name)s();
                """,
                name=SQL.identifier(f"{name}_{event}"),
                table=SQL.identifier(table),
                action=action,
                event=SQL(event),
                references=SQL(REFERENCES[event]),
            )
        )


def drop_triggers(cr, name):
    """Drop the functions of a name, and the triggers that call them."""
    for event in REFERENCES:
        function = SQL.identifier(f"{name}_{event}")
        cr.execute(SQL("DROP FUNCTION IF EXISTS %s CASCADE", function))
