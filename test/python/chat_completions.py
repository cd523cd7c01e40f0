"""The cases in OpenAI's words, for the libraries that take these: `create` is the one function that differs."""

import json

from cases import MESSAGES, PICTURE, RESPONSE_FORMAT, TOOL, spoken, tool_turn


class ChatCompletions:
    def __init__(self, create, api_error):
        self.create = create
        self.api_error = api_error

    def chat(self, model):
        answer = self.create(model=model, messages=MESSAGES)
        usage = answer.usage
        return spoken(answer.choices[0].message.content, usage.prompt_tokens, usage.completion_tokens)

    def stream(self, model):
        text, usage = "", None
        options = {"include_usage": True}
        for chunk in self.create(model=model, messages=MESSAGES, stream=True, stream_options=options):
            if chunk.choices:
                text += chunk.choices[0].delta.content or ""
            usage = getattr(chunk, "usage", None) or usage
        return spoken(text, usage.prompt_tokens, usage.completion_tokens)

    def tools(self, model):
        first = self.create(model=model, messages=MESSAGES, tools=[TOOL]).choices[0].message
        call = first.tool_calls[0]
        result = {"role": "tool", "tool_call_id": call.id, "content": "rain"}
        second = self.create(model=model, messages=[*MESSAGES, first, result], tools=[TOOL])
        arguments = json.loads(call.function.arguments)
        return tool_turn(call.function.name, arguments, second.choices[0].message.content)

    def image(self, model):
        self.create(model=model, messages=PICTURE)

    def structured(self, model):
        answer = self.create(model=model, messages=MESSAGES, response_format=RESPONSE_FORMAT)
        return json.loads(answer.choices[0].message.content)

    def error(self, model):
        try:
            self.create(model=model, messages=MESSAGES)
        except self.api_error as error:
            return error.status_code

    def abort(self, model):
        stream = self.create(model=model, messages=MESSAGES, stream=True)
        next(iter(stream))
        close = getattr(stream, "close", None) or stream.completion_stream.close
        close()
