from . import dispatcher, models
