def migrate(cr, version):
    """Let the invoices of down payments know it by themselves."""
    cr.execute(
        """
        UPDATE account_move SET billinator_is_down_payment = TRUE
         WHERE billinator_installment_id IS NOT NULL
        """
    )
