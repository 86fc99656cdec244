"""Every place where the addons go past the caller's rights, and why it may do so.

A new one, or one more in a function, needs its line here: what it needs the rights for,
and what has checked the caller's own before, or why nothing has to.
"""

import re

from sudo_uses import find_uses

REASONS = """
billinator_crm/controllers/portal.py
  1 QuotePortal._count_open_quotes: found by a search under the user's rules; counts
      only
  1 QuotePortal.portal_my_crm_quotes: found by a search under the user's rules; the
      page shows names of users and currencies that customers may not read
  3 QuotePortal._get_quote: portal's own check, of the rules or the quote's token;
      then as before, but in the visitor's name
  1 QuotePortal._get_newer_quote: goes down to the visitor's rights, to check them
billinator_crm/migrations/19.0.1.1.0/post-migrate.py
  1 migrate: an upgrade has no user
billinator_crm/migrations/19.0.1.2.0/post-migrate.py
  1 migrate: likewise
billinator_crm/migrations/19.0.1.3.0/post-migrate.py
  1 migrate: likewise
billinator_crm/migrations/19.0.1.4.0/post-approval.py
  1 migrate: likewise
billinator_crm/migrations/19.0.1.4.0/post-rules.py
  1 migrate: likewise
billinator_crm/migrations/19.0.1.11.0/end-credited-and-changed.py
  1 migrate: likewise
billinator_crm/migrations/19.0.1.12.0/end-credited-status.py
  1 migrate: likewise
billinator_crm/migrations/19.0.1.15.0/post-closing-day.py
  1 migrate: likewise
billinator_crm/migrations/19.0.1.6.0/post-invoice-status.py
  1 migrate: likewise
billinator_crm/migrations/19.0.1.8.0/post-mail-language.py
  1 migrate: likewise
billinator_crm/migrations/19.0.1.11.0/post-our-contact.py
  1 migrate: likewise
billinator_crm/migrations/19.0.1.9.0/post-confirmation.py
  1 migrate: likewise
billinator_crm/models/account_fiscal_position.py
  1 AccountFiscalPosition._unlink_except_quoted: only names a quote that has it
billinator_crm/models/account_move.py
  1 AccountMove._check_billinator_origin_quote: a constraint, which compares two quotes
      that accountants need not see
  2 AccountMove._check_billinator_quote_accepted: a constraint, which looks at quotes
      that accountants need not see, and changes nothing
  1 AccountMove._check_billinator_installment: a constraint, likewise
  1 AccountMove._check_billinator_deducted: a constraint, likewise
  1 AccountMove._check_billinator_released: a constraint, likewise
  1 AccountMove._unlink_except_billinator_deducted: as the constraints
billinator_crm/models/account_move_line.py
  1 AccountMoveLine._check_billinator_deductions: names the quote in an error
  1 AccountMoveLine._say_billinator_number: reads the customer's language only
billinator_crm/models/account_tax.py
  1 AccountTax._unlink_except_quoted: only names a quote that has the tax
billinator_crm/models/billinator_activity.py
  1 BillinatorActivity.user_id: who does it is shown by the activity underneath, too
  1 BillinatorActivity.asks_outcome: a flag of the activity's type, for the form
  1 BillinatorActivity._check_access: reads which activity is underneath, to check the
      user's right to it
  1 BillinatorActivity._check_assignees: whether they are portal users
  1 BillinatorActivity._comes_with_quote: tells a deal that came with the quote, which
      is checked first, from one to be checked
billinator_crm/models/billinator_activity_handover.py
  1 BillinatorActivity._pass_on: by the write that archives a user, after its check;
      all of what that user had to do, of which nothing is shown but to who gets it
billinator_crm/models/billinator_activity_meeting.py
  1 BillinatorActivity.is_day: only whether the due date, which is shown, has a time
  1 BillinatorActivity._release_calendar_events: counts what else is planned by the
      meeting; the user's own rights archive it
billinator_crm/models/billinator_activity_native.py
  2 BillinatorActivity._create_natives: after _check_may_plan and _check_assignees
  1 BillinatorActivity._create_rows: mail.activity's create has checked the right to
      the activity, whose row this is
billinator_crm/models/billinator_activity_reminder.py
  1 BillinatorActivity._remind: the job's own message to the assignee, about the
      activity alone
billinator_crm/models/billinator_approval_rule.py
  1 BillinatorApprovalRule.currency_id: the company's, of a rule that is shown
  1 BillinatorApprovalRule._review_quotes: after the ORM has checked the right to the
      rule; computes what follows from it, for all quotes
  1 BillinatorApprovalRule._get_company_rule_ids: rules bind whoever writes a quote
  1 BillinatorApprovalRule._get_company_rules_sudo: likewise
billinator_crm/models/billinator_batch_tracking_mixin.py
  1 BillinatorBatchTrackingMixin._log_changes: a log of what the ORM has let the user
      change
billinator_crm/models/billinator_document_mixin.py
  1 BillinatorDocumentMixin.unlink: after check_access("unlink")
billinator_crm/models/billinator_document_sales_mixin.py
  1 BillinatorDocumentSalesMixin._check_salespeople: whether they are portal users
  1 BillinatorDocumentSalesMixin._leave_out_former_colleagues: likewise
  1 BillinatorDocumentSalesMixin._check_company: a constraint, which names what Odoo's
      does
  1 BillinatorDocumentSalesMixin._fetch_related: names, which the ORM tells of what it
      has let the user read
  1 BillinatorDocumentSalesMixin._remember_next_activities: what activities tell that
      the user may see
billinator_crm/models/billinator_followed_mixin.py
  1 BillinatorFollowedMixin._post_event: tells of what the ORM has let the user change
  1 BillinatorFollowedMixin._read_followers: who follows, whom the message goes to and
      nobody is told; of a team's followers those who may read the document
billinator_crm/models/billinator_lost_reason.py
  1 BillinatorLostReason._unlink_except_used: only asks whether a deal has the reason,
      which it names
billinator_crm/models/billinator_note.py
  1 BillinatorNote._get_follower_ids: who follows, whom the note goes to and nobody is
      told; those of them who may read it
billinator_crm/models/billinator_opportunity.py
  1 BillinatorOpportunity.commercial_partner_id: the company of a customer shown anyway
  1 BillinatorOpportunity.status: of the stage, which everybody reads
  1 BillinatorOpportunity.company_currency_id: the company's, of a deal that is shown
  1 BillinatorOpportunity._fetch_query: paths and currencies of the user's own
      companies, which rules read as sudo
  2 BillinatorOpportunity._fetch_for_logging: what stored fields are computed from, as
      sudo anyway; a customer of another company is refused after that
  2 BillinatorOpportunity._fetch_related: what company_currency_id is read from; the
      name of the deal's stage, which the ORM tells
  2 BillinatorOpportunity.write: when deals moved that were given away by it; the
      meetings of a deal whose customer the ORM lets the user change
  1 BillinatorOpportunity.unlink: after check_access("unlink")
billinator_crm/models/billinator_opportunity_customer.py
  1 BillinatorOpportunity._keep_person: after the ORM has checked the right to write the
      deal, which may be a colleague's by it; the user's own rights make the people
billinator_crm/models/billinator_opportunity_forecast.py
  1 BillinatorOpportunity.history_probability: of counts over all deals, and tells none
  1 BillinatorOpportunity.history_sample_size: likewise
  1 BillinatorOpportunity.history_explanation: likewise
billinator_crm/models/billinator_opportunity_health.py
  1 BillinatorOpportunity.health: of the deal's own activities and mails: counts and
      days, whoever may read them
  1 BillinatorOpportunity.health_reasons: likewise
  1 BillinatorOpportunity.idle_days: likewise
  1 BillinatorOpportunity.stage_probability: of the stage, which everybody reads
billinator_crm/models/billinator_opportunity_handover.py
  1 BillinatorOpportunity._bring_quotes_along: after the write of the deals, whose
      quotes they are; the user may see neither any more
  1 BillinatorOpportunity._hand_over_activities: after check_access("write") on the
      deals that they are about, in _hand_over
  1 BillinatorOpportunity._tell_of_handover: names the deals to whose they are now
billinator_crm/models/billinator_opportunity_merge.py
  1 BillinatorOpportunity.merge_opportunities: after check_access("write") on all;
      nothing of them is lost
  1 BillinatorOpportunity._detach_stage_history: called by the merge, after its check
  3 BillinatorOpportunity._merge_documents: called by the merge, after its check
billinator_crm/models/billinator_opportunity_quotes.py
  1 BillinatorOpportunity._check_company_of_quotes: a constraint; names the quotes of
      one's own deal
  1 BillinatorOpportunity._check_customer_of_quotes: a constraint, likewise
  1 BillinatorOpportunity._unlink_except_quoted: a constraint, likewise
  1 BillinatorOpportunity._get_expired_quotes: only to end what is to do about them
  1 BillinatorOpportunity._get_open_quotes: the dialog counts those of deals that the
      user may read; it rejects what the user may change
  1 BillinatorOpportunity._get_quoted_amounts: sums, of deals that the user may read or
      whose quote was accepted
billinator_crm/models/billinator_opportunity_summary.py
  1 BillinatorOpportunitySummary._read: sums, within the user's rules on the deals, by
      _get_kept_domain
billinator_crm/models/billinator_pipeline_snapshot.py
  1 BillinatorPipelineSnapshot.currency_id: the company's, of a row that is shown
  1 BillinatorPipelineSnapshot._get_last_date: by _get_rows_sudo; a day alone
  1 BillinatorPipelineSnapshot._get_rows_sudo: after check_access("read"); the deals of
      a bridge are read under the user's rules
  1 BillinatorPipelineSnapshot._get_in_between_domains: by _get_rows_sudo; when a
      snapshot was taken
billinator_crm/models/billinator_quote.py
  1 BillinatorQuote.commercial_partner_id: the company of a customer shown anyway
  1 BillinatorQuote.line_ids: lines have the rules of their quote, which is searched
  1 BillinatorQuote.company_currency_id: the company's, of a quote that is shown
  1 BillinatorQuote.company_price_include: a setting of the company, for the form
  2 BillinatorQuote._fetch_for_creation: what stored fields are computed from, as sudo
      anyway; a customer of another company is refused after that
  1 BillinatorQuote._fetch_for_form: what the form shows of the company and of the
      products, whose names the ORM tells, and counts with as sudo
  1 BillinatorQuote.tax_country_id: for the choice of taxes, of the company or its
      fiscal position
  1 BillinatorQuote._check_opportunity_customer: a constraint; the deal is one that the
      user may read, or that the quote has got from somebody who might
  1 BillinatorQuote._unlink_except_accepted: only asks whether there are invoices
  1 BillinatorQuote._get_customers_salesperson: only asks whether the customer's
      salesperson works for the quote's company, whatever others that one has
  1 BillinatorQuote._get_default_note: a setting that salespeople may profit from
billinator_crm/models/billinator_quote_approval.py
  1 BillinatorQuote.approval_reasons: what rules find in a quote that is shown
  1 BillinatorQuote.commercial_hash: a hash, the same for whoever asks
  1 BillinatorQuote.write: rules bind whoever writes a quote, and requests end with
      their reason, after the ORM has checked the right to the quote
  1 BillinatorQuote._get_approval_message: as approval_reasons, which may be empty yet
  1 BillinatorQuote._get_approvers: who is to be asked; their users only
  1 BillinatorQuote._is_readable_by: only compares companies, of who may be asked
  1 BillinatorQuote._decide: called by the actions, after check_access("write") or
      _check_decidable
  1 BillinatorQuote._withdraw_settled_requests: after the ORM has checked the right to
      what was changed; ends what has no reason any more
  1 BillinatorQuote._unlink_approval_activities: called by the actions, likewise
  1 BillinatorQuote._get_rules: rules bind whoever writes a quote
billinator_crm/models/billinator_quote_conversion.py
  1 BillinatorQuote.action_invoice_again: after check_access("write"), by
      _begin_conversion; marks the credited invoices of these quotes
  2 BillinatorQuote._convert_to_invoices: after check_access("write"), by
      _begin_conversion; callers show ids only to who may not read invoices
  1 BillinatorQuote._create_invoices: called after _begin_conversion
  1 BillinatorQuote._check_sales_journal: asks whether there is any
  1 BillinatorQuote._get_silent_moves_sudo: called by _create_invoices
  1 BillinatorQuote._settle_analytic_distribution: likewise; asks whether there is any
billinator_crm/models/billinator_quote_deal.py
  1 BillinatorQuote._follow_acceptance: after the ORM has checked the right to the
      quote, or the page its token; the deal is reopened, and worth what was sold
  1 BillinatorQuote._move_deals: likewise; to the stage that the deal's own names
  1 BillinatorQuote._get_deal_reasons: called by both; the quotes' own numbers
billinator_crm/models/billinator_quote_expiry.py
  1 BillinatorQuote._unlink_expiry_activities: the salesperson's, when somebody who may
      change the quote or its deal has settled it
billinator_crm/models/billinator_quote_installment.py
  1 BillinatorQuoteInstallment.company_id: the quote's own
  1 BillinatorQuoteInstallment.currency_id: likewise
  1 BillinatorQuoteInstallment._check_within_quote: a constraint, adds up amounts
  1 BillinatorQuoteInstallment._check_not_invoiced: a constraint, asks for invoices
  1 BillinatorQuoteInstallment._unlink_except_invoiced: likewise
  1 BillinatorQuoteInstallment._release_cancelled_invoices: after check_access("unlink")
      of the rows that the invoices were for
  2 BillinatorQuoteInstallment._convert_to_invoices: after check_access("write")
billinator_crm/models/billinator_quote_invoicing.py
  1 BillinatorQuote.invoice_count: a number, for who reads the quote
  1 BillinatorQuote.partner_credit_warning: what the customer owes, which the customer's
      page tells salespeople
  1 BillinatorQuote.write: after check_access("write"), notes on cancelled invoices what
      their quote said
  1 BillinatorQuote._check_invoiced_is_accepted: a constraint, which only asks whether
      there are invoices
  1 BillinatorQuote._check_down_payments_invoiced: asks for invoices; the caller has
      checked the right to the quote
  1 BillinatorQuote._get_down_payment_account: an account that only goes on the invoice
  1 BillinatorQuote._prepare_invoice_values: the conversion's, after its check
billinator_crm/models/billinator_quote_line.py
  1 BillinatorQuoteLine._fit_companies: only compares companies, as Odoo's
      _check_company does
  1 BillinatorQuoteLine._note_pricelist: what the pricelist gives, which nobody sets,
      for lines that the user has just written
  1 BillinatorQuoteLine._reset_prices: likewise, after check_access("write")
  1 BillinatorQuoteLine.company_id: the quote's own
  1 BillinatorQuoteLine.currency_id: likewise
  1 BillinatorQuoteLine.tax_country_id: likewise
  1 BillinatorQuoteLine.customers_product_name: as the names of all records that are
      referred to are read
  1 BillinatorQuoteLine.pricelist_item_id: prices follow rules that one need not see
  1 BillinatorQuoteLine._get_income_account: groups lines for taxes, and is not shown
billinator_crm/models/billinator_quote_line_portal.py
  1 BillinatorQuoteLine._choose: puts back what the line was offered at, after a write
      of whoever chooses
billinator_crm/models/billinator_quote_mail.py
  1 BillinatorQuote._filter_departing: counts mails of quotes that the user may write,
      to refuse a second one; shows the quote's name only
  1 BillinatorQuote._leave_customer: after a change of the quote's customer; marks its
      messages as ours alone
  1 BillinatorQuote._get_mail_recipient: accountants and customers do not see contacts;
      the partner comes back under the caller's rights
  3 BillinatorQuote._follow_departure_later.follow: as _follow_departure would do, in
      another transaction
billinator_crm/models/billinator_quote_portal.py
  1 BillinatorQuote._get_thread_with_access: only asks whether there is a token, which
      portal compares as sudo, too
  1 BillinatorQuote._get_our_contact: a colleague's name and addresses, for whoever
      has the quote, its customer included
  1 BillinatorQuote._is_for_customer: the state, and whether it was sent; says no more
      than whether customers may see it
billinator_crm/models/billinator_quote_sent.py
  1 BillinatorQuote._note_sent: after check_access("write") or a mail that has left, or
      by the page, which has checked the customer's token; nobody sets a hash by hand
  1 BillinatorQuote._choose_line: likewise; what mails on their way bring
billinator_crm/models/billinator_quote_signature.py
  1 BillinatorQuote._get_zone: the time zone of the company or the salesperson, both of
      which the page names
  2 BillinatorQuote._as_company: by _sign, after the page has checked who may; makes the
      invoice and the mail of this quote that its company has decided on
billinator_crm/models/billinator_quote_signature_invoice.py
  1 BillinatorQuote._get_invoices_to_pay: after check_access("read"), what the
      customer's page and mails say of them
billinator_crm/models/billinator_quote_template_line.py
  1 BillinatorQuoteTemplateLine.company_id: the template's own
  1 BillinatorQuoteTemplateLine.currency_id: likewise
billinator_crm/models/billinator_quote_totals.py
  1 BillinatorQuote.tax_totals: made of priced_base_lines, of a quote that is shown
  1 BillinatorQuote.priced_base_lines: what amounts are made of, closed to everybody
billinator_crm/models/billinator_quote_version.py
  1 BillinatorQuote.content_hash: a hash, the same for whoever asks
  1 BillinatorQuote.next_version_name: its number, as a colleague would be told it
  1 BillinatorQuote.revise: after check_access("write")
  1 BillinatorQuote._check_revisable: only asks whether there are invoices
billinator_crm/models/billinator_settings_mixin.py
  1 BillinatorSettingsMixin._get_remembered: of stages, teams, companies, currencies and
      types of activities what is shown with a deal or a quote that one may read
billinator_crm/models/billinator_stage.py
  1 BillinatorStage.gate_summary: names of fields, which only administrators may read
  1 BillinatorStage._check_required_fields: a constraint, likewise
  1 BillinatorStage._unlink_except_used: only asks whether a deal is in the stage, which
      it names
  1 BillinatorStage._get_all_rules: what stages demand holds for everybody; names of
      fields, which only administrators may read
  1 BillinatorStage._get_missing: after the ORM has checked the right to change the
      deal; tells names of fields
billinator_crm/models/billinator_stage_conversion.py
  1 BillinatorStageConversion._get_all_conversions: counts over all deals of a stage,
      which tell none of them
billinator_crm/models/billinator_subject_mixin.py
  1 BillinatorSubjectMixin.commercial_partner_id: the company of a customer shown anyway
  1 BillinatorSubjectMixin._check_chosen: tells a deal or quote that is chosen anew from
      the saved one
  1 BillinatorSubjectMixin._get_chosen_opportunities: tells a deal that came with the
      quote, which the user may read, from one to be checked
billinator_crm/models/billinator_tag_segment.py
  1 BillinatorTag.currency_id: the company's, of a segment that is shown
  1 BillinatorTag._check_partner_domain: goes down to the rights of the rule's author
  1 BillinatorTag._refresh: after check_access("read"), or the ORM's of a change; the
      day is no secret
  1 BillinatorTag._get_members_sql: by _get_partners_sudo
  2 BillinatorTag._get_partners_sudo: a segment is the same for everybody; members are
      shown to who may read them; its company's language and time zone
  2 BillinatorTag._plan_activities: the segment plans, whoever has it looked up
  1 BillinatorTag._get_assignee: likewise, for whom it says
billinator_crm/models/billinator_target.py
  1 BillinatorTarget.currency_id: the company's, of a target that is shown
  1 BillinatorTarget.won_amount: a sum over all deals of the person or team: who may see
      the target may see how far it has come
  1 BillinatorTarget.committed_amount: likewise
  1 BillinatorTarget.weighted_amount: likewise
  1 BillinatorTarget.gap_amount: likewise
  1 BillinatorTarget.attainment: likewise
billinator_crm/models/billinator_timeline.py
  1 BillinatorTimeline._get_failures: why mails of messages failed that are shown
  1 BillinatorTimeline._get_names: names of what visible rows link, as many2ones show
billinator_crm/models/billinator_timeline_source.py
  1 BillinatorTimeline._get_meeting_domain: whose calendar is private, to hide more
billinator_crm/models/calendar_attendee.py
  1 CalendarAttendee.billinator_customer_id: a stored column for the timeline's index
  1 CalendarAttendee.billinator_start: likewise
billinator_crm/models/calendar_event.py
  1 CalendarEvent._get_activity_rows: after the ORM has checked the right to the meeting
billinator_crm/models/crm_team.py
  1 CrmTeam._inverse_billinator_alias: after the ORM has checked the right to the team
  1 CrmTeam.write: likewise
  1 CrmTeam._unlink_except_limiting: only names a rule or a stage that is for the team
  1 CrmTeam.unlink: likewise
  1 CrmTeam._get_alias_sudo: likewise
  1 CrmTeam._get_properties_definitions: of properties, which whoever reads a deal sees
  1 CrmTeam._create_billinator_alias: likewise
  1 CrmTeam._get_assigning_ids: a setting, which shows by what becomes of a deal
  1 CrmTeam._pick_salespeople: likewise
  1 CrmTeam._get_takers: whether members of the team are there; the deal tells who is
  1 CrmTeam._pick_least_busy: counts what members have, to compare
billinator_crm/models/ir_attachment.py
  1 IrAttachment._check_not_signed: only names a quote that has the file
billinator_crm/models/mail_activity.py
  1 MailActivity._get_rows: after the ORM has checked the right to the activity; what
      is read before is only compared with what it changed
billinator_crm/models/mail_mail.py
  2 MailMail._postprocess_sent_message: in the name of who posted the mail on the quote,
      which message_post has checked; the queue is anybody's
billinator_crm/models/mail_message.py
  1 MailMessage.create: the values of what was tracked, as Odoo makes them itself
billinator_crm/models/mail_thread.py
  1 MailThread._let_customers_out: who wrote the message that the gateway has found
  1 MailThread._is_from_ourselves: whether an address is one of ours
billinator_crm/models/res_company.py
  1 ResCompany._create_quote_sequences: after the ORM has checked the right to create
      the company
  1 ResCompany._convert_billinator_amounts: after the ORM has checked the right to
      the company
  1 ResCompany._get_quote_sequence_sudo: whoever may create a quote may number it
  1 ResCompany._draw_quote_numbers: likewise
billinator_crm/models/res_config_settings.py
  1 ResConfigSettings.billinator_idle_days: the administrator's form of settings
  1 ResConfigSettings.billinator_deals_follow_quotes: likewise
  1 ResConfigSettings.billinator_quote_validity_days: likewise
  1 ResConfigSettings.billinator_quote_reminder_days: likewise
  1 ResConfigSettings.billinator_downpayment_account_id: likewise
  1 ResConfigSettings.billinator_online_invoice: likewise
  1 ResConfigSettings.billinator_confirmation_template_id: likewise
  1 ResConfigSettings._inverse_billinator_tz: of the settings, which administrators
      alone save
billinator_crm/models/res_partner.py
  1 ResPartner._get_family: rows follow their people, after the ORM has checked the
      right to whom they hang on
  1 ResPartner._get_contacts: after the ORM has checked the right to the person
  1 ResPartner._sync_contact_rows: likewise
billinator_crm/models/res_partner_figures.py
  1 ResPartner._compute_invoice_figures: by _sum_up_invoices_sudo
  1 ResPartner._compute_overdue_amount: by _sum_up_overdue_sudo
  1 ResPartner._compute_days_to_pay: by _get_payment_days_sudo
  1 ResPartner._compute_sales_history: by _sum_up_invoices_sudo
  1 ResPartner._sum_up_invoices_sudo: sums, of customers whose company the user may
      read, by _filter_readable_companies; the fields' groups keep others out
  1 ResPartner._sum_up_overdue_sudo: likewise
  1 ResPartner._get_payment_days_sudo: likewise
billinator_crm/models/res_partner_reach.py
  1 ResPartner._pass_on_to_deals: after the ORM has checked the right to the customer,
      with whom open deals change
billinator_crm/models/res_users.py
  1 ResUsers._unlink_activities: after check_access("unlink") of the users, with whom
      PostgreSQL would delete the same
  2 ResUsers._filter_accessible: goes down to a colleague's rights, in all of that
      user's companies, to check them, and back to the caller's
  1 ResUsers._get_working_zone: a colleague's time zone
billinator_crm/wizard/base_partner_merge.py
  1 BasePartnerMergeAutomaticWizard._merge_contacts: Odoo's merge has checked the right
      to merge, and moves all that hangs on the partners
  1 BasePartnerMergeAutomaticWizard._move_calendar_events: likewise
  1 BasePartnerMergeAutomaticWizard._find_quotes: likewise
  1 BasePartnerMergeAutomaticWizard._get_judged_quotes: likewise
billinator_crm/wizard/billinator_opportunity_gate.py
  1 BillinatorOpportunityGate.gate_summary: of the stage, which everybody reads
billinator_crm_documents/controllers/portal.py
  1 QuoteDocumentPortal._prepare_quote_page_values: by _get_documents_sudo, of a quote
      that the visitor may see
  1 QuoteDocumentPortal.portal_crm_quote_document: likewise, by _get_quote
billinator_crm_documents/models/billinator_quote.py
  1 BillinatorQuote._get_documents_sudo: after checking that the caller may read the
      quote, of which they are part
  1 BillinatorQuote._compare_documents: by _get_documents_sudo, which checks
  1 BillinatorQuote._get_documents_by_name: likewise
  1 BillinatorQuote._prepare_template_values: by _get_latest_sudo; which of the
      template's documents the quote has not got
  2 BillinatorQuote._get_document_changes: likewise; and of its products'
  1 BillinatorQuote._has_pages: likewise
  1 BillinatorQuote._insert_pages: likewise
  1 BillinatorQuote._prepare_attachments: likewise
billinator_crm_documents/models/billinator_quote_document.py
  1 BillinatorQuoteDocument._unlink_except_used: after the ORM has checked the right to
      delete the documents; of a quote, nothing is told
  1 BillinatorQuoteDocument._keep_for_quotes: by write(), which has checked the right to
      change the documents; quotes that the user may not see show them, too
  1 BillinatorQuoteDocument._get_latest_sudo: of documents of the user's quotes, whose
      own may be another company's by now; is sorted out, and tells no more than that
  1 BillinatorQuoteDocument._get_current: likewise; those of the quote's company come
      back under the caller's rights
  1 BillinatorQuoteDocument._filter_added.is_usual: likewise; only asks whether quotes
      get them by themselves
  1 BillinatorQuoteDocument._filter_fitting: sorts out what is of other companies, and
      gives the rest back under the caller's rights
  1 BillinatorQuoteDocument._get_default_ids: what quotes of a company begin with,
      whoever asks
  1 BillinatorQuoteDocument._get_ids_by_product: likewise, with a product
  1 BillinatorQuoteDocument._get_documented_variants: likewise
billinator_crm_documents/models/product_template.py
  1 ProductTemplate.create: which documents the new products have, to check the right to
      change these under the caller's own
billinator_crm_margin/models/billinator_quote.py
  1 BillinatorQuote.cost_hash: tells no cost, and whoever asks makes no difference
billinator_crm_margin/models/billinator_quote_line.py
  1 BillinatorQuoteLine._fetch_products: what stored fields are computed from, as sudo
      anyway; a product of another company is refused after that
billinator_crm_migration/models/billinator_crm_migration.py
  1 BillinatorCrmMigration._cron_bring_over: goes down to the rights of who started it
billinator_crm_migration/models/billinator_crm_migration_history.py
  1 BillinatorCrmMigration._bring_history: what others have written on leads and
      quotations that the user has just read, on deals and quotes just made of them
billinator_crm_migration/models/billinator_crm_migration_quotes.py
  1 BillinatorCrmMigration._get_order_domain: whether there is an invoice, only
  1 BillinatorCrmMigration._search_begun_orders: whether a payment was begun, only
billinator_crm_migration/models/billinator_opportunity.py
  1 BillinatorOpportunity._merge_documents: the right to change the merged ones was
      checked; remembers what they were brought from
billinator_crm_migration/models/billinator_quote.py
  1 BillinatorQuote._check_not_sold_in_sales: whether it was sold in Sales, only
billinator_crm_recurring/models/billinator_recurring_plan.py
  1 BillinatorRecurringPlan._unlink_except_used: by _find_deal_sudo, after the ORM has
      checked the right to delete the plans
  1 BillinatorRecurringPlan._check_not_closed: likewise, by write(), which has checked
      the right to change them
  1 BillinatorRecurringPlan._find_deal_sudo: also a deal that the user may not see, of
      which only the plan is told
billinator_crm_rest/changes.py
  1 mark_referring: what showed the record that the caller deletes is only marked as
      changed
billinator_crm_rest/dependencies.py
  3 get_user_env: becomes the key's user, after the key was checked; the language is one
      of those installed
  1 remember_call: a row of the user's own, by a key that belongs to the user
  1 ApiRoute.get_route_handler.answer: the row that the call has claimed itself
billinator_crm_rest/dispatcher.py
  1 BillinatorApiDispatcher._answer: which endpoint has the path; the endpoint's own
      user may do nothing, and the key's is checked by get_user_env
billinator_crm_rest/fields.py
  1 Source._create: names of sources only; what else is refused takes them back
billinator_crm_rest/models/billinator_opportunity.py
  1 BillinatorOpportunity._merge_documents: called by the merge, after its check
  1 BillinatorOpportunity._get_stages: for events, whose receivers' rights are checked
billinator_crm_rest/models/billinator_webhook.py
  1 BillinatorWebhook.action_send_test: _resume writes to the webhook before, as the
      user
  1 BillinatorWebhook._get_subscriptions: whom to tell, whoever causes the event
  1 BillinatorWebhook._enqueue: the queue, of what _read_as lets through
  1 BillinatorWebhook._find_told: what the database deletes with a record, to be told to
      those whom _read_as lets see it
  2 BillinatorWebhook._read_as: goes over to the rights of the webhook's user
  1 BillinatorWebhook._is_private_allowed: a setting that counts for everybody
billinator_crm_rest/models/billinator_webhook_delivery.py
  1 BillinatorWebhookDelivery.action_resend: after check_access("read"), and _resume
      writes to the webhooks before, as the user
  1 BillinatorWebhookDelivery._get_cron: whoever queues something wakes the queue up
billinator_crm_rest/resource.py
  1 Resource._read_references: of records that the caller was shown
  1 Resource._represent_written: a record that the user has just written, and was
      allowed to give away
  1 Resource._upsert: after check_create; what is found goes through _get_visible
billinator_crm_rest/routers/quotes.py
  1 get_quote_pdf: of a quote found under the user's rules; the layout needs settings
  2 _answer_with_invoice: which invoice there is, and its figures after the quote's
      action has checked the right to it
billinator_crm_rest/webhook_resources.py
  1 read_names: of records that the receiver's user was let see
billinator_crm_rest/wizard/base_partner_merge.py
  1 BasePartnerMergeAutomaticWizard._get_moving: Odoo's merge has checked the right to
      merge; they are only marked as changed
  1 BasePartnerMergeAutomaticWizard._move_external_references: likewise
billinator_crm_website/controllers/website_form.py
  2 WebsiteForm.insert_attachment: in whose name Odoo's own controller has created the
      deal; files come from anybody who fills in a form
"""


def _read_reasons():
    """Return counts and reasons by path and qualified name."""
    reasons, path = {}, None
    for line in re.sub(r"\n {6}", " ", REASONS).strip().splitlines():
        if not line.startswith("  "):
            path = line
            continue
        count, name, reason = re.fullmatch(r"  (\d+) (\S+): (.+)", line).groups()
        reasons[path, name] = int(count), reason
    return reasons


def test_every_use_of_more_rights_has_its_reason():
    listed = {place: count for place, (count, _reason) in _read_reasons().items()}
    used = dict(find_uses())
    unlisted = [
        f"{path} {name}: {count} instead of {listed.get((path, name), 0)}"
        for (path, name), count in used.items()
        if count > listed.get((path, name), 0)
    ]
    assert not unlisted, (
        "These go past the caller's rights. Is there a check before? Then add the"
        f" reason to {__file__}.\n" + "\n".join(unlisted)
    )
    assert listed == used, "listed, and not there any more"
