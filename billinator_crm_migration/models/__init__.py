from . import (
    billinator_crm_migration,
    billinator_crm_migration_deals,
    billinator_crm_migration_history,
    billinator_crm_migration_problem,
    billinator_crm_migration_quotes,
    billinator_crm_migration_stage,
    billinator_opportunity,
    billinator_quote,
    crm_lead,
)
