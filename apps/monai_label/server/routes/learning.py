"""The next exam to annotate, training, and versions of models."""

from functools import partial
from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from apps.monai_label.server.refusal import Refusal
from apps.monai_label.server.request_params import option_checks, read_json_object, read_params, text_value
from apps.monai_label.server.requests_read import read_body, read_query, user_of
from apps.monai_label.server.services import Services, services_of

router = APIRouter()


@router.post("/activelearning/{strategy}")
async def next_exam(request: Request, strategy: str) -> Response:
    """The next exam by a strategy; what others were given of late comes last."""
    services = services_of(request)
    read_query(request, ())
    strategies = await services.queues.files.run(services.app.strategies)
    if strategy not in strategies:
        raise Refusal(404, "There is no such strategy.")
    options = option_checks(strategies[strategy].get("config", {}))
    params = read_params(await read_body(request), {"client_id": text_value, **options})
    user = user_of(request)
    exam = await services.queues.files.run(partial(services.app.next_exam, strategy, params, user.name))
    if exam.get("id"):
        image_id = str(exam["id"])
        request.state.image = image_id
        version = await services.queues.files.run(partial(services.app.truth_version, image_id))
        services.seen.mark(user.name, image_id, version)
    return JSONResponse(exam)


@router.get("/train/")
async def training(request: Request) -> Response:
    """The last training; with ``check_if_running`` 404 where none runs now."""
    services = services_of(request)
    query = read_query(request, ("check_if_running", "all"))
    found = await services.queues.files.run(services.app.training)
    running = found is not None and found.get("status") == "RUNNING"
    if found is None or (query.get("check_if_running") == "true" and not running):
        raise Refusal(404, "No training runs." if found else "Nothing was trained yet.")
    return JSONResponse([found] if query.get("all") == "true" else found)


@router.post("/train/")
async def train_all(request: Request) -> Response:
    """Train every model; options come by the model's name."""
    services = services_of(request)
    read_query(request, ())
    trainers = await services.queues.files.run(services.app.trainers)
    document = read_json_object(await read_body(request))
    document.pop("client_id", None)
    if set(document) - set(trainers):
        raise Refusal(400, f"Options come by the model's name: {', '.join(sorted(trainers))}.")
    params = {name: _options(trainers[name], value) for name, value in document.items() if value is not None}
    return JSONResponse(await services.queues.files.run(partial(services.app.train, None, params)))


@router.post("/train/{model}")
async def train(request: Request, model: str) -> Response:
    """Train one model."""
    services = services_of(request)
    read_query(request, ())
    trainers = await services.queues.files.run(services.app.trainers)
    if model not in trainers:
        raise Refusal(404, "There is no such model to train.")
    request.state.model = model
    document = read_json_object(await read_body(request))
    document.pop("client_id", None)
    options = _options(trainers[model], document.get(model, document))
    return JSONResponse(await services.queues.files.run(partial(services.app.train, model, options)))


@router.delete("/train/")
async def stop(request: Request) -> Response:
    """Stop what is being trained."""
    services = services_of(request)
    read_query(request, ())
    return JSONResponse(await services.queues.files.run(services.app.stop_training))


@router.get("/versions/{model}")
async def versions(request: Request, model: str) -> Response:
    """A model's versions, and which is in use."""
    services = services_of(request)
    read_query(request, ())
    await _require_trainer(services, model)
    return JSONResponse(await services.queues.files.run(partial(services.app.versions, model)))


@router.post("/versions/{model}/rollback")
async def roll_back(request: Request, model: str) -> Response:
    """Use an earlier version of a model again."""
    services = services_of(request)
    read_query(request, ())
    await _require_trainer(services, model)
    request.state.model = model
    params = read_params(await read_body(request), {"version": text_value})
    found = await services.queues.files.run(partial(services.app.roll_back, model, params.get("version")))
    return JSONResponse(found)


async def _require_trainer(services: Services, model: str) -> None:
    if model not in await services.queues.files.run(services.app.trainers):
        raise Refusal(404, "There is no such model.")


def _options(trainer: dict[str, Any], value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise Refusal(400, "A model's options are a JSON object.")
    checks = option_checks(trainer.get("config", {}))
    unknown = sorted(set(value) - set(checks))
    if unknown:
        raise Refusal(400, f"An option is not allowed here; allowed are: {', '.join(sorted(checks)) or 'none'}.")
    try:
        return {key: checks[key](item) for key, item in value.items() if item is not None}
    except (ValueError, TypeError, OverflowError) as error:
        raise Refusal(400, "An option's value cannot be used.") from error
