import { RelationalModel } from "@web/model/relational_model/relational_model";
import { showWonMessage } from "@billinator_crm/views/won_message";

export class OpportunityGroupList extends RelationalModel.DynamicGroupList {
    /**
     * A drag to a lost stage asks for the reason first; a drag to a won one is
     * celebrated.
     *
     * @override
     */
    async moveRecord(dataRecordId, dataGroupId, refId, targetGroupId) {
        const record = this.groups
            .find((group) => group.id === dataGroupId)
            .list.records.find(({ id }) => id === dataRecordId);
        const targetGroup = this.groups.find(({ id }) => id === targetGroupId);
        const previousStatus = record.data.status;
        if (await this.model.isLostStageGroup(targetGroup) && previousStatus !== "lost") {
            return this.model.askLostReason(record.resId);
        }
        const result = await super.moveRecord(...arguments);
        if (record.data.status === "won" && previousStatus !== "won") {
            await showWonMessage(this.model.orm, this.model.effect, record.resId);
        }
        return result;
    }
}

export class OpportunityKanbanModel extends RelationalModel {
    static services = [...RelationalModel.services, "effect"];
    static DynamicGroupList = OpportunityGroupList;

    setup(params, { effect }) {
        super.setup(...arguments);
        this.effect = effect;
    }

    async isLostStageGroup(group) {
        if (group.groupByField.name !== "stage_id") {
            return false;
        }
        this.lostStageIds ??= await this.orm.search("billinator.stage", [
            ["status", "=", "lost"],
        ]);
        return this.lostStageIds.includes(group.serverValue);
    }

    async askLostReason(opportunityId) {
        await this.action.doAction("billinator_crm.billinator_opportunity_lost_action", {
            additionalContext: { active_ids: [opportunityId] },
            onClose: () => this.load(),
        });
    }
}
