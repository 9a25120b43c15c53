"""The speaker that asks a language model: any server with OpenAI's `/chat/completions`, such as Ollama or llama.cpp.

Tools are not handed on: the platform's request names them without saying what they take. Calls that the model makes on
its own account are passed back.
"""

import json
from collections.abc import AsyncIterator
from typing import Any, Final

import httpx

from app.standins.platform.speaking import Ask, Call, Piece, SpeakerFailed, Thought

_THOUGHT_FIELDS: Final = ("reasoning_content", "reasoning")
"""Where servers put the model's thinking: the first is DeepSeek's and llama.cpp's, the second Ollama's."""


class ModelVoice:
    def __init__(self, url: str, key: str, model: str) -> None:
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        timeout = httpx.Timeout(120, connect=5)
        limits = httpx.Limits(max_connections=None, max_keepalive_connections=32)
        self._http = httpx.AsyncClient(headers=headers, timeout=timeout, limits=limits, trust_env=False)
        self._url = url.rstrip("/")
        self.name = model

    async def speak(self, ask: Ask) -> AsyncIterator[Piece]:
        body = {
            "model": self.name,
            "stream": True,
            "messages": [{"role": message.role, "content": message.content} for message in ask.messages],
        }
        calls: dict[int, dict[str, str]] = {}
        try:
            async with self._http.stream("POST", f"{self._url}/chat/completions", json=body) as answer:
                if answer.status_code != 200:
                    raise SpeakerFailed(answer.status_code, f"The model's server answered {answer.status_code}.")
                finished = False
                async for line in answer.aiter_lines():
                    data = line.removeprefix("data:").strip()
                    if not line.startswith("data:") or not data:
                        continue
                    if finished := data == "[DONE]":
                        break
                    for piece in _pieces(data, calls):
                        yield piece
                if not finished:
                    raise SpeakerFailed(502, "The model's answer broke off.")
        except httpx.HTTPError as error:
            raise SpeakerFailed(503, f"The model's server can't be reached: {type(error).__name__}.") from error
        for index in sorted(calls):
            yield Call(**calls[index])

    async def healthy(self) -> bool:
        try:
            return (await self._http.get(f"{self._url}/models", timeout=2)).is_success
        except httpx.HTTPError:
            return False

    async def close(self) -> None:
        await self._http.aclose()


def _pieces(data: str, calls: dict[int, dict[str, str]]) -> list[Piece]:
    """What one chunk adds; calls, which come in parts, are gathered in `calls` by index."""
    try:
        chunk = json.loads(data)
        if "error" in chunk:
            raise SpeakerFailed(502, "The model's server reported an error midway.")
        choices = chunk.get("choices") or []
        delta: dict[str, Any] = (choices[0].get("delta") or {}) if choices else {}
        # Some servers fill both with the same text.
        thought = next((delta[name] for name in _THOUGHT_FIELDS if delta.get(name)), None)
        pieces: list[Piece] = [] if thought is None else [Thought(str(thought))]
        if delta.get("content"):
            pieces.append(str(delta["content"]))
        for part in delta.get("tool_calls") or []:
            call = calls.setdefault(part.get("index", 0), {"id": "", "name": "", "arguments": ""})
            function = part.get("function") or {}
            call["id"] = call["id"] or part.get("id") or ""
            call["name"] += function.get("name") or ""
            call["arguments"] += function.get("arguments") or ""
    except (ValueError, KeyError, TypeError, AttributeError, IndexError) as error:
        raise SpeakerFailed(502, "The model's server sent what is not a chat completion chunk.") from error
    return pieces
