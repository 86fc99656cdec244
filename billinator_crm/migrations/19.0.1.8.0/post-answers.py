# An answer was a comment of the customer's, in the transaction that changed the state.
ANSWERS = """
    SELECT answer.id, answer.res_id AS quote_id
      FROM mail_message answer
      LEFT JOIN res_partner author ON author.id = answer.author_id
     WHERE answer.model = 'billinator.quote'
       AND (author.id IS NULL OR author.partner_share)
       AND answer.message_type = 'comment'
       AND EXISTS (
            SELECT
              FROM mail_message change
              JOIN mail_tracking_value value ON value.mail_message_id = change.id
              JOIN ir_model_fields field ON field.id = value.field_id
             WHERE change.model = answer.model
               AND change.res_id = answer.res_id
               AND change.create_date = answer.create_date
               AND field.model = 'billinator.quote'
               AND field.name = 'state'
       )
"""
KEEP_SIGNED = f"""
    UPDATE billinator_quote
       SET signed_pdf_id = file.attachment_id
      FROM ({ANSWERS}) answer
      JOIN message_attachment_rel file ON file.message_id = answer.id
     WHERE billinator_quote.id = answer.quote_id
       AND billinator_quote.signed_on IS NOT NULL
"""
KEEP_ANSWERS = f"""
    UPDATE mail_message
       SET message_type = 'email'
      FROM ({ANSWERS}) answer
     WHERE mail_message.id = answer.id
"""


def migrate(cr, version):
    """Keep what customers have signed, or why not, from being edited and deleted."""
    cr.execute(KEEP_SIGNED)
    cr.execute(KEEP_ANSWERS)
