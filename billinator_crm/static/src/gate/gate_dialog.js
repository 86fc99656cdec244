import { _t } from "@web/core/l10n/translation";
import { useService } from "@web/core/utils/hooks";
import { FormViewDialog } from "@web/views/view_dialogs/form_view_dialog";
import { useChildSubEnv, useState } from "@odoo/owl";

/** Return what a stage's gate asks for, if that is why the server has refused. */
export function getGateQuestion(error) {
    return error?.data?.context?.billinator_gate;
}

/** Asks for what an opportunity lacks to enter a stage, and moves it there. */
export class GateDialog extends FormViewDialog {
    static template = "billinator_crm.GateDialog";
    static props = { ...FormViewDialog.props, question: Object };
    static defaultProps = {
        ...FormViewDialog.defaultProps,
        canExpand: false,
        size: "md",
    };

    /** Return the dialog's props for what a gate asks. */
    static getProps(question) {
        const { opportunity, stage, field_names } = question;
        return {
            question,
            resModel: "billinator.opportunity",
            resId: opportunity.id,
            title: _t("Move “%(opportunity)s” to %(stage)s", {
                opportunity: opportunity.display_name,
                stage: stage.display_name,
            }),
            context: {
                form_view_ref: "billinator_crm.billinator_opportunity_view_form_gate",
                billinator_missing_view_ref: field_names.join(),
            },
        };
    }

    setup() {
        super.setup();
        this.orm = useService("orm");
        this.dialog = useService("dialog");
        this.notification = useService("notification");
        this.state = useState({ isPlanned: false });
        useChildSubEnv({ gate: this });
        this.viewProps.buttonTemplate = "billinator_crm.GateDialog.Buttons";
        this.viewProps.saveRecord = (record) => this.move(record);
    }

    get moveLabel() {
        return _t("Save and Move to %s", this.props.question.stage.display_name);
    }

    /** Save what was filled in together with the stage. */
    async move(record) {
        await record.update({ stage_id: this.props.question.stage });
        const onError = (error) => this.tellRefusal(error);
        const isMoved = await record.save({ reload: false, onError });
        if (isMoved) {
            this.props.close();
            await this.actionService.doAction("soft_reload");
        }
        return isMoved;
    }

    /** Say what is missing still. */
    tellRefusal(error) {
        if (!getGateQuestion(error)) {
            throw error;
        }
        this.notification.add(error.data.message, { type: "danger" });
        return false;
    }

    planActivity() {
        this.dialog.add(FormViewDialog, {
            resModel: "billinator.activity",
            title: _t("Plan an Activity"),
            context: {
                default_opportunity_id: this.props.resId,
                form_view_ref: "billinator_crm.billinator_activity_view_form_popup",
            },
            onRecordSaved: () => {
                this.state.isPlanned = true;
            },
        });
    }

    async openQuotes() {
        const { resModel, resId } = this.props;
        const action = await this.orm.call(resModel, "action_view_quotes", [[resId]]);
        await this.actionService.doAction(action);
    }

    /** Ask a manager for the reason instead. */
    async moveAnyway() {
        const { opportunity, stage } = this.props.question;
        this.props.close();
        await this.actionService.doAction("billinator_crm.billinator_opportunity_gate_action", {
            additionalContext: {
                active_ids: [opportunity.id],
                default_stage_id: stage.id,
            },
            onClose: () => this.actionService.doAction("soft_reload"),
        });
    }
}
