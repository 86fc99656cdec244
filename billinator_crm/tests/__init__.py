from . import test_quote, test_tours
