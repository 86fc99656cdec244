import { Component } from "@odoo/owl";

/** Figures as a list of bars: buttons that say in words what the bars show. */
export class DashboardBars extends Component {
    static template = "billinator_crm.DashboardBars";
    static props = {
        name: String,
        rows: Array, // of { key, label, size, text, note, step, figure }
        isDanger: { type: Boolean, optional: true },
        openFigure: Function,
    };

    getWidth(row) {
        const largest = Math.max(...this.props.rows.map(({ size }) => size));
        return largest > 0 ? Math.max((100 * row.size) / largest, row.size > 0 ? 1 : 0) : 0;
    }
}
