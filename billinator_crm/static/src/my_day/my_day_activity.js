import { ACTIVITY_ICONS } from "@billinator_crm/activity_icons";
import { Component, useState } from "@odoo/owl";
import { Dropdown } from "@web/core/dropdown/dropdown";
import { DropdownItem } from "@web/core/dropdown/dropdown_item";
import { deserializeDateTime, serializeDateTime } from "@web/core/l10n/dates";
import { _t } from "@web/core/l10n/translation";
import { useService } from "@web/core/utils/hooks";
import { capitalize } from "@web/core/utils/strings";
import { RescheduleDialog } from "./reschedule_dialog";

const { DateTime } = luxon;
const DAY = { weekday: "short", day: "numeric", month: "short" };
const PRIORITIES = {
    high: { label: _t("High"), class: "text-bg-warning" },
    urgent: { label: _t("Urgent"), class: "text-bg-danger" },
};

/** One activity of the day, with what can be done with it in a click. */
export class MyDayActivity extends Component {
    static template = "billinator_crm.MyDayActivity";
    static components = { Dropdown, DropdownItem };
    static props = {
        activity: Object,
        hasJustMoved: Boolean,
        showsAssignee: Boolean,
        openRecord: Function,
        complete: Function,
        cancel: Function,
        reschedule: Function,
        scheduleNext: Function,
        logNote: Function,
    };

    setup() {
        this.dialog = useService("dialog");
        this.state = useState({ isBusy: false });
    }

    // === What it tells === //

    get activity() {
        return this.props.activity;
    }

    get icon() {
        return this.activity.icon || ACTIVITY_ICONS[this.activity.type];
    }

    get priority() {
        return PRIORITIES[this.activity.priority];
    }

    get document() {
        const { quote_id: quote, opportunity_id: opportunity } = this.activity;
        if (quote) {
            return { model: "billinator.quote", path: "quotes", ...quote };
        }
        if (opportunity) {
            return { model: "billinator.opportunity", path: "opportunities", ...opportunity };
        }
        return null;
    }

    /** The person's name, unless the customer's tells it already. */
    get personName() {
        const { person, partner_id: customer } = this.activity;
        return customer.display_name.includes(person.name) ? "" : person.name;
    }

    /** In the browser's zone, as is every time in Odoo's client. */
    get now() {
        return DateTime.now();
    }

    get dueDate() {
        return deserializeDateTime(this.activity.due_date);
    }

    get daysAhead() {
        return this.dueDate.startOf("day").diff(this.now.startOf("day"), "days").days;
    }

    get dueText() {
        const { is_day: isDay } = this.activity;
        const time = this.dueDate.toLocaleString(DateTime.TIME_SIMPLE);
        if (this.daysAhead === 0 && !isDay) {
            return time;
        }
        if (this.daysAhead > 1) {
            return isDay ? this.dueDate.toLocaleString(DAY) : this.formatMoment(this.dueDate);
        }
        const base = this.now;
        const day = capitalize(this.dueDate.toRelativeCalendar({ base, unit: "days" }));
        return this.daysAhead < 0 || isDay ? day : `${day}, ${time}`;
    }

    formatMoment(date) {
        return date.toLocaleString({ ...DAY, hour: "numeric", minute: "2-digit" });
    }

    get dueTitle() {
        return this.dueDate.toLocaleString(
            this.activity.is_day
                ? DateTime.DATE_MED_WITH_WEEKDAY
                : DateTime.DATETIME_MED_WITH_WEEKDAY
        );
    }

    get dueClass() {
        if (this.daysAhead < 0) {
            return "text-danger";
        }
        const isLate = this.dueDate < this.now && !this.activity.is_day;
        return isLate ? "text-warning" : "text-muted";
    }

    /** The times to move it to; but for the first, its time of day stays. */
    get proposals() {
        const { hour, minute } = this.dueDate;
        const today = this.now.set({ hour, minute, second: 0, millisecond: 0 });
        return [
            { label: _t("In an hour"), date: this.now.plus({ hours: 1 }).startOf("minute") },
            { label: _t("Tomorrow"), date: today.plus({ days: 1 }) },
            { label: _t("Next week"), date: today.plus({ weeks: 1 }) },
        ].map((proposal) => ({ ...proposal, text: this.formatMoment(proposal.date) }));
    }

    // === What can be done with it === //

    /** Do one thing at a time: a second click is not a second order. */
    async run(work) {
        if (this.state.isBusy) {
            return;
        }
        this.state.isBusy = true;
        try {
            await work();
        } finally {
            this.state.isBusy = false;
        }
    }

    complete() {
        return this.run(() => this.props.complete(this.activity));
    }

    cancel() {
        return this.run(() => this.props.cancel(this.activity));
    }

    scheduleNext() {
        return this.run(() => this.props.scheduleNext(this.activity));
    }

    logNote() {
        const { model, id } = this.document || {
            model: "res.partner",
            id: this.activity.partner_id.id,
        };
        return this.run(() => this.props.logNote(model, id));
    }

    reschedule(date) {
        const message = _t("Moved to %s", this.formatMoment(date));
        return this.run(() =>
            this.props.reschedule(this.activity, serializeDateTime(date), message)
        );
    }

    pickDate() {
        this.dialog.add(RescheduleDialog, {
            date: this.dueDate,
            reschedule: (date) => this.reschedule(date),
        });
    }
}
