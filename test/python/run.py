"""Runs cases one by one: a line {"client", "case", "model"} comes in, {"value"} or {"failure"} goes out."""

import importlib
import json
import sys
import traceback

url, tls_url, key = sys.argv[1:]
clients = {}
# What a library prints must not come between the answers.
answers, sys.stdout = sys.stdout, sys.stderr

for line in sys.stdin:
    asked = json.loads(line)
    try:
        name = asked["client"]
        if name not in clients:
            clients[name] = importlib.import_module(f"{name}_client").connect(
                tls_url if name == "bedrock" else url, key
            )
        outcome = {"value": getattr(clients[name], asked["case"])(asked["model"])}
    except Exception:
        outcome = {"failure": traceback.format_exc()}
    answers.write(json.dumps(outcome) + "\n")
    answers.flush()
