from . import test_resource, test_webhook
