"""Reads every expression of the alerts and the dashboards as PromQL. Needs PyYAML and promql-parser."""
import json
import pathlib
import sys

import promql_parser
import yaml

FILES = pathlib.Path(__file__).parent.parent / "files"


def expressions():
    for group in yaml.safe_load((FILES / "rules.yaml").read_text())["groups"]:
        for rule in group["rules"]:
            yield rule["alert"], rule["expr"]
    for file in sorted((FILES / "dashboards").glob("*.json")):
        for panel in json.loads(file.read_text())["panels"]:
            for target in panel.get("targets", []):
                # Grafana's own variables are no PromQL.
                yield panel["title"], target["expr"].replace("$__rate_interval", "5m").replace("$namespace", "n")


def main():
    count = faults = 0
    for name, expression in expressions():
        count += 1
        try:
            promql_parser.parse(expression)
        except ValueError as error:
            faults += 1
            print(f"{name}: {error}: {expression}")
    print(f"{count} expressions, {faults} that cannot be read")
    sys.exit(faults > 0)


main()
