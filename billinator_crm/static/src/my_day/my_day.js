import { ACTIVITY_ICONS } from "@billinator_crm/activity_icons";
import {
    Component,
    onMounted,
    onWillStart,
    onWillUnmount,
    status,
    useExternalListener,
    useState,
} from "@odoo/owl";
import { browser } from "@web/core/browser/browser";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { useService } from "@web/core/utils/hooks";
import { useDebounced } from "@web/core/utils/timing";
import { useSetupAction } from "@web/search/action_hook";
import { Layout } from "@web/search/layout";
import { standardActionServiceProps } from "@web/webclient/actions/action_service";
import { MyDayActivity } from "./my_day_activity";

const MODEL = "billinator.activity";
const LIST_ACTION = "billinator_crm.billinator_activity_action";
const REFRESH_DELAY = 300;
const UNDO_DELAY = 8000;
// As long as a double click can take.
const DOUBLE_CLICK_DELAY = 500;
const SECTIONS = [
    { name: "overdue", title: _t("Overdue") },
    { name: "today", title: _t("Today") },
    { name: "upcoming", title: _t("Next 7 Days") },
];
const SCOPES = { mine: _t("Mine"), team: _t("My Team"), everyone: _t("Everyone") };
const SCOPE_FILTERS = { mine: "my_activities", team: "my_team" };
const TYPES = [
    { name: "call", label: _t("Calls"), icon: ACTIVITY_ICONS.call, filter: "calls" },
    { name: "email", label: _t("Emails"), icon: ACTIVITY_ICONS.email, filter: "emails" },
    { name: "meeting", label: _t("Meetings"), icon: ACTIVITY_ICONS.meeting, filter: "meetings" },
    { name: "task", label: _t("Tasks"), icon: ACTIVITY_ICONS.task, filter: "tasks" },
    { name: "note", label: _t("Notes"), icon: ACTIVITY_ICONS.note, filter: "notes" },
];

/** What a salesperson starts the day with: overdue, today, and the seven days after. */
export class MyDay extends Component {
    static template = "billinator_crm.MyDay";
    static components = { Layout, MyDayActivity };
    static props = { ...standardActionServiceProps };

    setup() {
        this.orm = useService("orm");
        this.action = useService("action");
        this.notification = useService("notification");
        this.sections = SECTIONS;
        this.types = TYPES;
        this.lastQuestion = 0;
        this.lastAnswered = 0;
        this.state = useState({
            scope: "mine",
            types: [],
            ...this.props.state?.choice,
            overview: null,
            hasJustMoved: false,
        });
        useSetupAction({ getLocalState: () => ({ choice: this.choice }) });
        this.refresh = useDebounced(() => this.load(), REFRESH_DELAY);
        useExternalListener(window, "focus", this.refresh);
        // The server tells when the user's activities change, wherever that happens.
        const bus = useService("bus_service");
        onMounted(() => bus.subscribe("mail.activity/updated", this.refresh));
        onWillUnmount(() => bus.unsubscribe("mail.activity/updated", this.refresh));
        onWillStart(() => this.load());
    }

    /** Load the day; an answer that a later question overtook is no news. */
    async load() {
        const question = ++this.lastQuestion;
        const { choice } = this;
        let overview;
        try {
            overview = await this.orm.call(MODEL, "get_day_overview", [], choice);
        } catch (error) {
            if (question === this.lastQuestion) {
                // What is chosen goes with what stays in sight.
                this.lastAnswered = question;
                Object.assign(this.state, this.shownChoice);
            }
            throw error;
        }
        if (question > this.lastAnswered) {
            this.lastAnswered = question;
            this.shownChoice = choice;
            this.state.overview = overview;
        }
    }

    get choice() {
        return { scope: this.state.scope, types: [...this.state.types] };
    }

    // === What there is to see === //

    get scopes() {
        return this.state.overview.scopes.map((name) => ({ name, label: SCOPES[name] }));
    }

    get isAllDone() {
        return this.sections.every(({ name }) => !this.getSection(name).total);
    }

    getSection(name) {
        return this.state.overview.sections[name];
    }

    formatCount(count) {
        const limit = this.state.overview.count_limit;
        return count < limit ? `${count}` : _t("%s+", limit);
    }

    isListed(activityId) {
        return this.sections.some(({ name }) =>
            this.getSection(name).activities.some(({ id }) => id === activityId)
        );
    }

    // === What to show === //

    async setScope(scope) {
        this.state.scope = scope;
        await this.load();
    }

    async toggleType(type) {
        const { types } = this.state;
        this.state.types = types.includes(type)
            ? types.filter((name) => name !== type)
            : [...types, type];
        await this.load();
    }

    /** Open the list with what is shown here, by the filters of its search. */
    async openList(period, newWindow) {
        const types = TYPES.filter(({ name }) => this.state.types.includes(name));
        const filters = [
            period,
            SCOPE_FILTERS[this.state.scope],
            ...types.map(({ filter }) => filter),
        ].filter(Boolean);
        const action = await this.action.loadAction(LIST_ACTION);
        // A part of the action, and so it is the same list when the page is reloaded.
        const context = Object.fromEntries(
            filters.map((name) => [`search_default_${name}`, 1])
        );
        return this.action.doAction({ ...action, context }, { newWindow });
    }

    openRecord(model, id, newWindow = false) {
        return this.action.doAction(
            {
                type: "ir.actions.act_window",
                res_model: model,
                res_id: id,
                views: [[false, "form"]],
            },
            { newWindow }
        );
    }

    // === What to do === //

    createActivity() {
        return this.action.doAction("billinator_crm.billinator_activity_action_new", {
            onClose: () => this.load(),
        });
    }

    async complete(activity) {
        await this.runAction(activity, "action_done", () => {
            this.keepSecondClick();
            // The dialog for the outcome may have been left without an answer.
            if (!this.isListed(activity.id)) {
                this.offerUndo(_t("Done: %s", activity.display_name), activity, "action_reopen");
            }
        });
    }

    /** Another row is under the finger now, which a second click does not mean. */
    keepSecondClick() {
        this.state.hasJustMoved = true;
        browser.clearTimeout(this.settling);
        this.settling = browser.setTimeout(() => {
            this.state.hasJustMoved = false;
        }, DOUBLE_CLICK_DELAY);
    }

    async cancel(activity) {
        await this.runAction(activity, "action_cancel", () =>
            this.offerUndo(_t("Cancelled: %s", activity.display_name), activity, "action_reopen")
        );
    }

    async reschedule(activity, dueDate, message) {
        await this.call(activity, "action_reschedule", [dueDate]);
        await this.load();
        this.offerUndo(message, activity, "action_reschedule", [activity.due_date]);
    }

    scheduleNext(activity) {
        return this.runAction(activity, "action_schedule_next");
    }

    /** Log what was said, on what the activity is about. */
    async logNote(model, id) {
        const action = await this.orm.call(model, "action_log_note", [[id]]);
        await this.action.doAction(action);
    }

    call(activity, method, args = []) {
        return this.orm.call(MODEL, method, [[activity.id], ...args]);
    }

    /** Call a method, and open the dialog that it may return. */
    async runAction(activity, method, onDone = () => {}) {
        const finish = async () => {
            await this.load();
            onDone();
        };
        const result = await this.call(activity, method);
        if (result?.type) {
            return this.action.doAction(result, { onClose: finish });
        }
        return finish();
    }

    offerUndo(message, activity, method, args = []) {
        // The notification stays when the user goes on to another page.
        const { orm } = this.env.services;
        const close = this.notification.add(message, {
            type: "success",
            autocloseDelay: UNDO_DELAY,
            buttons: [
                {
                    name: _t("Undo"),
                    onClick: async () => {
                        close();
                        await orm.call(MODEL, method, [[activity.id], ...args]);
                        if (status(this) !== "destroyed") {
                            await this.load();
                        }
                    },
                },
            ],
        });
    }
}

registry.category("actions").add("billinator_crm.my_day", MyDay);
