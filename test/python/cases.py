"""What every client is asked: the same question, tool, picture and schema."""

SYSTEM = "Be brief."
QUESTION = "Hi, how is the weather?"
PIXEL = (
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
DATA_URL = f"data:image/png;base64,{PIXEL}"
WEATHER = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
DEGREES = {
    "type": "object",
    "properties": {"degrees": {"type": "number"}},
    "required": ["degrees"],
    "additionalProperties": False,
}
# As OpenAI wrote it first and others took it over.
MESSAGES = [{"role": "system", "content": SYSTEM}, {"role": "user", "content": QUESTION}]
TOOL = {
    "type": "function",
    "function": {"name": "weather", "description": "The weather of a city", "parameters": WEATHER},
}
PICTURE = [
    {
        "role": "user",
        "content": [
            {"type": "text", "text": "What is this?"},
            {"type": "image_url", "image_url": {"url": DATA_URL}},
        ],
    }
]
RESPONSE_FORMAT = {
    "type": "json_schema",
    "json_schema": {"name": "degrees", "strict": True, "schema": DEGREES},
}


def spoken(text, input, output):
    return {"text": text, "input": input, "output": output}


def tool_turn(name, arguments, text):
    return {"name": name, "arguments": arguments, "text": text}
