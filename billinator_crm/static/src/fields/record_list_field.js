import { registry } from "@web/core/registry";
import { useService } from "@web/core/utils/hooks";
import { X2ManyField, x2ManyField } from "@web/views/fields/x2many/x2many_field";

/** A list of records, each of which opens on its own page instead of in a dialog. */
export class RecordListField extends X2ManyField {
    setup() {
        super.setup();
        this.actionService = useService("action");
    }

    async openRecord(record, { newWindow } = {}) {
        if (!(await this.props.record.save())) {
            return;
        }
        return this.actionService.doAction(
            {
                type: "ir.actions.act_window",
                res_model: record.resModel,
                res_id: record.resId,
                views: [[false, "form"]],
            },
            { newWindow }
        );
    }
}

registry.category("fields").add("billinator_record_list", {
    ...x2ManyField,
    component: RecordListField,
});
