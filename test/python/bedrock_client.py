import base64
import json
import os

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError
from cases import DEGREES, PIXEL, QUESTION, SYSTEM, WEATHER, spoken, tool_turn


def text_of(message):
    return "".join(block.get("text", "") for block in message["content"])


class Client:
    def __init__(self, url, key):
        os.environ["AWS_BEARER_TOKEN_BEDROCK"] = key
        config = Config(retries={"total_max_attempts": 1})
        self.client = boto3.client(
            "bedrock-runtime",
            endpoint_url=url,
            region_name="us-east-1",
            config=config,
            # The test's certificate is its own.
            verify=False,
        )

    def ask(self, model, **more):
        asked = [{"role": "user", "content": [{"text": QUESTION}]}]
        return {"modelId": model, "system": [{"text": SYSTEM}], "messages": asked, **more}

    def chat(self, model):
        answer = self.client.converse(**self.ask(model))
        usage = answer["usage"]
        return spoken(text_of(answer["output"]["message"]), usage["inputTokens"], usage["outputTokens"])

    def stream(self, model):
        text, usage = "", {}
        for event in self.client.converse_stream(**self.ask(model))["stream"]:
            text += event.get("contentBlockDelta", {}).get("delta", {}).get("text", "")
            usage = event.get("metadata", {}).get("usage", usage)
        return spoken(text, usage["inputTokens"], usage["outputTokens"])

    def tools(self, model):
        tool = {"name": "weather", "description": "Weather", "inputSchema": {"json": WEATHER}}
        asked = self.ask(model, toolConfig={"tools": [{"toolSpec": tool}]})
        first = self.client.converse(**asked)["output"]["message"]
        call = next(block["toolUse"] for block in first["content"] if "toolUse" in block)
        result = {"toolUseId": call["toolUseId"], "content": [{"text": "rain"}]}
        asked["messages"] += [first, {"role": "user", "content": [{"toolResult": result}]}]
        second = self.client.converse(**asked)["output"]["message"]
        return tool_turn(call["name"], call["input"], text_of(second))

    def image(self, model):
        picture = {"format": "png", "source": {"bytes": base64.b64decode(PIXEL)}}
        content = [{"text": "What is this?"}, {"image": picture}]
        self.client.converse(modelId=model, messages=[{"role": "user", "content": content}])

    def structured(self, model):
        schema = {"name": "degrees", "schema": json.dumps(DEGREES)}
        wanted = {"textFormat": {"type": "json_schema", "structure": {"jsonSchema": schema}}}
        answer = self.client.converse(**self.ask(model, outputConfig=wanted))
        return json.loads(text_of(answer["output"]["message"]))

    def error(self, model):
        try:
            self.client.converse(**self.ask(model))
        except ClientError as error:
            return error.response["ResponseMetadata"]["HTTPStatusCode"]

    def abort(self, model):
        stream = self.client.converse_stream(**self.ask(model))["stream"]
        next(iter(stream))
        stream.close()


connect = Client
