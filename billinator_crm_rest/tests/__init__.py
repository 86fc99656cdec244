from . import test_resource, test_rights_matrix, test_webhook
