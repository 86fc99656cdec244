from . import test_form_editor, test_portal, test_website_form
