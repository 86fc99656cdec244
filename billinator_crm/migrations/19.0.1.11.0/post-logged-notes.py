# New followers have it by default; of those before, salespeople are to know.
CHOOSE_FOR_SALESPEOPLE = """
    INSERT INTO mail_followers_mail_message_subtype_rel
           (mail_followers_id, mail_message_subtype_id)
    SELECT follower.id, subtype.res_id
      FROM (
            SELECT 'billinator.opportunity' AS model, id, user_id,
                   'mt_opportunity_note' AS event
              FROM billinator_opportunity
             UNION ALL
            SELECT 'billinator.quote', id, user_id, 'mt_quote_note'
              FROM billinator_quote
           ) document
      JOIN res_users ON res_users.id = document.user_id
      JOIN mail_followers follower
        ON follower.res_model = document.model
       AND follower.res_id = document.id
       AND follower.partner_id = res_users.partner_id
      JOIN ir_model_data subtype
        ON subtype.module = 'billinator_crm'
       AND subtype.model = 'mail.message.subtype'
       AND subtype.name = document.event
        ON CONFLICT DO NOTHING
"""


def migrate(cr, version):
    """Let salespeople know of the notes that colleagues log on their documents."""
    cr.execute(CHOOSE_FOR_SALESPEOPLE)
