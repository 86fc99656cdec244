import { ACTIVITY_ICONS } from "@billinator_crm/activity_icons";
import { getFailureText } from "@billinator_crm/errors/failure_text";
import { _t } from "@web/core/l10n/translation";
import {
    deserializeDate,
    deserializeDateTime,
    toLocaleDateString,
    toLocaleDateTimeString,
} from "@web/core/l10n/dates";
import { registry } from "@web/core/registry";
import { RecordSelector } from "@web/core/record_selectors/record_selector";
import { user } from "@web/core/user";
import { KeepLast } from "@web/core/utils/concurrency";
import { useService } from "@web/core/utils/hooks";
import { capitalize } from "@web/core/utils/strings";
import { useRecordObserver } from "@web/model/relational_model/utils";
import { FormViewDialog } from "@web/views/view_dialogs/form_view_dialog";
import { standardWidgetProps } from "@web/views/widgets/standard_widget_props";

import { Component, onWillStart, useEffect, useRef, useState } from "@odoo/owl";

const { DateTime } = luxon;

const PAGE = 40;
const MAX_PAGE = 500;

export const KINDS = {
    note: { label: _t("Notes"), icon: "fa-sticky-note-o" },
    activity: { label: _t("Activities"), icon: "fa-check-circle-o" },
    message: { label: _t("Messages"), icon: "fa-comment-o" },
    stage: { label: _t("Stages"), icon: "fa-flag-o" },
    quote: { label: _t("Quotes"), icon: "fa-file-text-o" },
    opportunity: { label: _t("Opportunities"), icon: "fa-handshake-o" },
    invoice: { label: _t("Invoices"), icon: "fa-money" },
    payment: { label: _t("Payments"), icon: "fa-credit-card" },
    meeting: { label: _t("Meetings"), icon: "fa-calendar" },
};
const TYPE_ICONS = {
    ...ACTIVITY_ICONS,
    email_outgoing: ACTIVITY_ICONS.email,
};
const STATE_COLORS = {
    done: "success",
    won: "success",
    paid: "success",
    in_payment: "success",
    lost: "danger",
    cancel: "secondary",
    cancelled: "secondary",
    draft: "info",
    pending: "warning",
    not_paid: "warning",
    partial: "warning",
};
// The field of the timeline that names a document of each model.
const DOCUMENT_FIELDS = {
    "res.partner": "partner_id",
    "billinator.opportunity": "opportunity_id",
    "billinator.quote": "quote_id",
};

/** What happened with the customer of a record, or with the record alone. */
export class Timeline extends Component {
    static template = "billinator_crm.Timeline";
    static components = { RecordSelector };
    static props = { ...standardWidgetProps };

    setup() {
        this.action = useService("action");
        this.dialog = useService("dialog");
        this.orm = useService("orm");
        this.ui = useService("ui");
        this.keepLast = new KeepLast();
        this.sentinel = useRef("sentinel");
        this.state = useState({
            events: [],
            next: false,
            isLoading: true,
            error: false,
            kinds: [],
            userId: false,
            isWholeCustomer: false,
            canLog: false,
            canSchedule: false,
            canReadInvoices: false,
        });
        onWillStart(async () => {
            [this.state.canLog, this.state.canSchedule, this.state.canReadInvoices] =
                await Promise.all([
                    user.checkAccessRight("billinator.note", "create"),
                    user.checkAccessRight("billinator.activity", "create"),
                    user.checkAccessRight("account.move", "read"),
                ]);
        });
        // Runs first when the timeline opens, and again when the record was saved,
        // reloaded or replaced by another one: its data are new objects then. One that
        // replaces another comes here before it is in `this.props`.
        useRecordObserver((record, props) => {
            this.record = props.record;
            const document = `${record.resModel},${record.resId}`;
            if (record.data && document !== this.document) {
                this.document = document;
                this.clear();
            }
            this.load();
        });
        // Observed anew after each page, for an end that stays in view is not told again.
        useEffect(
            (sentinel, isLoading) => this.loadMoreWhenVisible(isLoading ? null : sentinel),
            () => [this.sentinel.el, this.state.isLoading]
        );
    }

    // Where the events come from

    /** Those kinds of events that the user may see any of. */
    get kinds() {
        const { invoice, payment, ...kinds } = KINDS;
        return this.state.canReadInvoices ? KINDS : kinds;
    }

    get customerId() {
        return this.record.resModel === "res.partner"
            ? this.record.resId
            : this.record.data.partner_id?.id;
    }

    get hasScopes() {
        return this.record.resModel !== "res.partner" && Boolean(this.customerId);
    }

    get scope() {
        return this.hasScopes && this.state.isWholeCustomer
            ? { partner_id: this.customerId }
            : { [DOCUMENT_FIELDS[this.record.resModel]]: this.record.resId };
    }

    get isFiltered() {
        return Boolean(this.state.kinds.length || this.state.userId);
    }

    async fetch(options) {
        return this.keepLast.add(
            this.orm.silent.call("billinator.timeline", "get_timeline", [], {
                ...this.scope,
                kinds: this.state.kinds,
                user_id: this.state.userId,
                ...options,
            })
        );
    }

    clear() {
        Object.assign(this.state, { events: [], next: false });
    }

    /** Read the newest events again, as many as there are. */
    async load() {
        if (!this.record.resId) {
            // What is still to come is about the record before.
            this.keepLast.add(Promise.resolve());
            this.clear();
            this.state.isLoading = false;
            return;
        }
        const limit = Math.min(Math.max(PAGE, this.state.events.length), MAX_PAGE);
        await this.show(this.fetch({ limit }), () => []);
    }

    /** Read the next page; after one that failed, only who tries again gets it. */
    async loadMore() {
        const { next, isLoading, error } = this.state;
        if (next && !isLoading && !error) {
            const page = this.fetch({ before: next, limit: PAGE });
            await this.show(page, () => this.state.events);
        }
    }

    /** Show a page below the events that are there before it. */
    async show(fetching, getEventsBefore) {
        Object.assign(this.state, { isLoading: true, error: false });
        try {
            const page = await fetching;
            this.state.events = [...getEventsBefore(), ...page.events];
            this.state.next = page.next;
        } catch (error) {
            this.state.error = getFailureText(error);
        } finally {
            this.state.isLoading = false;
        }
    }

    loadMoreWhenVisible(sentinel) {
        if (!sentinel) {
            return;
        }
        const observer = new IntersectionObserver((entries) => {
            if (entries.some((entry) => entry.isIntersecting)) {
                this.loadMore();
            }
        });
        observer.observe(sentinel);
        return () => observer.disconnect();
    }

    // Filters

    restart() {
        this.clear();
        return this.load();
    }

    toggleKind(kind) {
        const kinds = new Set(this.state.kinds);
        if (!kinds.delete(kind)) {
            kinds.add(kind);
        }
        this.state.kinds = [...kinds];
        return this.restart();
    }

    choosePerson(userId) {
        this.state.userId = userId || false;
        return this.restart();
    }

    toggleScope() {
        this.state.isWholeCustomer = !this.state.isWholeCustomer;
        return this.restart();
    }

    clearFilters() {
        Object.assign(this.state, { kinds: [], userId: false });
        return this.restart();
    }

    // What is shown

    getDate(event) {
        return event.is_day
            ? deserializeDate(event.date.slice(0, 10))
            : deserializeDateTime(event.date);
    }

    /** The events by day, those to come first. */
    get groups() {
        const groups = new Map();
        const now = DateTime.now();
        for (const event of this.state.events) {
            const date = this.getDate(event);
            const key = date > now ? "planned" : date.toISODate();
            if (!groups.has(key)) {
                const title = key === "planned" ? _t("Planned") : this.getDay(date);
                groups.set(key, { key, title, events: [] });
            }
            groups.get(key).events.push(event);
        }
        // The server knows whole days as UTC's, and sorts them among the moments of
        // another day where the user is. Letters come before digits here.
        return [...groups.values()].sort((a, b) => (a.key < b.key ? 1 : -1));
    }

    getDay(date) {
        const daysAgo = DateTime.now().startOf("day").diff(date.startOf("day"), "days").days;
        const exact = date.toLocaleString(DateTime.DATE_FULL);
        const relative = date.toRelativeCalendar({ unit: "days" });
        return daysAgo < 2 ? `${capitalize(relative)}, ${exact}` : exact;
    }

    getRelativeDate(event) {
        const date = this.getDate(event);
        return event.is_day ? date.toRelativeCalendar({ unit: "days" }) : date.toRelative();
    }

    getExactDate(event) {
        const date = this.getDate(event);
        return event.is_day
            ? toLocaleDateString(date)
            : toLocaleDateTimeString(date, { showSeconds: false });
    }

    getIcon(event) {
        return TYPE_ICONS[event.type] || KINDS[event.kind].icon;
    }

    getLabel(event) {
        return event.type_label || event.kind_label;
    }

    /** The state, of events that do not say it as a change from one to another. */
    getState(event) {
        if (event.kind === "invoice" && event.state === "posted") {
            return { name: event.payment_state, label: event.payment_state_label };
        }
        const isSaid = ["stage", "opportunity", "quote"].includes(event.kind);
        return { name: event.state, label: !isSaid && event.state_label };
    }

    getStateColor(event) {
        return STATE_COLORS[this.getState(event).name] || "secondary";
    }

    /** As in all of Odoo, what was due today is late from tomorrow on. */
    isOverdue(event) {
        return event.state === "pending" && this.getDate(event) < DateTime.now().startOf("day");
    }

    isChange(event) {
        return ["stage", "quote"].includes(event.kind) && event.new_value;
    }

    getPerson(event) {
        return (event.user_id || event.author_id || [])[1];
    }

    /** The deal or quote of an event that is not about it already. */
    getDocument(event) {
        const names = { opportunity: "opportunity_id", quote: "quote_id" };
        const own = { "billinator.opportunity": "opportunity", "billinator.quote": "quote" };
        const [name] = Object.keys(names).filter(
            (name) =>
                event[names[name]] &&
                event[names[name]][1] !== event.title &&
                own[this.record.resModel] !== name
        );
        return name && event[names[name]][1];
    }

    isHere(event) {
        return event.res_model === this.record.resModel && event.res_id === this.record.resId;
    }

    // Actions

    getUrl(event) {
        return `/odoo/${event.res_model}/${event.res_id}`;
    }

    /** A link by itself does nothing on the space bar. */
    onEventKeydown(ev, event) {
        if (ev.key === " ") {
            ev.preventDefault();
            return this.open(event);
        }
    }

    open(event, newWindow = false) {
        return this.action.doAction(
            {
                type: "ir.actions.act_window",
                res_model: event.res_model,
                res_id: event.res_id,
                views: [[false, "form"]],
            },
            { newWindow }
        );
    }

    async log(type) {
        const { resModel, resId } = this.record;
        const action = await this.orm.call(resModel, "action_log_note", [[resId], type]);
        await this.action.doAction(action, { onClose: () => this.load() });
    }

    schedule() {
        const { resModel, resId, data } = this.record;
        const field = DOCUMENT_FIELDS[resModel];
        this.dialog.add(FormViewDialog, {
            resModel: "billinator.activity",
            title: _t("Schedule an Activity"),
            size: "lg",
            context: {
                default_partner_id: this.customerId,
                default_opportunity_id: data.opportunity_id?.id,
                [`default_${field}`]: resId,
                form_view_ref: "billinator_crm.billinator_activity_view_form_popup",
            },
            onRecordSaved: () => this.load(),
        });
    }
}

export const timeline = { component: Timeline };

registry.category("view_widgets").add("billinator_timeline", timeline);
