import { registry } from "@web/core/registry";
import { RelationalModel } from "@web/model/relational_model/relational_model";
import { kanbanView } from "@web/views/kanban/kanban_view";

class ActivityGroupList extends RelationalModel.DynamicGroupList {
    /**
     * A drag to "done" asks for the outcome first, where the activity's type wants one.
     *
     * @override
     */
    async moveRecord(dataRecordId, dataGroupId, refId, targetGroupId) {
        const record = this.groups
            .find((group) => group.id === dataGroupId)
            .list.records.find(({ id }) => id === dataRecordId);
        const targetGroup = this.groups.find(({ id }) => id === targetGroupId);
        const isCompleted =
            targetGroup.groupByField.name === "status" &&
            targetGroup.serverValue === "done" &&
            record.data.status === "pending";
        if (isCompleted && record.data.asks_outcome) {
            return this.model.askOutcome(record.resId);
        }
        return super.moveRecord(...arguments);
    }
}

class ActivityKanbanModel extends RelationalModel {
    static DynamicGroupList = ActivityGroupList;

    async askOutcome(activityId) {
        const action = await this.orm.call("billinator.activity", "action_open_complete", [
            [activityId],
        ]);
        await this.action.doAction(action, { onClose: () => this.load() });
    }
}

registry.category("views").add("billinator_activity_kanban", {
    ...kanbanView,
    Model: ActivityKanbanModel,
});
