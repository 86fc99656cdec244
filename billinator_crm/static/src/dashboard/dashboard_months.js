import { Component, onWillStart, useEffect, useRef } from "@odoo/owl";
import { loadBundle } from "@web/core/assets";
import { _t } from "@web/core/l10n/translation";
import { deserializeDate } from "@web/core/l10n/dates";
import { formatFloat } from "@web/views/fields/formatters";

const BUCKETS = {
    earlier: _t("Before"),
    later: _t("Later"),
    none: _t("No date"),
};

/** The open deals by month of their expected closing: a chart, and a table of it. */
export class DashboardMonths extends Component {
    static template = "billinator_crm.DashboardMonths";
    static props = {
        months: Array,
        formatValue: Function,
        openFigure: Function,
    };

    setup() {
        this.canvas = useRef("canvas");
        onWillStart(() => loadBundle("web.chartjs_lib"));
        useEffect(
            () => {
                const chart = new Chart(this.canvas.el, this.getConfig());
                return () => chart.destroy();
            },
            // A list of the same figures is another one at each rendering.
            () => [JSON.stringify(this.props.months)]
        );
    }

    getLabel({ month }) {
        return BUCKETS[month] || deserializeDate(`${month}-01`).toFormat("LLL yy");
    }

    getTitle({ month }) {
        return _t("Expected closing: %s", this.getLabel({ month }));
    }

    /** Take the colours of the page, so that the chart follows its theme. */
    getColors() {
        const style = getComputedStyle(this.canvas.el);
        const read = (name) => style.getPropertyValue(`--o-crm-dashboard-${name}`).trim();
        return {
            value: read("bar-light"),
            weighted: read("bar"),
            grid: read("grid"),
            text: style.color,
        };
    }

    getConfig() {
        const { months, formatValue, openFigure } = this.props;
        // A month without deals has nothing to open.
        const findMonth = ([element]) => months[element?.index]?.count && months[element.index];
        const colors = this.getColors();
        const ticks = { color: colors.text };
        return {
            type: "bar",
            data: {
                labels: months.map((month) => this.getLabel(month)),
                datasets: [
                    {
                        label: _t("Weighted"),
                        data: months.map(({ weighted_value }) => weighted_value),
                        backgroundColor: colors.weighted,
                        borderRadius: 3,
                    },
                    {
                        label: _t("Value"),
                        data: months.map(({ value }) => value),
                        backgroundColor: colors.value,
                        borderRadius: 3,
                    },
                ],
            },
            options: {
                maintainAspectRatio: false,
                animation: false,
                interaction: { mode: "index", intersect: false },
                onClick: (ev, elements) => {
                    const month = findMonth(elements);
                    return month && openFigure(month, this.getTitle(month));
                },
                onHover: (ev, elements) => {
                    ev.native.target.style.cursor = findMonth(elements) ? "pointer" : "";
                },
                plugins: {
                    legend: { labels: { color: colors.text, boxWidth: 12 } },
                    tooltip: {
                        callbacks: {
                            label: ({ dataset, parsed }) =>
                                `${dataset.label}: ${formatValue(parsed.y)}`,
                        },
                    },
                },
                scales: {
                    x: { grid: { display: false }, ticks },
                    y: {
                        beginAtZero: true,
                        grid: { color: colors.grid },
                        border: { display: false },
                        ticks: {
                            ...ticks,
                            maxTicksLimit: 6,
                            callback: (value) =>
                                formatFloat(value, { humanReadable: true }),
                        },
                    },
                },
            },
        };
    }
}
