import { registry } from "@web/core/registry";
import { formView } from "@web/views/form/form_view";
import { getGateQuestion } from "@billinator_crm/gate/gate_dialog";
import { showWonMessage } from "@billinator_crm/views/won_message";

class OpportunityRecord extends formView.Model.Record {
    /**
     * Celebrates an opportunity that is won by a click on the status bar.
     *
     * One that its new stage refuses stays in the former one; what else was typed is
     * saved.
     *
     * @override
     */
    async _save({ nextId } = {}) {
        const previousStatus = this._values.status;
        let saved;
        try {
            saved = await super._save(...arguments);
        } catch (error) {
            if (getGateQuestion(error)) {
                await this._saveInFormerStage();
            }
            throw error;
        }
        // With the pager, another opportunity is here now.
        const isNowWon = !nextId && this.data.status === "won" && previousStatus !== "won";
        if (saved && isNowWon && this.resModel === "billinator.opportunity") {
            await showWonMessage(this.model.orm, this.model.effect, this.resId);
        }
        return saved;
    }

    async _saveInFormerStage() {
        await this._update(
            { stage_id: this._values.stage_id },
            { withoutOnchange: true }
        );
        await super._save();
    }
}

class OpportunityFormModel extends formView.Model {
    static Record = OpportunityRecord;
    static services = [...formView.Model.services, "effect"];

    setup(params, { effect }) {
        super.setup(...arguments);
        this.effect = effect;
    }
}

registry.category("views").add("billinator_opportunity_form", {
    ...formView,
    Model: OpportunityFormModel,
});
