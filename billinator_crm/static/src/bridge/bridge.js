import { Component, onWillStart, useEffect, useRef, useState } from "@odoo/owl";
import { loadBundle } from "@web/core/assets";
import { formatDate, deserializeDate, serializeDate } from "@web/core/l10n/dates";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { user } from "@web/core/user";
import { KeepLast } from "@web/core/utils/concurrency";
import { useService } from "@web/core/utils/hooks";
import { useSetupAction } from "@web/search/action_hook";
import { Layout } from "@web/search/layout";
import { formatMonetary } from "@web/views/fields/formatters";
import { standardActionServiceProps } from "@web/webclient/actions/action_service";

const { DateTime } = luxon;
const MODEL = "billinator.pipeline.snapshot";
const ENDS = ["opening", "closing"];
const NOW = "now";

/** The days of expected closing to look at: first and last one. */
const PERIODS = {
    all: { label: _t("All"), get: () => [] },
    quarter: {
        label: _t("This Quarter"),
        get: (today) => [today.startOf("quarter"), today.endOf("quarter")],
    },
    next: {
        label: _t("Next Quarter"),
        get: (today) => {
            const day = today.plus({ quarters: 1 });
            return [day.startOf("quarter"), day.endOf("quarter")];
        },
    },
    year: {
        label: _t("This Year"),
        get: (today) => [today.startOf("year"), today.endOf("year")],
    },
};

/** What became of the open pipeline between two days, as a waterfall. */
export class PipelineBridge extends Component {
    static template = "billinator_crm.PipelineBridge";
    static components = { Layout };
    static props = { ...standardActionServiceProps };

    setup() {
        this.orm = useService("orm");
        this.keepLast = new KeepLast();
        this.action = useService("action");
        this.canvas = useRef("canvas");
        this.periods = PERIODS;
        this.state = useState({
            dates: [],
            bridge: null,
            dateFrom: null,
            dateTo: NOW,
            period: "all",
            ...this.props.state?.choice,
        });
        useSetupAction({ getLocalState: () => ({ choice: this.choice }) });
        onWillStart(async () => {
            this.isManager = await user.hasGroup("sales_team.group_sale_manager");
            await loadBundle("web.chartjs_lib");
            await this.loadDates();
        });
        useEffect(
            (bridge) => this.drawChart(bridge),
            () => [this.state.bridge]
        );
    }

    async loadDates() {
        this.state.dates = await this.orm.call(MODEL, "get_dates");
        this.state.dateFrom ||= this.state.dates[0] || null;
        await this.load();
    }

    async load() {
        const { choice } = this;
        try {
            // Of two questions, the later one's answer stays, whichever comes last.
            this.state.bridge = await this.keepLast.add(
                choice.dateFrom
                    ? this.orm.call(MODEL, "get_bridge", this.question)
                    : Promise.resolve(null)
            );
            this.shownChoice = choice;
        } catch (error) {
            // What is chosen goes with what stays in sight.
            Object.assign(this.state, this.shownChoice);
            throw error;
        }
    }

    get choice() {
        const { dateFrom, dateTo, period } = this.state;
        return { dateFrom, dateTo, period };
    }

    /** The arguments that name the bridge to the server. */
    get question() {
        const { dateFrom, dateTo, period } = this.state;
        const days = PERIODS[period].get(DateTime.local()).map(serializeDate);
        return [dateFrom, dateTo !== NOW && dateTo, days[0] || false, days[1] || false];
    }

    get laterDates() {
        return this.state.dates.filter((date) => date > this.state.dateFrom);
    }

    get currencyId() {
        return this.state.bridge.currency_id;
    }

    formatDay(date) {
        return formatDate(deserializeDate(date));
    }

    formatAmount(amount) {
        return formatMonetary(amount, { currencyId: this.currencyId });
    }

    // === What to show === //

    async choose(name, value) {
        this.state[name] = value;
        if (this.state.dateTo <= this.state.dateFrom) {
            this.state.dateTo = NOW;
        }
        await this.load();
    }

    async takeSnapshot() {
        await this.orm.call(MODEL, "action_take_snapshot");
        await this.loadDates();
    }

    async openBar({ bar }, newWindow = false) {
        const action = await this.orm.call(MODEL, "action_view_bar", [
            bar,
            ...this.question,
        ]);
        await this.action.doAction(action, { newWindow });
    }

    // === The waterfall === //

    /** Give each bar its bottom and top, hanging on where the last one ended. */
    get floatingBars() {
        let level = 0;
        return this.state.bridge.bars.map(({ bar, amount }) => {
            if (ENDS.includes(bar)) {
                level = amount;
                return [0, amount];
            }
            const from = level;
            level += amount;
            return [from, level];
        });
    }

    getColor({ bar, amount }) {
        const styles = getComputedStyle(document.documentElement);
        const name = ENDS.includes(bar) ? "primary" : amount < 0 ? "danger" : "success";
        return styles.getPropertyValue(`--${bar === "won" ? "info" : name}`).trim();
    }

    drawChart(bridge) {
        if (!bridge || !this.canvas.el) {
            return;
        }
        const { bars } = bridge;
        const text = getComputedStyle(this.canvas.el).color;
        const chart = new Chart(this.canvas.el, {
            type: "bar",
            data: {
                labels: bars.map(({ label }) => label),
                datasets: [
                    {
                        data: this.floatingBars,
                        backgroundColor: bars.map((bar) => this.getColor(bar)),
                        minBarLength: 2,
                    },
                ],
            },
            options: {
                animation: false,
                maintainAspectRatio: false,
                onClick: (_event, [element]) => element && this.openBar(bars[element.index]),
                plugins: {
                    legend: { display: false },
                    tooltip: {
                        callbacks: {
                            label: ({ dataIndex }) =>
                                this.formatAmount(bars[dataIndex].amount),
                        },
                    },
                },
                scales: {
                    x: { ticks: { color: text } },
                    y: {
                        ticks: {
                            color: text,
                            callback: (value) => this.formatAmount(value),
                        },
                    },
                },
            },
        });
        return () => chart.destroy();
    }
}

registry.category("actions").add("billinator_crm.pipeline_bridge", PipelineBridge);
