import json

from cases import DEGREES, MESSAGES, PIXEL, TOOL, spoken, tool_turn
from ollama import Client as Ollama
from ollama import ResponseError


class Client:
    def __init__(self, url, key):
        self.client = Ollama(host=url, headers={"Authorization": f"Bearer {key}"})

    def chat(self, model):
        answer = self.client.chat(model=model, messages=MESSAGES)
        return spoken(answer.message.content, answer.prompt_eval_count, answer.eval_count)

    def stream(self, model):
        text, last = "", None
        for last in self.client.chat(model=model, messages=MESSAGES, stream=True):
            text += last.message.content or ""
        return spoken(text, last.prompt_eval_count, last.eval_count)

    def tools(self, model):
        first = self.client.chat(model=model, messages=MESSAGES, tools=[TOOL]).message
        call = first.tool_calls[0].function
        result = {"role": "tool", "tool_name": call.name, "content": "rain"}
        second = self.client.chat(model=model, messages=[*MESSAGES, first, result], tools=[TOOL])
        return tool_turn(call.name, dict(call.arguments), second.message.content)

    def image(self, model):
        shown = {"role": "user", "content": "What is this?", "images": [PIXEL]}
        self.client.chat(model=model, messages=[shown])

    def structured(self, model):
        return json.loads(self.client.chat(model=model, messages=MESSAGES, format=DEGREES).message.content)

    def error(self, model):
        try:
            self.client.chat(model=model, messages=MESSAGES)
        except ResponseError as error:
            return error.status_code

    def abort(self, model):
        stream = self.client.chat(model=model, messages=MESSAGES, stream=True)
        next(stream)
        stream.close()


connect = Client
