"""What Schemathesis cannot know of the API."""

import schemathesis
from schemathesis import GenerationMode


@schemathesis.check
def valid_data_is_understood(ctx, response, case):
    """Data that fits the schema is refused for what it says, never for its form.

    The API's own refusals have the type ``value_error``; pydantic's have others.
    """
    is_valid = case.meta and case.meta.generation.mode == GenerationMode.POSITIVE
    if not is_valid or response.status_code != 422:
        return
    problems = response.json()["detail"]
    if isinstance(problems, list):
        types = {problem.get("type", "value_error") for problem in problems}
        assert types == {"value_error"}, problems
