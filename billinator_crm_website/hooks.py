def uninstall_hook(env):
    """Take the form away from the public: all that it may write is the core's."""
    # Fields of Odoo's website, on the core's model: nobody else would reset them.
    model = env["ir.model"]._get("billinator.opportunity")
    model.write(
        {
            "website_form_access": False,
            "website_form_default_field_id": False,
            "website_form_key": False,
            "website_form_label": False,
        }
    )
    # As formbuilder_whitelist does it: the ORM refuses changes of the core's fields.
    env.cr.execute(
        "UPDATE ir_model_fields SET website_form_blacklisted = TRUE"
        " WHERE model_id = %s",
        [model.id],
    )
    env.invalidate_all()
