"""Creating many records in one call."""

from fastapi import Depends, HTTPException
from psycopg2 import IntegrityError
from pydantic import ValidationError
from starlette.exceptions import HTTPException as StarletteHTTPException

from odoo.exceptions import UserError

from ..dependencies import UserEnv, remember_call
from ..dispatcher import describe, get_constraint_status
from ..schemas.bulk import BulkAnswer, BulkCreate


def add_bulk_route(router, resource, create_schema, schema):
    """Add ``POST /bulk`` to a resource's router."""

    def create_many(env: UserEnv, data: BulkCreate):
        """Create up to 1,000; tell of each what came of it."""
        resource.check_create(env)
        results = create_each(env, resource, create_schema, data.items)
        failed = sum(result["status"] >= 400 for result in results)
        if failed and data.all_or_nothing:
            raise HTTPException(422, [r for r in results if r["status"] >= 400])
        return {
            "results": results,
            "succeeded": len(results) - failed,
            "failed": failed,
        }

    create_many.__name__ = f"create_many_{router.prefix.strip('/')}"
    router.add_api_route(
        "/bulk",
        create_many,
        methods=["POST"],
        response_model=BulkAnswer[schema],
        dependencies=[Depends(remember_call)],
    )


def create_each(env, resource, schema, items):
    """Create what can be created of many clients' data.

    :param schema: the resource's input schema
    :param items: the data, not validated yet
    :return: list of dicts of ``index`` and ``status``, with ``item`` or ``detail``
    """
    results, valid = {}, {}
    for index, item in enumerate(items):
        try:
            valid[index] = schema.model_validate(item)
        except ValidationError as exc:
            results[index] = _fail(index, 422, _describe_item(exc, index))
    try:
        with env.cr.savepoint():
            results |= _create_at_once(env, resource, valid)
    except (UserError, IntegrityError, StarletteHTTPException):
        # Something is wrong with one of them: find out with which.
        for index, data in valid.items():
            results[index] = _create_one(env, resource, index, data)
    return [results[index] for index in range(len(items))]


def _create_at_once(env, resource, valid):
    """Create all, in as few steps as the resource can."""
    plain = {index: data for index, data in valid.items() if not data.external_ref}
    records = resource.create_many(env, list(plain.values()))
    dicts = zip(plain, resource.read_many(records), strict=True)
    results = {index: _succeed(index, item, True) for index, item in dicts}
    for index, data in valid.items():
        if index not in plain:
            results[index] = _succeed(index, *resource.upsert(env, data))
    return results


def _create_one(env, resource, index, data):
    try:
        with env.cr.savepoint():
            return _succeed(index, *resource.upsert(env, data))
    except IntegrityError as exc:
        message = env[resource.model]._sql_error_to_message(exc)
        return _fail(index, get_constraint_status(exc), message)
    except (UserError, StarletteHTTPException) as exc:
        return _fail(index, *describe(exc))


def _succeed(index, item, is_new):
    return {"index": index, "status": 201 if is_new else 200, "item": item}


def _fail(index, status, detail):
    return {"index": index, "status": status, "detail": detail}


def _describe_item(exc, index):
    return [
        {
            "loc": ["body", "items", index, *error["loc"]],
            "msg": error["msg"],
            "type": error["type"],
        }
        for error in exc.errors()
    ]
