import { getFailureText } from "@billinator_crm/errors/failure_text";
import { Component, onMounted, useState } from "@odoo/owl";
import { router } from "@web/core/browser/router";
import { browser } from "@web/core/browser/browser";
import { Dropdown } from "@web/core/dropdown/dropdown";
import { CheckboxItem } from "@web/core/dropdown/checkbox_item";
import { DateTimeInput } from "@web/core/datetime/datetime_input";
import { deserializeDate, formatDate, serializeDate } from "@web/core/l10n/dates";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { KeepLast } from "@web/core/utils/concurrency";
import { useService } from "@web/core/utils/hooks";
import { Layout } from "@web/search/layout";
import { formatFloat, formatMonetary } from "@web/views/fields/formatters";
import { standardActionServiceProps } from "@web/webclient/actions/action_service";
import { DashboardBars } from "./dashboard_bars";
import { DashboardMonths } from "./dashboard_months";

const PATH = "crm-dashboard";
const STORAGE_KEY = "billinator_crm.dashboard.filters";
const PERIODS = {
    month: _t("This month"),
    quarter: _t("This quarter"),
    year: _t("This year"),
    last_30_days: _t("Last 30 days"),
    custom: _t("Other dates"),
};
const ACTIVITY_KINDS = { done: _t("Done"), planned: _t("Planned"), overdue: _t("Late") };
const CHOICES = [
    { key: "company_ids", name: "companies", label: _t("Companies") },
    { key: "team_ids", name: "teams", label: _t("Teams") },
    { key: "user_ids", name: "users", label: _t("People") },
];
const FILTER_KEYS = ["period", "date_from", "date_to", ...CHOICES.map(({ key }) => key)];
const ACTIONS = {
    "billinator.opportunity": "billinator_crm.billinator_opportunity_action_dashboard",
    "billinator.quote": "billinator_crm.billinator_quote_action_dashboard",
    "billinator.activity": "billinator_crm.billinator_activity_action_dashboard",
    "billinator.target": "billinator_crm.billinator_target_action_dashboard",
};

/** Read the filters of a URL's query, where ids are joined by commas. */
function parseFilters(query) {
    const filters = {};
    for (const key of FILTER_KEYS.filter((name) => query[name])) {
        const text = String(query[key]);
        filters[key] = key.endsWith("_ids") ? text.split(",").map(Number) : text;
    }
    return filters;
}

/** The figures of the pipeline and of a period; each opens the list behind it. */
export class Dashboard extends Component {
    static template = "billinator_crm.Dashboard";
    static components = {
        CheckboxItem,
        DashboardBars,
        DashboardMonths,
        DateTimeInput,
        Dropdown,
        Layout,
    };
    static props = { ...standardActionServiceProps };

    setup() {
        this.orm = useService("orm");
        this.action = useService("action");
        this.periods = Object.entries(PERIODS);
        this.choices = CHOICES;
        this.activityKinds = ACTIVITY_KINDS;
        this.keepLast = new KeepLast();
        this.state = useState({
            filters: this.getFirstFilters(),
            data: null,
            isLoading: true,
            error: null,
        });
        this.keepFilters();
        onMounted(() => this.load());
    }

    // === Filters === //

    /** Take the URL's filters; coming from elsewhere, the tab's last ones. */
    getFirstFilters() {
        const { action, ...query } = router.current;
        if ([PATH, this.props.actionId].includes(action)) {
            return parseFilters(query);
        }
        return JSON.parse(browser.sessionStorage.getItem(STORAGE_KEY) || "{}");
    }

    keepFilters() {
        const { filters } = this.state;
        browser.sessionStorage.setItem(STORAGE_KEY, JSON.stringify(filters));
        this.props.updateActionState(
            Object.fromEntries(
                FILTER_KEYS.map((key) => {
                    const value = filters[key];
                    const text = Array.isArray(value) ? value.join(",") : value;
                    return [key, text || undefined];
                })
            )
        );
    }

    async setFilters(changes) {
        this.state.filters = { ...this.state.filters, ...changes };
        this.keepFilters();
        await this.load();
    }

    async resetFilters() {
        this.state.filters = {};
        this.keepFilters();
        await this.load();
    }

    get period() {
        return this.state.filters.period || "month";
    }

    get isFiltered() {
        return Object.values(this.state.filters).some((value) => value?.length);
    }

    setPeriod(period) {
        const { date_from, date_to } = this.state.data?.filters || {};
        const days = period === "custom" ? { date_from, date_to } : {};
        return this.setFilters({ date_from: null, date_to: null, ...days, period });
    }

    /** Move a day of the period, and the other one along where it would be wrong. */
    setDay(name, day) {
        if (!day) {
            return;
        }
        const days = { ...this.state.filters, [name]: serializeDate(day) };
        if (days.date_from > days.date_to) {
            days.date_from = days.date_to = serializeDate(day);
        }
        return this.setFilters(days);
    }

    getDay(name) {
        const day = this.state.filters[name] || this.state.data?.filters[name];
        return day ? deserializeDate(day) : false;
    }

    isChosen(key, id) {
        return (this.state.filters[key] || []).includes(id);
    }

    toggle(key, id) {
        const ids = this.state.filters[key] || [];
        const rest = ids.filter((value) => value !== id);
        return this.setFilters({
            [key]: rest.length < ids.length ? rest : [...ids, id],
        });
    }

    getOptions(name) {
        return this.state.data?.choices[name] || [];
    }

    getChoiceLabel({ key, name, label }) {
        const ids = this.state.filters[key] || [];
        const chosen = this.getOptions(name).filter(({ id }) => ids.includes(id));
        return chosen.length === 1 ? chosen[0].name : label;
    }

    // === Data === //

    /** Load the figures; an answer that a later question overtook is no news. */
    async load() {
        this.state.isLoading = true;
        const filters = Object.fromEntries(
            Object.entries(this.state.filters).filter(([, value]) => value?.length)
        );
        let data = null;
        let error = null;
        try {
            data = await this.keepLast.add(
                this.orm.silent.call("billinator.dashboard", "get_dashboard", [filters])
            );
        } catch (failure) {
            this.state.isLoading = false;
            error = getFailureText(failure);
        }
        const shown = data || (error ? null : this.state.data);
        Object.assign(this.state, { data: shown, error, isLoading: false });
    }

    get isEmpty() {
        const { open, won, lost, created, quotes, targets } = this.state.data;
        return [open, won, lost, created, quotes.sent, targets].every(({ count }) => !count);
    }

    // === How it is told === //

    formatValue(value) {
        const digits = Math.abs(value) >= 1000 ? [16, 0] : undefined;
        return formatMonetary(value, { currencyId: this.state.data.currency_id, digits });
    }

    formatExactly(value) {
        return formatMonetary(value, { currencyId: this.state.data.currency_id });
    }

    formatCount(count) {
        return formatFloat(count, { digits: [16, 0] });
    }

    formatDeals(count) {
        return count === 1 ? _t("1 deal") : _t("%s deals", this.formatCount(count));
    }

    formatPercent(value) {
        return value === false ? "–" : _t("%s%%", formatFloat(value, { digits: [16, 0] }));
    }

    formatDays(value) {
        if (value === false) {
            return "–";
        }
        const days = formatFloat(value, { digits: [16, 0] });
        return Math.round(value) === 1 ? _t("%s day", days) : _t("%s days", days);
    }

    formatDay(day) {
        return day ? formatDate(deserializeDate(day)) : "";
    }

    /** Name a period: a month, a quarter, a year, or its days. */
    getPeriodLabel({ date_from, date_to }) {
        const start = deserializeDate(date_from);
        const formats = { month: "LLLL yyyy", year: "yyyy" };
        // Not what was just chosen, whose figures may still be on their way.
        const { period } = this.state.data.filters;
        if (period === "quarter") {
            return _t("Q%(quarter)s %(year)s", { quarter: start.quarter, year: start.year });
        }
        return formats[period]
            ? start.toFormat(formats[period])
            : `${formatDate(start)} – ${formatDate(deserializeDate(date_to))}`;
    }

    get beforeLabel() {
        return this.getPeriodLabel(this.state.data.before);
    }

    /** The cards on top: a number each, and how it was before. */
    get cards() {
        const { open, won, created, win_rate, average_deal, cycle } = this.state.data;
        return [
            {
                name: "open",
                label: _t("Open pipeline"),
                figure: open,
                text: this.formatValue(open.value),
                exact: this.formatExactly(open.value),
                note: _t("%(deals)s, weighted %(value)s", {
                    deals: this.formatDeals(open.count),
                    value: this.formatValue(open.weighted_value),
                }),
            },
            {
                name: "won",
                label: _t("Won"),
                figure: won,
                text: this.formatValue(won.value),
                exact: this.formatExactly(won.value),
                note: this.formatDeals(won.count),
                before: won.before,
                beforeText: this.formatValue(won.before.value),
                change: this.getChange(won.value, won.before.value),
            },
            {
                ...this.getResultCard("win_rate", _t("Win rate"), win_rate, this.formatPercent),
                change: this.getPoints(win_rate.result, win_rate.result_before),
            },
            this.getResultCard("average_deal", _t("Average deal"), average_deal, (value) =>
                value === false ? "–" : this.formatValue(value)
            ),
            this.getResultCard("cycle", _t("Days to win"), cycle, this.formatDays, true),
            {
                name: "created",
                label: _t("New deals"),
                figure: created,
                text: this.formatCount(created.count),
                note: this.formatValue(created.value),
                before: created.before,
                beforeText: this.formatCount(created.before.count),
                change: this.getChange(created.count, created.before.count),
            },
        ];
    }

    getResultCard(name, label, figure, format, isLessBetter = false) {
        const { result, result_before } = figure;
        return {
            name,
            label,
            figure,
            text: format.call(this, result),
            note: this.formatDeals(figure.count),
            beforeText: format.call(this, result_before),
            change: this.getChange(result, result_before, isLessBetter),
        };
    }

    /** Say by how many percent a number went up or down, where that can be said. */
    getChange(value, before, isLessBetter = false) {
        if (!before || value === false) {
            return null;
        }
        const percent = Math.round((100 * (value - before)) / before);
        const isBetter = isLessBetter ? percent < 0 : percent > 0;
        return {
            text: this.formatPercent(Math.abs(percent)),
            isUp: percent > 0,
            direction: percent > 0 ? _t("up") : _t("down"),
            isSame: percent === 0,
            isBetter,
        };
    }

    /** Say by how many points a rate went up or down: percents of percents mislead. */
    getPoints(rate, before) {
        if (rate === false || before === false) {
            return null;
        }
        const points = Math.round(rate) - Math.round(before);
        const sign = points > 0 ? "+" : "−";
        return {
            text: _t("%s points", `${points ? sign : ""}${Math.abs(points)}`),
            isSame: points === 0,
            isBetter: points > 0,
        };
    }

    getMoneyRows(figures) {
        return figures.map((figure, index) => ({
            key: figure.id ?? index,
            label: figure.name,
            size: figure.value,
            text: this.formatValue(figure.value),
            note: this.formatDeals(figure.count),
            figure,
        }));
    }

    get funnelRows() {
        return this.state.data.funnel.map((figure, index) => ({
            key: index,
            label: figure.name,
            size: figure.count,
            text: this.formatCount(figure.count),
            note: this.formatValue(figure.value),
            step: index ? this.formatPercent(figure.conversion) : null,
            figure,
        }));
    }

    get reasonRows() {
        return this.getMoneyRows(this.state.data.lost_reasons).map((row) => ({
            ...row,
            size: row.figure.count,
            text: this.formatCount(row.figure.count),
            note: this.formatValue(row.figure.value),
        }));
    }

    get sourceRows() {
        const sources = this.state.data.sources.filter(({ count }) => count);
        return this.getMoneyRows(sources).map((row) => ({
            ...row,
            note: _t("%(deals)s, %(rate)s won", {
                deals: this.formatDeals(row.figure.count),
                rate: this.formatPercent(row.figure.win_rate),
            }),
        }));
    }

    /** The months up to the last deal, half a year at least. */
    get months() {
        const { months } = this.state.data;
        const last = months.findLastIndex(({ month, count }) => count && month !== "none");
        return months.filter(({ count }, index) => count || index <= Math.max(last, 5));
    }

    get quoteFigures() {
        const { sent, accepted } = this.state.data.quotes;
        return [
            { name: "sent", label: _t("Sent"), figure: sent },
            { name: "accepted", label: _t("Accepted"), figure: accepted },
        ];
    }

    get targetsTitle() {
        return _t("All targets (%s)", this.formatCount(this.state.data.targets.count));
    }

    /** Say what a target is for: its period, and its company where there are several. */
    getTargetNote({ period, company }) {
        return company ? `${period}, ${company}` : period;
    }

    getTargetTitle(target) {
        return `${target.name}, ${this.getTargetNote(target)}`;
    }

    /** How far a target has come, where there is no room for its columns. */
    getTargetProgress({ won, amount }) {
        return _t("%(won)s of %(target)s", {
            won: this.formatValue(won),
            target: this.formatValue(amount),
        });
    }

    getTargetWidth({ attainment }) {
        return Math.min(Math.max(attainment, attainment > 0 ? 1 : 0), 100);
    }

    get overdueTitle() {
        const { user_ids } = this.state.data.filters;
        return user_ids.length ? _t("Overdue work") : _t("My overdue work");
    }

    get overdueFigures() {
        const { activities, deals, quotes } = this.state.data.overdue;
        return [
            { name: "activities", label: _t("Late activities"), figure: activities },
            { name: "deals", label: _t("Deals past their closing date"), figure: deals },
            { name: "quotes", label: _t("Quotes past their validity"), figure: quotes },
        ];
    }

    // === Where it leads === //

    /** Open the list of what a figure counts. */
    async openFigure(figure, name, newWindow = false) {
        const action = await this.action.loadAction(ACTIONS[figure.model]);
        return this.action.doAction(
            { ...action, name, display_name: name, domain: figure.domain },
            { newWindow }
        );
    }

    openDeal(id, newWindow) {
        return this.action.doAction(
            {
                type: "ir.actions.act_window",
                res_model: "billinator.opportunity",
                res_id: id,
                views: [[false, "form"]],
            },
            { newWindow }
        );
    }

    openPipeline() {
        return this.action.doAction("billinator_crm.billinator_opportunity_action");
    }
}

registry.category("actions").add("billinator_crm.dashboard", Dashboard);
