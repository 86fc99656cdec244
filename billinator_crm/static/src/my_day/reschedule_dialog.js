import { Component, onMounted, useRef, useState } from "@odoo/owl";
import { DateTimeInput } from "@web/core/datetime/datetime_input";
import { Dialog } from "@web/core/dialog/dialog";

/** Asks for another date and time. */
export class RescheduleDialog extends Component {
    static template = "billinator_crm.RescheduleDialog";
    static components = { DateTimeInput, Dialog };
    static props = {
        date: Object,
        reschedule: Function,
        close: Function,
    };

    setup() {
        this.state = useState({ date: this.props.date });
        const moment = useRef("moment");
        onMounted(() => moment.el.querySelector("input").focus());
    }

    apply() {
        const { date } = this.state;
        this.props.close();
        if (date.toMillis() !== this.props.date.toMillis()) {
            return this.props.reschedule(date);
        }
    }
}
