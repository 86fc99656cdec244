# What messages on deals and quotes are, as MailMessage computes it. Those that were
# created in one go took the changes of the last one of their document.
MEND_MESSAGES = r"""
    UPDATE mail_message
       SET billinator_event = computed.event,
           billinator_customer_id = CASE
               WHEN computed.event IS NOT NULL THEN computed.customer_id END
      FROM (
            SELECT message.id,
                   document.customer_id,
                   CASE
                       WHEN change.message_id IS NOT NULL THEN document.change
                       WHEN message.message_type NOT IN (
                                'notification', 'user_notification')
                        AND message.mail_activity_type_id IS NULL
                        AND (
                            message.message_type = 'email'
                            OR regexp_replace(
                                message.body, '<(?!img)[^>]*>|&nbsp;|\s', '', 'g'
                            ) <> ''
                            OR EXISTS (
                                SELECT FROM message_attachment_rel
                                 WHERE message_attachment_rel.message_id = message.id
                            ))
                       THEN document.event
                   END AS event
              FROM mail_message message
              JOIN (
                    SELECT 'billinator.opportunity' AS model, 'opportunity' AS event,
                           'stage' AS change, id, commercial_partner_id AS customer_id
                      FROM billinator_opportunity
                     UNION ALL
                    SELECT 'billinator.quote', 'quote', 'state', id,
                           commercial_partner_id
                      FROM billinator_quote
                   ) document
                ON document.model = message.model
               AND document.id = message.res_id
              LEFT JOIN (
                    SELECT DISTINCT value.mail_message_id AS message_id, field.model
                      FROM mail_tracking_value value
                      JOIN ir_model_fields field ON field.id = value.field_id
                     WHERE (field.model, field.name) IN (
                            ('billinator.opportunity', 'stage_id'),
                            ('billinator.opportunity', 'merged_stage_id'),
                            ('billinator.quote', 'state'))
                   ) change
                ON change.message_id = message.id
               AND change.model = message.model
             WHERE (message.billinator_event IS NOT DISTINCT FROM document.change)
                   <> (change.message_id IS NOT NULL)
           ) computed
     WHERE mail_message.id = computed.id
"""


def migrate(cr, version):
    """Tell changes of stage and status from what else was said of a document."""
    cr.execute(MEND_MESSAGES)
