"""Holds a record of the simulator's answers against published schemas: Graph's OpenAPI description, EWS's schema files.

    contracts.py RECORD FOLDER

FOLDER holds graph-subset.openapi.json and ews/messages.xsd. Every answer is looked at; names the schema does not know,
wrong types and unknown words of an enumeration are errors.
"""

import collections
import json
import re
import sys
from urllib.parse import unquote

from jsonschema import Draft202012Validator
from lxml import etree

RECORD, FOLDER = sys.argv[1:]
MESSAGES = "http://schemas.microsoft.com/exchange/services/2006/messages"
SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
failures, checked = [], collections.Counter()


def strict(schema):
    """OpenAPI 3.0 to JSON Schema: `nullable` becomes a type, unknown properties become errors."""
    if isinstance(schema, list):
        return [strict(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    changed = {key: strict(value) for key, value in schema.items() if key not in ("example", "nullable", "discriminator")}
    if "properties" in changed and schema.get("type") == "object":
        changed.setdefault("additionalProperties", False)
        changed["patternProperties"] = {"@(odata|microsoft)": {}}
    if schema.get("nullable"):
        return {"anyOf": [changed, {"type": "null"}]}
    return changed


with open(f"{FOLDER}/graph-subset.openapi.json", encoding="utf-8") as file:
    api = json.load(file)
components = {"components": {"schemas": strict(api["components"]["schemas"])}}
# The error object is open where the service says so.
components["components"]["schemas"]["error"] = api["components"]["schemas"]["error"]


def templates():
    for path, item in api["paths"].items():
        pattern = re.escape(path).replace(r"\$", "$")
        pattern = re.sub(r"\\\{[a-z_0-9]+\\\}", "[^/]+", pattern)
        yield re.compile(f"^{pattern}$".replace("$batch", r"\$batch"), re.IGNORECASE), item


PATHS = sorted(templates(), key=lambda entry: entry[0].pattern.count("[^/]+"))


def schema_of(path, method):
    for pattern, item in PATHS:
        if pattern.match(path) and method.lower() in item:
            responses = item[method.lower()]["responses"]
            found = responses.get("200") or responses.get("2XX")
            content = (found or {}).get("content", {}).get("application/json")
            return content and content["schema"]
    return None


def complain(where, what):
    failures.append(f"{where}: {what}")


def graph(method, target, status, body, listed):
    path = unquote(target.split("?")[0])
    path = re.sub(r"/users\('([^']+)'\)", r"/users/\1", path).replace("deletedItems/graph.user", "deletedItems/microsoft.graph.user")
    where = f"{method} {path} -> {status}"
    if status >= 400:
        checked["graph error"] += 1
        schema = {"$ref": "#/components/schemas/error"}
    else:
        schema = schema_of(path, method)
        if schema is None:
            checked[f"graph, not described: {re.sub(r'/users/[^/]+', '/users/{id}', path)}"] += 1
            return
        checked["graph"] += 1
    for error in Draft202012Validator({**strict(schema), **components}).iter_errors(body):
        for leaf in sorted(error.context or [error], key=lambda found: -len(found.absolute_path))[:1]:
            complain(where, f"{'/'.join(map(str, leaf.absolute_path))}: {leaf.message[:300]}")
    if path.endswith("/$batch") and status == 200:
        requests = {item["id"]: item for item in listed["requests"]}
        for item in body["responses"]:
            asked = requests[item["id"]]
            graph(asked["method"], "/v1.0/" + asked["url"].lstrip("/"), item["status"], item["body"], None)


def ews_schema():
    parser = etree.XMLParser(no_network=True)
    return etree.XMLSchema(etree.parse(f"{FOLDER}/ews/messages.xsd", parser))


def ews(schema, body, status):
    tree = etree.fromstring(body.encode())
    for element in tree.findall(f"{{{SOAP}}}Body/*"):
        if element.tag == f"{{{SOAP}}}Fault":
            checked["ews fault"] += 1
            code = element.findtext("detail/{http://schemas.microsoft.com/exchange/services/2006/errors}ResponseCode")
            probe = f'<m:GetFolderResponse xmlns:m="{MESSAGES}"><m:ResponseMessages><m:GetFolderResponseMessage ResponseClass="Error"><m:ResponseCode>{code}</m:ResponseCode></m:GetFolderResponseMessage></m:ResponseMessages></m:GetFolderResponse>'
            element = etree.fromstring(probe)
        else:
            checked["ews"] += 1
        if not schema.validate(etree.fromstring(etree.tostring(element))):
            complain(f"EWS {status} {etree.QName(element).localname}", str(schema.error_log.last_error)[:300])


def main():
    schema = ews_schema()
    with open(RECORD, encoding="utf-8") as lines:
        for line in map(json.loads, lines):
            if line["service"] == "graph" and line["content_type"].startswith("application/json"):
                batch = json.loads(line["request"]) if line["request"] else None
                graph(line["method"], line["target"], line["status"], json.loads(line["body"]), batch)
            elif line["service"] == "autodiscover" and line["body"].startswith("<"):
                # No schema is published with the description; well-formed is what can be asked.
                etree.fromstring(line["body"].encode())
                checked["autodiscover"] += 1
            elif line["service"] == "ews" and "\u0001" in line["body"]:
                checked["ews, garbage on purpose"] += 1
            elif line["service"] == "ews" and line["body"].startswith("<"):
                ews(schema, line["body"], line["status"])
    for what, count in sorted(checked.items()):
        print(f"{count:6} {what}")
    for failure in sorted(set(failures))[:40]:
        print("FAILED", failure)
    if failures or not (checked["graph"] or checked["ews"] or checked["autodiscover"]):
        sys.exit(f"{len(failures)} answers do not follow the contracts" if failures else "nothing to check")


main()
