import { HtmlField, htmlField } from "@html_editor/fields/html_field";
import { MentionPlugin } from "@mail/views/web/fields/html_composer_message_field/mention_plugin";
import { onMounted } from "@odoo/owl";
import { registry } from "@web/core/registry";

/** A note's text: colleagues can be mentioned, and a new one can be typed at once. */
export class NoteBodyField extends HtmlField {
    static props = { ...HtmlField.props, autofocus: { type: Boolean, optional: true } };

    setup() {
        super.setup();
        onMounted(() => {
            if (this.props.autofocus && !this.displayReadonly) {
                this.editor.shared.selection.focusEditable();
            }
        });
    }

    getConfig() {
        const config = super.getConfig();
        return { ...config, Plugins: [...config.Plugins, MentionPlugin] };
    }
}

export const noteBodyField = {
    ...htmlField,
    component: NoteBodyField,
    additionalClasses: ["o_field_html", "o_billinator_note_body"],
    extractProps({ attrs, options }, dynamicInfo) {
        return {
            ...htmlField.extractProps({ attrs, options }, dynamicInfo),
            autofocus: options.autofocus,
        };
    },
};

registry.category("fields").add("billinator_note_body", noteBodyField);
