from . import dispatcher, models, wizard
