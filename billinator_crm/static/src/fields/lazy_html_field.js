import { HtmlField, htmlField } from "@html_editor/fields/html_field";
import { useEffect } from "@odoo/owl";
import { registry } from "@web/core/registry";
import { isHtmlEmpty } from "@web/core/utils/html";

/**
 * A text that rests until somebody goes into it.
 *
 * To start its editor takes a tenth of the time in which a form opens, and most people who
 * open one do not change this text. Not for a collaborative field, whose editor listens to
 * those of others from the start.
 */
export class LazyHtmlField extends HtmlField {
    static template = "billinator_crm.LazyHtmlField";

    setup() {
        super.setup();
        this.state.isStarted = false;
        useEffect(
            (isStarted) => {
                if (isStarted && !this.displayReadonly) {
                    this.placeCursor();
                }
            },
            () => [this.state.isStarted]
        );
    }

    get isResting() {
        return !this.state.isStarted && !this.displayReadonly;
    }

    get isEmpty() {
        return isHtmlEmpty(this.value) && !String(this.value).includes("<img");
    }

    get label() {
        return this.props.record.fields[this.props.name].string;
    }

    /** Somebody comes with the keyboard; who has clicked may want to select, and to copy. */
    onFocus(event) {
        if (event.target.matches(":focus-visible")) {
            this.state.isStarted = true;
        }
    }

    onClick(event) {
        if (!event.target.closest("a, button") && getSelection().isCollapsed) {
            this.clicked = { x: event.clientX, y: event.clientY };
            this.state.isStarted = true;
        }
    }

    /** Leave the cursor where it was clicked, as if the editor had been there before. */
    placeCursor() {
        const { focusEditable, setSelection } = this.editor.shared.selection;
        focusEditable();
        // Not every browser can tell.
        const place =
            this.clicked && document.caretPositionFromPoint?.(this.clicked.x, this.clicked.y);
        if (place && this.editor.editable.contains(place.offsetNode)) {
            setSelection({ anchorNode: place.offsetNode, anchorOffset: place.offset });
        }
    }
}

registry.category("fields").add("billinator_lazy_html", {
    ...htmlField,
    component: LazyHtmlField,
    additionalClasses: ["o_field_html"],
});
