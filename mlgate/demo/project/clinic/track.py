"""Tells MLflow what was learned: a run with its numbers, and a new version of each model."""

from __future__ import annotations

import json

from clinic import params

STORE = params.ROOT / ".demo"
MODELS = ("tumours", "digits")


def main() -> None:
    """Log the models as they lie there; say so, or what is missing for it."""
    try:
        print(tracked())
    except ImportError as error:
        print(f"not tracked in MLflow ({error.name} is not installed), which nothing needs")


def tracked() -> str:
    """Log a run and register its models. Raises `ImportError` where MLflow or its store is not."""
    import mlflow

    mlflow.set_tracking_uri(f"sqlite:///{STORE / 'mlflow.db'}")
    client = mlflow.MlflowClient()
    found = mlflow.get_experiment_by_name("clinic")
    experiment = (
        found.experiment_id
        if found
        else mlflow.create_experiment("clinic", (STORE / "mlflow").as_uri())
    )
    with mlflow.start_run(experiment_id=experiment) as run:
        metrics = json.loads((params.ROOT / "metrics.json").read_text(encoding="utf-8"))
        for name in MODELS:
            chosen = params.load()[name]
            mlflow.log_params({f"{name}.{key}": value for key, value in chosen.items()})
            mlflow.log_metric(f"{name}.accuracy", metrics[name]["accuracy"])
            mlflow.log_artifact(str(params.ROOT / "models" / f"{name}.joblib"), f"{name}/models")
    versions = [_registered(client, name, run) for name in MODELS]
    return f"tracked in MLflow: {', '.join(versions)}"


def _registered(client, name: str, run) -> str:
    if not client.search_registered_models(f"name = '{name}'"):
        client.create_registered_model(name)
    source = f"{run.info.artifact_uri}/{name}"
    version = client.create_model_version(name, source, run_id=run.info.run_id)
    return f"{name} version {version.version}"


if __name__ == "__main__":
    main()
