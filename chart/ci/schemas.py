"""Writes JSON schemas for kubeconform: of Kubernetes from its OpenAPI document, of others from their CustomResourceDefinitions.

    schemas.py OUT SWAGGER.json CRD.yaml…

A field that a schema does not know is a fault: that is how a slip of indentation is found. Needs PyYAML.
"""
import json
import pathlib
import sys

import yaml

# One CRD has a lone `=` among its values, which the loader takes for a type of its own.
yaml.SafeLoader.add_constructor("tag:yaml.org,2002:value", lambda _, node: node.value)


def closed(schema):
    """The schema with objects that take no field they do not name."""
    if isinstance(schema, list):
        return [closed(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    schema = {key: closed(part) for key, part in schema.items()}
    if schema.pop("x-kubernetes-int-or-string", False) or schema.get("format") == "int-or-string":
        return {"oneOf": [{"type": "string"}, {"type": "integer"}]}
    free = schema.pop("x-kubernetes-preserve-unknown-fields", False)
    if isinstance(schema.get("properties"), dict) and "additionalProperties" not in schema and not free:
        schema["additionalProperties"] = False
    if free:
        # Beside fields that are free there may be none that are named.
        schema.pop("additionalProperties", None)
    return schema


def with_envelope(schema):
    """What every object has, and a resource's own schema need not say."""
    properties = schema.setdefault("properties", {})
    properties.update({"apiVersion": {"type": "string"}, "kind": {"type": "string"}, "metadata": {"type": "object"}})
    return schema


def write(out, kind, group, version, schema):
    # kubeconform asks for Kubernetes' own by the first word of the group.
    group = group.split(".")[0] if out.name == "core" else group
    name = "-".join(part for part in (kind, group, version) if part).lower()
    (out / f"{name}.json").write_text(json.dumps(schema))


def from_openapi(out, swagger):
    definitions = json.loads(pathlib.Path(swagger).read_text())["definitions"]
    for name, definition in definitions.items():
        if name.endswith(".JSONSchemaProps") or name.endswith("util.intstr.IntOrString") or name.endswith("api.resource.Quantity"):
            continue
        definition["additionalProperties"] = definition.get("additionalProperties", False if "properties" in definition else True)
    number = {"oneOf": [{"type": "string"}, {"type": "number"}]}
    definitions["io.k8s.apimachinery.pkg.util.intstr.IntOrString"] = number
    definitions["io.k8s.apimachinery.pkg.api.resource.Quantity"] = number
    text = json.dumps({"definitions": definitions}).replace("#/definitions/", "_definitions.json#/definitions/")
    (out / "_definitions.json").write_text(text)
    for name, definition in definitions.items():
        for gvk in definition.get("x-kubernetes-group-version-kind", []):
            write(out, gvk["kind"], gvk["group"], gvk["version"], {"$ref": f"_definitions.json#/definitions/{name}"})


def from_crd(out, file):
    for document in yaml.safe_load_all(pathlib.Path(file).read_text()):
        if not document or document.get("kind") != "CustomResourceDefinition":
            continue
        spec = document["spec"]
        for version in spec["versions"]:
            schema = with_envelope(version["schema"]["openAPIV3Schema"])
            write(out, spec["names"]["kind"], spec["group"], version["name"], closed(schema))


def main():
    out, swagger, crds = pathlib.Path(sys.argv[1]), sys.argv[2], sys.argv[3:]
    (out / "core").mkdir(parents=True, exist_ok=True)
    (out / "custom").mkdir(parents=True, exist_ok=True)
    from_openapi(out / "core", swagger)
    for crd in crds:
        from_crd(out / "custom", crd)


main()
