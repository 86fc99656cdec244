from odoo.tools import SQL, sql

from .demo import create_sales_history

# Columns on tables of Odoo that may be big. With a column that is there already, Odoo
# does not compute a field record by record.
COLUMNS = {
    "account_move": {"billinator_origin_quote_id": "int4"},
    "account_payment": {"billinator_customer_id": "int4"},
    "calendar_attendee": {
        "billinator_customer_id": "int4",
        "billinator_start": "timestamp",
    },
    "mail_message": {
        "billinator_customer_id": "int4",
        "billinator_event": "varchar",
    },
    "res_partner": {"phone_key": "varchar"},
}
# What the fields compute, for what a database has before there are deals and quotes.
FILL_PAYMENTS = """
    UPDATE account_payment
       SET billinator_customer_id = partner.commercial_partner_id
      FROM res_partner partner
     WHERE partner.id = account_payment.partner_id
       AND account_payment.partner_type = 'customer'
"""
FILL_ATTENDEES = """
    UPDATE calendar_attendee
       SET billinator_customer_id = partner.commercial_partner_id,
           billinator_start = event.start
      FROM res_partner partner, calendar_event event
     WHERE partner.id = calendar_attendee.partner_id
       AND event.id = calendar_attendee.event_id
"""
FILL_MESSAGES = r"""
    UPDATE mail_message
       SET billinator_customer_id = partner.commercial_partner_id,
           billinator_event = 'partner'
      FROM res_partner partner
     WHERE mail_message.model = 'res.partner'
       AND mail_message.res_id = partner.id
       AND mail_message.message_type NOT IN ('notification', 'user_notification')
       AND mail_message.mail_activity_type_id IS NULL
       AND (
            mail_message.message_type = 'email'
            OR regexp_replace(
                mail_message.body, '<(?!img)[^>]*>|&nbsp;|\s', '', 'g'
            ) <> ''
            OR EXISTS (
                SELECT FROM message_attachment_rel
                 WHERE message_attachment_rel.message_id = mail_message.id
            )
       )
"""
FILL_PARTNERS = r"""
    UPDATE res_partner
       SET phone_key = RIGHT(regexp_replace(phone, '\D', '', 'g'), 9)
     WHERE LENGTH(regexp_replace(phone, '\D', '', 'g')) >= 6
"""
# Records of Odoo's that were made for the CRM, and belong to no module.
LEFT_BEHIND = {
    "ir.exports": ("resource", "=like", "billinator.%"),
    "ir.filters": ("model_id", "=like", "billinator.%"),
    "ir.sequence": ("code", "=", "billinator.quote"),
}


def pre_init_hook(env):
    """Make and fill the columns of Odoo's tables, with a statement for each table."""
    for table, columns in COLUMNS.items():
        for name, column_type in columns.items():
            if not sql.column_exists(env.cr, table, name):
                sql.create_column(env.cr, table, name, column_type)
    env.flush_all()
    for statement in (FILL_PAYMENTS, FILL_ATTENDEES, FILL_MESSAGES, FILL_PARTNERS):
        env.cr.execute(SQL(statement))


def post_init_hook(env):
    """Fit the CRM to what the database has already, and fill the demo company."""
    companies = env["res.company"].search([])
    companies._create_quote_sequences()
    companies._confirm_online_acceptances()
    env["billinator.contact"]._create_missing_rows()
    env["billinator.activity"]._create_missing_rows()
    if env.ref("base.module_billinator_crm").demo:
        create_sales_history(env)


def uninstall_hook(env):
    """Leave what is Odoo's to it, and nothing of the CRM."""
    # PostgreSQL would keep the functions, and call them without their tables.
    env["billinator.opportunity"]._drop_activity_triggers()
    env["billinator.opportunity.summary"]._drop_triggers()
    _keep_meetings(env)
    _delete_activity_rows(env)
    _leave_to_their_tables(env, ("billinator.lost.reason", "billinator.stage"))
    for model, criterion in LEFT_BEHIND.items():
        env[model].with_context(active_test=False).search([criterion]).unlink()


def _keep_meetings(env):
    """Part meetings from deals and quotes: Odoo deletes them with a model otherwise."""
    env.flush_all()
    env.cr.execute(
        SQL(
            """
            UPDATE calendar_event SET res_model_id = NULL, res_model = NULL, res_id = 0
             WHERE res_model LIKE 'billinator.%%'
            """
        )
    )
    env.invalidate_all()


def _delete_activity_rows(env):
    """Let users be deleted, here the sample ones, with the activities that they had.

    PostgreSQL may do with the rows what the user's deletion asks for after what the
    activity's does, and then refuse both.
    """
    env.cr.execute(SQL("DELETE FROM billinator_activity"))
    env.invalidate_all()


def _leave_to_their_tables(env, models):
    """Keep Odoo from deleting, one by one, what deals refer to.

    It would log an error for each before it drops the tables anyway.
    """
    env["ir.model.data"].search(
        [("module", "=", "billinator_crm"), ("model", "in", models)]
    ).unlink()
