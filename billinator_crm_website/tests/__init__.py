from . import test_form_answers, test_form_editor, test_portal, test_website_form
