from cases import DEGREES, PIXEL, QUESTION, SYSTEM, WEATHER, spoken, tool_turn
from google import genai
from google.genai import errors, types
import base64
import json


class Client:
    def __init__(self, url, key):
        options = types.HttpOptions(base_url=url)
        # Kept: the client closes its connections when nobody holds it any more.
        self.client = genai.Client(api_key=key, vertexai=False, http_options=options)
        self.models = self.client.models

    def config(self, **more):
        return types.GenerateContentConfig(system_instruction=SYSTEM, **more)

    def chat(self, model):
        answer = self.models.generate_content(model=model, contents=QUESTION, config=self.config())
        usage = answer.usage_metadata
        return spoken(answer.text, usage.prompt_token_count, usage.candidates_token_count)

    def stream(self, model):
        text, usage = "", None
        stream = self.models.generate_content_stream(model=model, contents=QUESTION, config=self.config())
        for chunk in stream:
            text += chunk.text or ""
            usage = chunk.usage_metadata or usage
        return spoken(text, usage.prompt_token_count, usage.candidates_token_count)

    def tools(self, model):
        declared = types.FunctionDeclaration(
            name="weather", description="The weather of a city", parameters_json_schema=WEATHER
        )
        config = self.config(tools=[types.Tool(function_declarations=[declared])])
        asked = types.Content(role="user", parts=[types.Part(text=QUESTION)])
        first = self.models.generate_content(model=model, contents=[asked], config=config)
        call = first.function_calls[0]
        result = types.Part.from_function_response(name=call.name, response={"result": "rain"})
        result.function_response.id = call.id
        contents = [asked, first.candidates[0].content, types.Content(role="user", parts=[result])]
        second = self.models.generate_content(model=model, contents=contents, config=config)
        return tool_turn(call.name, call.args, second.text)

    def image(self, model):
        picture = types.Part.from_bytes(data=base64.b64decode(PIXEL), mime_type="image/png")
        self.models.generate_content(model=model, contents=["What is this?", picture])

    def structured(self, model):
        config = self.config(response_mime_type="application/json", response_json_schema=DEGREES)
        answer = self.models.generate_content(model=model, contents=QUESTION, config=config)
        return json.loads(answer.text)

    def error(self, model):
        try:
            self.models.generate_content(model=model, contents=QUESTION)
        except errors.APIError as error:
            return error.code

    def abort(self, model):
        stream = self.models.generate_content_stream(model=model, contents=QUESTION)
        next(stream)
        stream.close()


connect = Client
