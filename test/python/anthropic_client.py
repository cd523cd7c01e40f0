import json

from anthropic import Anthropic, APIStatusError
from cases import DEGREES, PIXEL, QUESTION, SYSTEM, WEATHER, spoken, tool_turn


def text_of(message):
    return "".join(block.text for block in message.content if block.type == "text")


class Client:
    def __init__(self, url, key):
        self.messages = Anthropic(base_url=url, api_key=key, max_retries=0).messages

    def ask(self, model, **more):
        asked = [{"role": "user", "content": QUESTION}]
        return {"model": model, "max_tokens": 300, "system": SYSTEM, "messages": asked, **more}

    def chat(self, model):
        message = self.messages.create(**self.ask(model))
        return spoken(text_of(message), message.usage.input_tokens, message.usage.output_tokens)

    def stream(self, model):
        with self.messages.stream(**self.ask(model)) as stream:
            message = stream.get_final_message()
        return spoken(text_of(message), message.usage.input_tokens, message.usage.output_tokens)

    def tools(self, model):
        tools = [{"name": "weather", "description": "The weather of a city", "input_schema": WEATHER}]
        asked = self.ask(model, tools=tools)
        first = self.messages.create(**asked)
        call = next(block for block in first.content if block.type == "tool_use")
        result = {"type": "tool_result", "tool_use_id": call.id, "content": "rain"}
        asked["messages"] += [
            {"role": "assistant", "content": first.content},
            {"role": "user", "content": [result]},
        ]
        return tool_turn(call.name, call.input, text_of(self.messages.create(**asked)))

    def image(self, model):
        source = {"type": "base64", "media_type": "image/png", "data": PIXEL}
        content = [{"type": "text", "text": "What is this?"}, {"type": "image", "source": source}]
        self.messages.create(**self.ask(model, messages=[{"role": "user", "content": content}]))

    def structured(self, model):
        wanted = {"format": {"type": "json_schema", "schema": DEGREES}}
        return json.loads(text_of(self.messages.create(**self.ask(model, output_config=wanted))))

    def error(self, model):
        try:
            self.messages.create(**self.ask(model))
        except APIStatusError as error:
            return error.status_code

    def abort(self, model):
        with self.messages.create(**self.ask(model, stream=True)) as stream:
            next(iter(stream))


connect = Client
