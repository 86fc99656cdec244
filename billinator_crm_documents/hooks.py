from .models.billinator_quote import RELATION


def pre_init_hook(env):
    """Say of the quotes that are there that they have no documents.

    With a table that is there already, Odoo does not compute a field record by record.
    """
    env.cr.execute(
        f"""
        CREATE TABLE IF NOT EXISTS {RELATION} (
            quote_id integer NOT NULL,
            document_id integer NOT NULL,
            PRIMARY KEY (quote_id, document_id)
        );
        CREATE INDEX IF NOT EXISTS {RELATION}_document_id_quote_id_idx
            ON {RELATION} (document_id, quote_id);
        """
    )


def uninstall_hook(env):
    """Leave the documents to their table.

    Odoo would delete them one by one first, and log an error for each that quotes have.
    """
    env["ir.model.data"].search(
        [
            ("module", "=", "billinator_crm_documents"),
            ("model", "=", "billinator.quote.document"),
        ]
    ).unlink()
