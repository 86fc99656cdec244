from collections import Counter, defaultdict
from itertools import chain

from odoo import models
from odoo.tools import SQL

# Who would be told of more at once, as by a job after a long pause, is told of none.
MANY_EVENTS = 50


class BillinatorFollowedMixin(models.AbstractModel):
    """Tells followers of a document, or of its team, of the events they have chosen.

    An event is a ``mail.message.subtype`` of the document's. That of the team has it as
    its parent, but no ``relation_field``: by that, Odoo would have the team's followers
    follow every new document, one after another. Here one query finds who is to be
    told when something has happened, and all that nobody waits for is logged as it was.
    """

    _name = "billinator.followed.mixin"
    _description = "Document with Events to Follow"
    _inherit = ["billinator.batch.tracking.mixin"]

    def _get_event(self, initial_values):
        """Return the event that the document's changes are, or None.

        :param dict initial_values: what changed, with the values before
        :return: the name of a subtype's xml id, without the addon
        """
        self.ensure_one()
        return None

    def _log_changes(self, values_list, initial_values, tracking):
        """Post the changes that somebody waits for, and log the others."""
        events = self._get_event_subtypes(initial_values, tracking)
        listeners = self._get_listeners(events) if events else {}
        counts = Counter(chain.from_iterable(listeners.values()))
        flooded = {partner for partner, count in counts.items() if count > MANY_EVENTS}
        logged, posted = [], []
        for values in values_list:
            told = listeners.get(values["res_id"], set())
            told -= {values["author_id"]} | flooded
            (posted if told else logged).append(values)
        documents = self
        if len(posted) > 1:
            # They leave by the queue, and who has changed the documents does not wait.
            documents = self.with_context(mail_notify_force_send=False)
        for values in posted:
            document = documents.browse(values["res_id"])
            document._post_event(values, events[document.id], listeners[document.id])
        return super()._log_changes(logged, initial_values, tracking)

    def _get_event_subtypes(self, initial_values, tracking):
        """Return the id of the subtype of what happened, by the document's id."""
        # Imports tell nobody of what they change, row by row.
        if self.env.context.get("import_file"):
            return {}
        subtypes = {}
        get_id = self.env["ir.model.data"]._xmlid_to_res_id
        for document in self:
            changed, _values = tracking.get(document.id, (None, None))
            former = initial_values[document.id]
            event = document._get_event({name: former[name] for name in changed or ()})
            # An administrator may have deleted it.
            subtype_id = event and get_id(
                f"billinator_crm.{event}", raise_if_not_found=False
            )
            if subtype_id:
                subtypes[document.id] = subtype_id
        return subtypes

    def _get_listeners(self, subtypes):
        """Return who waits for what happened, by the document's id.

        :param dict subtypes: what happened, by the document's id
        :return: dict of sets of ids of ``res.partner``
        """
        documents = self.browse(subtypes)
        listeners = defaultdict(set)
        by_team = defaultdict(self.browse)
        for model, res_id, event_id, partners in documents._read_followers(subtypes):
            if model == self._name:
                if subtypes[res_id] == event_id:
                    listeners[res_id].update(partners.ids)
                continue
            told = documents.filtered(
                lambda document, team_id=res_id, event_id=event_id: (
                    document.team_id.id == team_id and subtypes[document.id] == event_id
                )
            )
            for partner in partners:
                by_team[partner] |= told
        for partner, told in by_team.items():
            for document in told._filter_readable_to(partner):
                listeners[document.id].add(partner.id)
        return listeners

    def _read_followers(self, subtypes):
        """Yield the colleagues who follow the documents or their teams.

        :return: model, id, id of what happened and ``res.partner``, one after another
        """
        self.env["mail.followers"].flush_model()
        self.env["mail.message.subtype"].flush_model(["parent_id"])
        # By SQL: it is asked at each change of a stage, and nearly always finds nobody.
        # To understand a domain takes longer than the query itself.
        rows = self.env.execute_query(
            SQL(
                """
                SELECT follower.res_model, follower.res_id, event_id,
                       ARRAY_AGG(follower.partner_id)
                  FROM mail_followers follower
                  JOIN mail_followers_mail_message_subtype_rel
                       ON mail_followers_id = follower.id
                  JOIN mail_message_subtype subtype
                       ON subtype.id = mail_message_subtype_id
                 CROSS JOIN LATERAL (
                       SELECT CASE follower.res_model
                              WHEN 'crm.team' THEN subtype.parent_id
                              ELSE subtype.id END AS event_id) event
                 WHERE (follower.res_model = %s AND follower.res_id = ANY(%s)
                     OR follower.res_model = 'crm.team' AND follower.res_id = ANY(%s))
                   AND event_id = ANY(%s)
                 GROUP BY 1, 2, 3
                """,
                self._name,
                self.ids,
                self.team_id.ids,
                list(set(subtypes.values())),
            )
        )
        # As sudo: what others follow is nobody's to read, and is not shown.
        partners_sudo = self.env["res.partner"].sudo()
        for model, res_id, event_id, partner_ids in rows:
            colleagues = partners_sudo.browse(partner_ids).filtered(
                lambda partner: partner.active and not partner.partner_share
            )
            yield model, res_id, event_id, colleagues

    def _filter_readable_to(self, partner):
        """Return those of the documents that a colleague may read."""
        user = partner.user_ids.filtered(lambda user: not user.share)[:1]
        return user._filter_accessible(self) if user else self.browse()

    def _post_event(self, values, subtype_id, partner_ids):
        """Post one message, to followers of the document and of its team alike."""
        # As sudo: as all that is tracked, see _log_changes.
        self.sudo().message_post(
            author_id=values["author_id"],
            body=values["body"],
            email_from=values["email_from"],
            is_internal=True,
            # They are among these already, but for whom it would be too much.
            notify_skip_followers=True,
            partner_ids=list(partner_ids),
            subtype_id=subtype_id,
            tracking_value_ids=values["tracking_value_ids"],
        )
