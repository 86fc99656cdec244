import { registry } from "@web/core/registry";
import { NameAndSignature } from "@web/core/signature/name_and_signature";
import { redirect } from "@web/core/utils/urls";
import { SignatureForm } from "@portal/signature_form/signature_form";
import { explain, sendToQuote } from "./quote_server";

/** Waits for the canvas to be there, however fast somebody types. */
class PatientNameAndSignature extends NameAndSignature {
    async drawCurrentName() {
        if (this.signatureRef.el) {
            await super.drawCurrentName();
        }
    }
}

/**
 * Odoo's signature form for a quote: it signs the content that the page shows at the
 * time, and a customer who was refused can try again.
 */
export class QuoteSignatureForm extends SignatureForm {
    static template = "billinator_crm.QuoteSignatureForm";
    static components = { NameAndSignature: PatientNameAndSignature };

    get isReady() {
        const isSigned = this.signature.isSignatureEmpty === false;
        return isSigned && !!this.signature.name?.trim() && !this.state.isSending;
    }

    async onClickSubmit() {
        if (!this.isReady) {
            return;
        }
        this.state.isSending = true;
        this.state.error = false;
        const signature = this.signature.getSignatureImage().split(",")[1] || "";
        try {
            const answer = await sendToQuote("accept", { name: this.signature.name, signature });
            redirect(answer.redirect);
        } catch (error) {
            this.state.error = explain(error);
            this.state.isSending = false;
        }
    }

    onClickReload() {
        window.location.reload();
    }
}

registry
    .category("public_components")
    .add("billinator_crm.quote_signature_form", QuoteSignatureForm);
