import { registry } from "@web/core/registry";
import { formView } from "@web/views/form/form_view";
import { showWonMessage } from "@billinator_crm/views/won_message";

class OpportunityRecord extends formView.Model.Record {
    /**
     * Celebrates an opportunity that is won by a click on the status bar.
     *
     * @override
     */
    async _save({ nextId } = {}) {
        const previousStatus = this._values.status;
        const saved = await super._save(...arguments);
        // With the pager, another opportunity is here now.
        const isNowWon = !nextId && this.data.status === "won" && previousStatus !== "won";
        if (saved && isNowWon && this.resModel === "billinator.opportunity") {
            await showWonMessage(this.model.orm, this.model.effect, this.resId);
        }
        return saved;
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
