import { registry } from "@web/core/registry";
import { GateDialog, getGateQuestion } from "./gate_dialog";

/** Where a stage's gate refuses an opportunity, ask for what is missing. */
function askForWhatIsMissing(env, error, originalError) {
    const question = getGateQuestion(originalError);
    if (!question) {
        return false;
    }
    error.unhandledRejectionEvent.preventDefault();
    env.services.dialog.add(GateDialog, GateDialog.getProps(question));
    return true;
}

// Before Odoo's own handler, which shows the message.
registry
    .category("error_handlers")
    .add("billinator_crm.gate", askForWhatIsMissing, { sequence: 96 });
