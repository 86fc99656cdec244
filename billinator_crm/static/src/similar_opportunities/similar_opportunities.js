import { registry } from "@web/core/registry";
import { KeepLast } from "@web/core/utils/concurrency";
import { useService } from "@web/core/utils/hooks";
import { useRecordObserver } from "@web/model/relational_model/utils";
import { standardWidgetProps } from "@web/views/widgets/standard_widget_props";

import { Component, onMounted, status, useState } from "@odoo/owl";

/** Return all that other opportunities are compared by. */
function getKey({ resId, data }) {
    const { name, partner_name, partner_id, email_from, phone } = data;
    return JSON.stringify([resId, name, partner_name, partner_id?.id, email_from, phone]);
}

/**
 * Tells of opportunities similar to the one of the form.
 *
 * Looking for like names takes longer than all else of a large pipeline's form, which
 * does not wait for it.
 */
export class SimilarOpportunities extends Component {
    static template = "billinator_crm.SimilarOpportunities";
    static props = { ...standardWidgetProps };

    setup() {
        this.action = useService("action");
        this.orm = useService("orm");
        this.keepLast = new KeepLast();
        this.state = useState({ count: 0 });
        useRecordObserver((record) => this.compare(record));
        onMounted(() => this.compare(this.props.record));
    }

    compare(record) {
        const key = getKey(record);
        // What is typed is compared when it is saved.
        const isChanged = !record.dirty && key !== this.key;
        // A form that opens is set up more than once before it is there.
        if (isChanged && status(this) === "mounted") {
            this.key = key;
            this.load(record.resId);
        }
    }

    async load(resId) {
        const { resModel } = this.props.record;
        const [found] = await this.keepLast.add(
            resId
                ? this.orm.silent.read(resModel, [resId], ["duplicate_count"])
                : Promise.resolve([])
        );
        this.state.count = found?.duplicate_count || 0;
    }

    open(newWindow) {
        const { resModel, resId } = this.props.record;
        return this.action.doActionButton(
            { type: "object", name: "action_view_duplicates", resModel, resId },
            { newWindow }
        );
    }
}

registry
    .category("view_widgets")
    .add("billinator_similar_opportunities", { component: SimilarOpportunities });
