import re

from markupsafe import Markup

from odoo import api, models
from odoo.fields import Command, Domain
from odoo.tools import SQL, split_every

from .billinator_crm_migration_deals import QUIETLY

# Where texts show their files.
FILE_URL = re.compile(r"(/web/(?:image|content)/)(\d+)")
# Odoo reads what it copies, and files may be large.
FILES_AT_ONCE = 10
# What a copy of a message says as the message does.
OF_MESSAGE = (
    *("date", "email_from", "incoming_email_cc", "incoming_email_to", "is_internal"),
    *("message_id", "message_type", "outgoing_email_to", "reply_to", "subject"),
)
OF_MESSAGE_RECORDS = ("author_guest_id", "author_id", "mail_activity_type_id")


class BillinatorCrmMigration(models.Model):
    """What hangs on leads and quotations: messages, files, followers, activities.

    Messages and files are copied, so that Odoo's side stays as it was. What is to be
    done, and meetings, are moved: nobody should be reminded of them twice.
    """

    _inherit = "billinator.crm.migration"

    def _bring_history(self, origins, targets):
        """Bring what hangs on records over to what they became.

        :param origins: leads or quotations that the user may read
        :param targets: the deals or quotes that the user has just made of them
        """
        # As sudo: what others have written there, who follows, and what somebody else
        # is to do, comes along as it is.
        history_sudo = self.sudo().with_context(**QUIETLY)
        origins, targets = (
            records.with_env(history_sudo.env) for records in (origins, targets)
        )
        new_ids = dict(zip(origins.ids, targets.ids, strict=True))
        messages = history_sudo._get_messages(origins)
        files = history_sudo._copy_files(origins, messages, targets, new_ids)
        history_sudo._copy_messages(messages, targets, new_ids, files)
        if targets._name == "billinator.opportunity":
            history_sudo._tell_losses(origins, targets)
        history_sudo._copy_followers(origins._name, targets._name, new_ids)
        history_sudo._move_activities(origins._name, targets._name, new_ids)

    # === Files === #

    def _copy_files(self, origins, messages, targets, new_ids):
        """Copy the files of records, and of their messages; the contents are shared.

        :return: dict of ids of copies by ids of an attachment and the target
        """
        attachments = self.env["ir.attachment"].search(
            Domain("res_model", "=", origins._name)
            & Domain("res_id", "in", origins.ids),
            order="id",
        )
        pairs = {(one, new_ids[one.res_id]) for one in attachments}
        pairs |= {
            (one, new_ids[message.res_id])
            for message in messages
            for one in message.attachment_ids
        }
        files = {}
        pairs = sorted(pairs, key=lambda pair: (pair[0].id, pair[1]))
        for some in split_every(FILES_AT_ONCE, pairs):
            vals_list = [
                one.copy_data({"res_model": targets._name, "res_id": target_id})[0]
                for one, target_id in some
            ]
            copies = attachments.create(vals_list)
            keys = [(one.id, target_id) for one, target_id in some]
            files.update(zip(keys, copies.ids, strict=True))
            # Their contents, which copying has read.
            self.env["ir.attachment"].invalidate_model(["raw", "datas"])
        if files and "description" in targets._fields:
            self._point_to_copies(targets, files)
        return files

    @api.model
    def _point_to_copies(self, targets, files):
        """Let texts of deals show the deals' own files."""
        for target in targets:
            text = self._show_copies(target.description, target.id, files)
            if text != target.description:
                target.description = text

    @api.model
    def _show_copies(self, text, target_id, files):
        """Return a text that shows the copies of the files that it shows."""

        def replace(match):
            start, number = match.groups()
            return f"{start}{files.get((int(number), target_id), number)}"

        return text and Markup(FILE_URL.sub(replace, text))

    # === Messages === #

    @api.model
    def _get_messages(self, records):
        """Return what was said about records, the oldest first."""
        return self.env["mail.message"].search(
            Domain("model", "=", records._name)
            & Domain("res_id", "in", records.ids)
            & Domain("message_type", "!=", "user_notification"),
            order="id",
        )

    def _copy_messages(self, messages, targets, new_ids, files):
        """Copy the chatter, with what was tracked; stages stay changes of stage."""
        changes = self._get_changes(messages, targets._name)
        copies = self.env["mail.message"].create(
            [
                {
                    **self._prepare_message_values(message, targets, new_ids, files),
                    **self._prepare_change_values(message, changes, new_ids, files),
                }
                for message in messages
            ]
        )
        self._date_changes(copies)

    def _prepare_message_values(self, message, targets, new_ids, files):
        target_id = new_ids[message.res_id]
        # Odoo's CRM takes its own subtypes along when it is uninstalled.
        is_theirs = message.subtype_id.res_model
        return {
            **{name: message[name] for name in OF_MESSAGE},
            **{name: message[name].id for name in OF_MESSAGE_RECORDS},
            "attachment_ids": [
                Command.set(
                    [files[one.id, target_id] for one in message.attachment_ids]
                )
            ],
            "model": targets._name,
            "res_id": target_id,
            "subtype_id": self._get_note_id() if is_theirs else message.subtype_id.id,
        }

    @api.model
    def _get_note_id(self):
        return self.env["ir.model.data"]._xmlid_to_res_id("mail.mt_note")

    def _get_changes(self, messages, model):
        """Return what messages tell of changes: commands and texts, by message.

        Changes of stage are those of our stages, for our history and forecast.
        """
        trackings = messages.tracking_value_ids
        stages = self._get_stages_by_origin() if "stage_id" in self.env[model] else {}
        own_field = self.env["ir.model.fields"]._get(model, "stage_id")
        formatted = {one["id"]: one for one in trackings._tracking_value_format()}
        changes = {message: ([], []) for message in messages}
        for tracking in trackings:
            commands, texts = changes[tracking.mail_message_id]
            old, new = (
                stages.get(tracking[f"{age}_value_integer"]) for age in ("old", "new")
            )
            is_move = tracking.field_id.name == "stage_id" and old and new
            # Several of their stages may be one of ours.
            if is_move and old != new:
                commands.append(self._prepare_stage_change(own_field, old, new))
            else:
                texts.append(self._describe_change(formatted[tracking.id]))
        return changes

    @api.model
    def _prepare_stage_change(self, field, old, new):
        return Command.create(
            {
                "field_id": field.id,
                "old_value_integer": old.id,
                "old_value_char": old.display_name,
                "new_value_integer": new.id,
                "new_value_char": new.display_name,
            }
        )

    def _describe_change(self, change):
        """Return what was tracked as a text, as its field is gone with Odoo's CRM."""
        none = self.env._("None")
        values = [
            none if change[name] in (None, False, "") else change[name]
            for name in ("oldValue", "newValue")
        ]
        return self.env._(
            "%(field)s: %(old)s → %(new)s",
            field=change["fieldInfo"]["changedField"],
            old=values[0],
            new=values[1],
        )

    def _prepare_change_values(self, message, changes, new_ids, files):
        """Return the body of a copy, and what of its changes is no text."""
        commands, texts = changes[message]
        target_id = new_ids[message.res_id]
        body = self._show_copies(message.body, target_id, files) or Markup()
        return {
            "body": body + self._as_list(texts),
            **({"tracking_value_ids": commands} if commands else {}),
        }

    def _tell_losses(self, leads, deals):
        """Tell of a loss as of a change of stage, which it is none of in Odoo's CRM."""
        field = self.env["ir.model.fields"]._get(deals._name, "stage_id")
        lost = deals.filtered(
            lambda deal: deal.status == "lost" and deal.last_open_stage_id
        )
        messages = self.env["mail.message"].create(
            [
                {
                    "author_id": deal.user_id.partner_id.id,
                    "date": deal.date_closed,
                    "email_from": deal.user_id.email_formatted,
                    "message_type": "notification",
                    "model": deal._name,
                    "reply_to": deal.user_id.email_formatted,
                    "res_id": deal.id,
                    "subtype_id": self._get_note_id(),
                    "tracking_value_ids": [
                        self._prepare_stage_change(
                            field, deal.last_open_stage_id, deal.stage_id
                        )
                    ],
                }
                for deal in lost
            ]
        )
        self._date_changes(messages)

    @api.model
    def _date_changes(self, messages):
        """Let changes be as old as their messages: the time in each stage is of them.

        By SQL, as the ORM lets nobody choose when something was created.
        """
        self.env.flush_all()
        self.env.cr.execute(
            SQL(
                """
                UPDATE mail_tracking_value change
                   SET create_date = message.date
                  FROM mail_message message
                 WHERE message.id = change.mail_message_id
                   AND message.id = ANY(%s)
                """,
                messages.ids,
            )
        )
        self.env["mail.tracking.value"].invalidate_model(["create_date"])

    @api.model
    def _as_list(self, lines):
        """Return lines of text as HTML."""
        items = Markup().join(Markup("<li>%s</li>") % line for line in lines)
        return items and Markup("<ul>%s</ul>") % items

    # === Followers === #

    @api.model
    def _copy_followers(self, model, target_model, new_ids):
        followers = self.env["mail.followers"].search(
            Domain("res_model", "=", model) & Domain("res_id", "in", list(new_ids))
        )
        self.env["mail.followers"].create(
            [
                {
                    "partner_id": follower.partner_id.id,
                    "res_id": new_ids[follower.res_id],
                    "res_model": target_model,
                    "subtype_ids": [
                        Command.set(
                            follower.subtype_ids.filtered(
                                lambda subtype: not subtype.res_model
                            ).ids
                        )
                    ],
                }
                for follower in followers
            ]
        )

    # === Activities and meetings === #

    def _move_activities(self, model, target_model, new_ids):
        """Move activities, and what the calendar says of the records.

        By SQL: each of them goes to another record, and neither its people nor its
        time change, so that nobody has to be told.
        """
        of_record = SQL("moved.res_model = %s AND moved.res_id = origin_id", model)
        activities = self.env["mail.activity"].with_context(active_test=False)
        activities = activities.search(
            Domain("res_model", "=", model) & Domain("res_id", "in", list(new_ids))
        )
        # With their model, Odoo deletes the types that are for it alone.
        kinds = activities.activity_type_id
        kinds.filtered(lambda kind: kind.res_model == model).res_model = False
        self._move_rows("mail_activity", of_record, target_model, new_ids)
        if model == "crm.lead":
            of_record = SQL(
                "(%s OR moved.res_model IS NULL AND moved.opportunity_id = origin_id)",
                of_record,
            )
        self._move_rows("calendar_event", of_record, target_model, new_ids)
        self.env.invalidate_all()
        activities.modified(["res_id", "res_model_id"])
        self.env["billinator.activity"]._create_rows(activities)
        self._keep_completions(activities)

    @api.model
    def _keep_completions(self, activities):
        """Keep when activities were done before, and by whom.

        By SQL, as what is said by the ORM is said of now.
        """
        self.env.flush_all()
        self.env.cr.execute(
            SQL(
                """
                UPDATE billinator_activity done
                   SET completed_at = COALESCE(native.date_done, native.write_date),
                       completed_by = COALESCE(native.write_uid, native.user_id)
                  FROM mail_activity native
                 WHERE native.id = done.activity_id AND NOT native.active
                   AND native.id = ANY(%s)
                """,
                activities.ids,
            )
        )
        self.env["billinator.activity"].invalidate_model(
            ["completed_at", "completed_by"]
        )

    def _move_rows(self, table, of_record, target_model, new_ids):
        """Let rows of a table say that they are about the new records."""
        self.env.flush_all()
        self.env.cr.execute(
            SQL(
                """
                UPDATE %(table)s moved
                   SET res_model_id = %(model_id)s,
                       res_model = %(model)s,
                       res_id = target_id
                  FROM unnest(%(origins)s, %(targets)s)
                       AS origin (origin_id, target_id)
                 WHERE %(of_record)s
                """,
                table=SQL.identifier(table),
                model_id=self.env["ir.model"]._get_id(target_model),
                model=target_model,
                origins=list(new_ids),
                targets=list(new_ids.values()),
                of_record=of_record,
            )
        )
