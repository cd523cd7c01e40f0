import json

from cases import DEGREES, MESSAGES, PICTURE, TOOL, spoken, tool_turn
from cohere import ClientV2
from cohere.core.api_error import ApiError


def text_of(message):
    return "".join(part.text for part in message.content or [] if part.type == "text")


class Client:
    def __init__(self, url, key):
        self.client = ClientV2(api_key=key, base_url=url)
        self.once = {"max_retries": 0}

    def create(self, model, messages=MESSAGES, **more):
        return self.client.chat(model=model, messages=messages, request_options=self.once, **more)

    def chat(self, model):
        answer = self.create(model)
        billed = answer.usage.billed_units
        return spoken(text_of(answer.message), int(billed.input_tokens), int(billed.output_tokens))

    def stream(self, model):
        text, billed = "", None
        for event in self.client.chat_stream(model=model, messages=MESSAGES):
            if event.type == "content-delta":
                text += event.delta.message.content.text or ""
            if event.type == "message-end":
                billed = event.delta.usage.billed_units
        return spoken(text, int(billed.input_tokens), int(billed.output_tokens))

    def tools(self, model):
        first = self.create(model, tools=[TOOL]).message
        call = first.tool_calls[0]
        said = {"role": "assistant", "tool_calls": first.tool_calls}
        result = {"role": "tool", "tool_call_id": call.id, "content": "rain"}
        second = self.create(model, [*MESSAGES, said, result], tools=[TOOL]).message
        return tool_turn(call.function.name, json.loads(call.function.arguments), text_of(second))

    def image(self, model):
        self.create(model, PICTURE)

    def structured(self, model):
        wanted = {"type": "json_object", "schema": DEGREES}
        return json.loads(text_of(self.create(model, response_format=wanted).message))

    def error(self, model):
        try:
            self.create(model)
        except ApiError as error:
            return error.status_code

    def abort(self, model):
        stream = self.client.chat_stream(model=model, messages=MESSAGES)
        next(stream)
        stream.close()


connect = Client
